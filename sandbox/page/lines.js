// The telephones that the product calls: whose rings and for whom, answering, declining, the mailbox; keys and words while one talks.

import { agentOfCall, answer, callsOut, decline, hangUp, hasKeys, inRoom, keypad, lasted, line, lines, mailbox, nameAt, ringing, speakForm, talking, typedKeys, whereabouts } from "./calls.js";
import { h } from "./dom.js";
import { nameOf } from "./people.js";
import { draw, offersTo, s, ui } from "./state.js";

const LAST = 4;

/** Whether any phone rings. */
export const anyRings = () => s.calls.some((c) => ringing(c) && c.direction !== "inbound");

// Whom an agent is called for: the call offered to them, else the one that they have.
function forWhom(agent) {
  const mine = agent ? [...offersTo(agent.slack), ...s.contacts.filter((c) => c.owner?.slack === agent.slack)] : [];
  const contact = mine.find((c) => c.channel === "voice");
  return contact ? `for ${[nameOf(contact), contact.service].filter(Boolean).join(" · ")}` : "";
}

async function pickUp(call) {
  ui.phone = call.sid;
  await answer(call);
  focusKeys(call.sid);
}

// The keys are there once the news has come that the phone was answered.
function focusKeys(sid, tries = 30) {
  const key = document.querySelector(`[data-phone="${sid}"] .key`);
  if (key) key.focus();
  else if (tries > 0) setTimeout(() => focusKeys(sid, tries - 1), 80);
}

function buttons(call, name) {
  const button = (label, does, style) => h("button", { key: label, class: `small ${style}`, "aria-label": `${label}: ${name}'s phone`, onclick: does }, label);
  if (ringing(call)) {
    return [button("Answer", () => pickUp(call), "primary"), button("Decline", () => decline(call), "quiet"), button("Mailbox", () => mailbox(call), "quiet")];
  }
  if (!talking(call)) return null;
  const open = ui.phone === call.sid;
  return [call.machine ? null : h("button", { key: "keys", class: "small quiet", "aria-expanded": String(open), "aria-label": `Keys and words: ${name}'s phone`, onclick: () => { ui.phone = open ? "" : call.sid; draw(); } }, open ? "Fold" : "Open"),
    button("Hang up", () => hangUp(call), "danger-quiet")];
}

function body(call, name) {
  const open = ui.phone === call.sid && !call.machine;
  const heard = lines(call).filter((it) => open || it.kind === "say" || it.kind === "said").slice(open ? -40 : -1);
  return [h("div", { class: `line-heard ${open ? "open" : ""}`, key: "heard", "data-stick": open ? "line" : null, role: "log", tabindex: open ? "0" : null, "aria-label": `What ${name} hears` },
    heard.slice(open ? -LAST * 10 : -1).map((it) => line(it, name))),
  open && hasKeys(call) ? keypad(call, `Keys of ${name}'s phone`) : null, open ? speakForm(call, `words-${call.sid}`, `Words of ${name}`) : null];
}

function oneLine(call) {
  const agent = agentOfCall(call);
  const name = nameAt(call.to);
  const rings = ringing(call);
  return h("li", { key: call.sid, "data-phone": call.sid, class: `line ${rings ? "rings" : ""} ${call.on_hold ? "hold" : ""}`, onkeydown: typedKeys(call) },
    h("div", { class: "line-head" },
      h("svg", { viewBox: "0 0 20 20", class: "line-icon", "aria-hidden": "true" }, h("path", { d: "M5 3h2.6l1.3 3.6L7.2 8a10 10 0 0 0 4.8 4.8l1.4-1.7 3.6 1.3V15a2 2 0 0 1-2.2 2A13.5 13.5 0 0 1 3 5.2A2 2 0 0 1 5 3Z" })),
      h("span", { class: "line-who" }, h("b", null, rings ? `${name}'s phone rings` : name), h("span", { class: "line-about" }, [rings ? null : whereabouts(call), inRoom(call) ? null : forWhom(agent), talking(call) ? lasted(call) : null].filter(Boolean).join(" · "))),
      h("span", { class: "line-buttons" }, buttons(call, name))),
    talking(call) ? body(call, name) : null);
}

/** All telephones that ring or are in use because the product called them. */
export function phoneLines() {
  const calls = callsOut();
  if (!calls.length) return null;
  return h("section", { id: "lines", key: "lines", class: "lines", "aria-label": "Phones that ring or are in use", tabindex: "-1" }, h("ul", null, calls.map(oneLine)));
}
