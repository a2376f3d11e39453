// What all telephones of the stage share: who and where, what is heard, the keys, the words, the end of a call.

import { act } from "./api.js";
import { announce, h } from "./dom.js";
import { refresh } from "./reading.js";
import { customerOf, draw, s } from "./state.js";
import { at, now, span } from "./time.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const KEY_NAMES = { "*": "star", "#": "hash" };
const HEARD = { play: "♪ music", beep: "beep", ring: "it rings", silence: "silence" };
const SHOWN = 120;

/** The number of whoever holds this phone: the caller's, or the one that was called. */
export const holder = (call) => (call.direction === "inbound" ? call.from : call.to);
const agentAt = (number) => s.people.find((p) => p.phone === number);
/** What a number is called: an agent's or a customer's name, else itself. */
export const nameAt = (number) => agentAt(number)?.name ?? customerOf(number)?.name ?? number;
/** The agent on whose phone this call is, or nothing. */
export const agentOfCall = (call) => (call.direction === "inbound" ? undefined : agentAt(call.to));
export const talking = (call) => call.status === "in-progress";
export const ringing = (call) => call.where === "ringing";
/** Calls that the product makes, those that ring first: to agents, and to customers who asked to be called back. */
export const callsOut = () => s.calls.filter((c) => c.direction !== "inbound").sort((a, b) => Number(talking(a)) - Number(talking(b)));
export const inRoom = (call) => call.where?.startsWith("conference:");
const others = (call) => (inRoom(call) ? s.calls.filter((c) => c.where === call.where && c.sid !== call.sid) : []);
const seat = (call) => nameAt(holder(call)) + (call.on_hold ? " (on hold)" : call.muted ? " (muted)" : "");

const ENDS = { completed: "The call is over", busy: "Busy", failed: "The call failed", "no-answer": "Nobody answered", canceled: "Given up" };
/** Where a call is, in a few words. */
export function whereabouts(call) {
  if (call.where === "ended") return ENDS[call.status] ?? "The call is over";
  if (!talking(call)) return call.direction === "inbound" ? "Calling…" : ringing(call) ? "Ringing" : "Dialling…";
  if (call.machine) return "The mailbox answered";
  if (call.on_hold) return "On hold";
  if (inRoom(call)) return others(call).length ? `In a conference with ${others(call).map(seat).join(", ")}` : "Alone in the conference";
  return { menu: "Asked for a key or a word", waiting: "Waiting in the queue", voicemail: "The beep has sounded: leave a message" }[call.where] ?? "Listening";
}

/** How long a call has lasted so far. */
export const lasted = (call) => span((call.where === "ended" ? (call.duration ?? 0) * 1000 : now() - at(call.at)));

// ---- what is heard ---------------------------------------------------------------------------------------------

const spoken = new Map(); // by call: what was said and pressed on this page, which the call doesn't repeat to its speaker

function remember(call, kind, text) {
  const lines = spoken.get(call.sid) ?? [];
  lines.push({ at: new Date(now()).toISOString(), kind, text });
  spoken.set(call.sid, lines);
  if (spoken.size > 60) spoken.delete(spoken.keys().next().value);
}

/** What was heard and said, in order; sounds that follow one another are one line with a count. */
export function lines(call) {
  const all = [...(call.heard ?? []).map((it, i) => ({ ...it, id: `h${i}` })), ...(spoken.get(call.sid) ?? []).map((it, i) => ({ ...it, id: `s${i}` }))];
  all.sort((a, b) => at(a.at) - at(b.at));
  const out = [];
  for (const it of all) {
    const last = out.at(-1);
    if (last && it.kind in HEARD && last.kind === it.kind && last.text === it.text) last.times += 1;
    else out.push({ ...it, times: 1 });
  }
  return out.slice(-SHOWN);
}

const sound = (it) => (it.kind === "beep" && it.text ? `tones ${it.text}` : HEARD[it.kind] ?? it.kind) + (it.times > 1 ? ` × ${it.times}` : "");

/** One line of a call as it is shown. */
export function line(it, me) {
  if (it.kind === "say" || it.kind === "said") {
    const mine = it.kind === "said";
    return h("div", { key: it.id, class: `bubble ${mine ? "mine" : "theirs"}` }, h("span", { class: "bubble-who" }, mine ? me : it.of ? it.of : "Recorded voice"), h("span", { class: "bubble-text", dir: "auto" }, it.text));
  }
  return h("div", { key: it.id, class: `call-sound of-${it.kind}` }, it.kind === "key" ? it.text : sound(it));
}

let known = new Map();
/** Says aloud what was newly heard on the chosen customer's phone, and whose phone rings. */
export function hearCalls() {
  const before = known;
  known = new Map(s.calls.map((c) => [c.sid, { rang: ringing(c), heard: (c.heard ?? []).length }]));
  for (const call of s.calls) {
    const was = before.get(call.sid);
    if (call.direction !== "inbound" && ringing(call) && !was?.rang) announce(`${nameAt(call.to)}'s phone rings`);
    if (holder(call) !== s.phone.me || !was) continue;
    for (const it of (call.heard ?? []).slice(was.heard)) if (it.kind === "say") announce(`Phone: ${it.text}`);
  }
}

// ---- what a phone does -----------------------------------------------------------------------------------------

async function does(call, what, body = {}) {
  const done = await act(`/calls/${call.sid}/${what}`, body);
  refresh("calls", "contacts", "agents");
  return done;
}

// Keys go where they are asked for; in a conference nobody asks, so the keypad goes and the words get the focus.
function afterKey(call, tries = 25) {
  const phone = document.querySelector(`[data-phone="${call.sid}"]`);
  if (!phone?.contains(document.activeElement) || document.activeElement.matches("textarea")) return;
  if (!phone.querySelector(".key")) phone.querySelector("textarea")?.focus();
  else if (tries > 0) setTimeout(() => afterKey(call, tries - 1), 80);
}

export async function press(call, key) {
  const done = await does(call, "press", { digits: key });
  if (!done) return;
  afterKey(call);
  remember(call, "key", done.taken ? `pressed ${key}` : `pressed ${key}: nobody listens for keys now`);
  announce(done.taken ? `Pressed ${KEY_NAMES[key] ?? key}` : `Pressed ${KEY_NAMES[key] ?? key}, nobody listens for keys now`);
  draw();
}

async function speak(event, call) {
  event.preventDefault();
  const box = event.target.elements.words;
  const text = box.value.trim();
  if (!text) return;
  const done = await does(call, call.where === "voicemail" ? "record" : "speak", { text });
  if (done) {
    remember(call, "said", done.taken === false ? `${text} (nobody hears it)` : text);
    if (box.value.trim() === text) box.value = "";
    draw();
  }
  box.focus();
}

export const answer = (call) => does(call, "answer");
export const decline = (call) => does(call, "busy");
export const mailbox = (call) => does(call, "machine");
export const hangUp = (call) => does(call, "hangup");

/** Whether keys can be pressed: somebody talks, and neither a recording nor a conference has the line. */
export const hasKeys = (call) => talking(call) && !call.machine && call.where !== "voicemail" && !inRoom(call);

/** Keys typed anywhere on a telephone, outside its fields, are keys of that telephone. */
export const typedKeys = (call) => (event) => {
  if (!hasKeys(call) || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select") || !KEYS.includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  press(call, event.key);
};

export function keypad(call, label) {
  return h("div", { class: "keypad", role: "group", "aria-label": label, "data-rove": "both" },
    KEYS.map((key) => h("button", { type: "button", key, class: "key", "data-item": true, "data-key": key, "aria-label": KEY_NAMES[key] ?? null, onclick: () => press(call, key) }, key)));
}

export function speakForm(call, id, label) {
  const leaving = call.where === "voicemail";
  return h("form", { class: "compose", onsubmit: (e) => speak(e, call) }, h("label", { class: "sr", for: id }, label),
    h("textarea", { id, name: "words", rows: "1", maxlength: "5000", autocomplete: "off", placeholder: leaving ? "Your whole message" : "Say something",
      onkeydown: (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); e.target.form.requestSubmit(); } } }),
    h("button", { class: "send", "aria-label": leaving ? "Leave the message" : "Say it" }, h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: "M10 13a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v4a3 3 0 0 0 3 3Zm-5.5-3a5.5 5.5 0 0 0 11 0M10 15.5V18" }))));
}
