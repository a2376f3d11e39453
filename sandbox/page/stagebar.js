// The stage's own controls: time, trouble, the wire, and what saves typing when showing it around.

import { act } from "./api.js";
import { confirm } from "./dialogs.js";
import { announce, h } from "./dom.js";
import { read, refresh } from "./reading.js";
import { draw, s, ui } from "./state.js";
import { day, fromField, full, hms, moved, nextWeekday, now, toField, zoneName } from "./time.js";
import { toast } from "./toast.js";

/** Runs `work` with its button marked busy; a second press meanwhile does nothing. */
async function busy(name, work) {
  if (ui.busy.has(name)) return;
  ui.busy.add(name);
  draw();
  try { await work(); } finally { ui.busy.delete(name); draw(); }
}

const button = (name, label, work, kind = "quiet") => h("button", { key: name, class: `${kind} ${ui.busy.has(name) ? "busy" : ""}`, "aria-busy": String(ui.busy.has(name)), "data-do": name, onclick: () => busy(name, work) }, label);

async function callAll() {
  const agents = s.people.filter((p) => p.tier || s.agents.some((a) => a.slack === p.slack));
  const answers = await Promise.all(agents.map((p) => act("/slack/command", { user: p.slack, channel: p.dm, command: "/tierline", text: "available" })));
  const done = answers.filter(Boolean).length;
  refresh();
  if (done) toast(`${done} of ${agents.length} asked to be available.`, "Whoever is off shift is asked “until when?” first.");
}

/** Every agent types `/tierline available`. */
export const everybody = () => busy("everybody", callAll);

async function crowd() {
  const to = s.phone.to;
  let sent = 0;
  for (let i = 0; i < 50; i += 10) {
    const some = Array.from({ length: 10 }, (_, k) => act("/sms", { from: `+49151200000${String(i + k).padStart(2, "0")}`, to, text: CROWD[(i + k) % CROWD.length] }));
    sent += (await Promise.all(some)).filter(Boolean).length;
  }
  refresh();
  announce(`${sent} texts sent`);
}

const CROWD = ["My server is down", "The shop is offline since five minutes", "Website down, customers are calling us", "Server offline, bitte melden",
  "Our mail server is down", "Everything is down!", "Database offline?", "API down, error 502", "Unser Shop ist offline", "Is there an outage? Our site is down"];

async function travel(body) {
  const answer = await act("/clock", body);
  if (!answer) return;
  await read("state");
  refresh();
  const fired = answer.fired ?? 0;
  toast(`It is ${full(answer.time)}.`, `${fired} due ${fired === 1 ? "transition" : "transitions"} fired on the way.`);
}

async function faults(change, clear = false) {
  const wanted = clear ? {} : prune({ ...s.faults, ...change });
  if (await act("/faults", wanted)) {
    s.faults = wanted;
    announce(clear ? "All trouble cleared" : "Trouble set");
  }
  refresh();
}

// Absent means "as usual": an empty part, or receipts that come by themselves, needs no word.
const prune = (all) => Object.fromEntries(Object.entries(all).filter(([, v]) => (typeof v === "object" ? Object.keys(v).length : v && v !== "auto")));

async function reset() {
  const sure = await confirm({ title: "Empty the stage?", text: "All contacts, texts and messages of this sandbox go; the plan is published anew and the clock returns to real time.", confirm: "Empty it", style: "danger" });
  if (!sure || !(await act("/reset", {}))) return;
  Object.assign(s, { faults: {}, wire: [] });
  ui.guideDone.clear();
  Object.assign(s.slack, { thread: "", messages: [], views: [], answers: [] });
  refresh();
}

export function timePanel() {
  return h("div", { class: "panel-part", key: "time" }, h("h3", null, "Time travel"),
    h("p", { class: "big-time" }, h("b", null, hms(now())), h("span", null, `${day(now())} · ${zoneName()}${moved() ? " · moved" : ""}`)),
    h("div", { class: "row wrap" }, button("t10", "+10 min", () => travel({ advance: "10m" })), button("t60", "+1 h", () => travel({ advance: "1h" })),
      button("tsat", "To Saturday 03:00", () => travel({ at: nextWeekday(6, 3) })), button("tmon", "To Monday 08:00", () => travel({ at: nextWeekday(1, 8) }))),
    h("form", { class: "row", onsubmit: (e) => { e.preventDefault(); const { value } = e.target.elements.at; if (value) busy("tat", () => travel({ at: fromField(value) })); } },
      h("label", { class: "grow" }, h("span", { class: "sr" }, "To another instant"), h("input", { type: "datetime-local", name: "at", initial: toField(now() + 36e5), required: true })), h("button", { class: "quiet" }, "Go")),
    h("p", { class: "small-print" }, "Time goes forward only, from due instant to due instant: offers run out, steps open and schedules change on the way, as if you had waited."));
}

const TROUBLES = [
  ["Slack is down", () => ({ slack: { down: true } }), (f) => f.slack?.down],
  ["Slack says 429 for 30 s", () => ({ slack: { rate_limit: { retry_after: 30 } } }), (f) => f.slack?.rate_limit],
  ["Slack sends everything twice", () => ({ slack: { redeliver: true } }), (f) => f.slack?.redeliver],
  ["Twilio fails three times (503)", () => ({ twilio: { fail: 503, times: 3 } }), (f) => f.twilio?.fail],
  ["Twilio acts, its reply is lost", () => ({ twilio: { drop_reply: true } }), (f) => f.twilio?.drop_reply],
  ["Twilio is slow (2 s)", () => ({ twilio: { delay: "2s" } }), (f) => f.twilio?.delay],
  ["The mail server is down", () => ({ smtp: { down: true } }), (f) => f.smtp?.down],
  ["The mail server says “later”", () => ({ smtp: { fail: 451, times: 3 } }), (f) => f.smtp?.fail],
  ["Receipts by hand", () => ({ receipts: "manual" }), (f) => f.receipts === "manual"],
];
/** What is wrong outside right now, in words. */
export const troubles = () => TROUBLES.filter(([, , on]) => on(s.faults)).map(([label]) => label);

function toggle([label, make, on]) {
  const lit = Boolean(on(s.faults));
  const flip = () => {
    const [key, value] = Object.entries(make())[0];
    if (!lit) return faults({ [key]: typeof value === "object" ? { ...s.faults[key], ...value } : value });
    if (typeof value !== "object") return faults({ [key]: "auto" });
    const rest = { ...s.faults[key] };
    for (const name of Object.keys(value)) delete rest[name];
    return faults({ [key]: rest });
  };
  return h("li", { key: label }, h("button", { class: `switch ${lit ? "lit" : ""}`, role: "switch", "aria-checked": String(lit), onclick: () => busy(label, flip) }, h("i", { "aria-hidden": "true" }), label));
}

export function faultPanel() {
  return h("div", { class: "panel-part", key: "faults" }, h("h3", null, "Trouble outside"), h("ul", { class: "switches" }, TROUBLES.map(toggle)),
    h("div", { class: "row wrap" }, button("clear", "Clear all", () => faults({}, true)), h("p", { class: "small-print" }, "Nothing that was accepted may be lost, whatever you switch on. Watch the queue.")));
}

export function demoPanel() {
  return h("div", { class: "panel-part", key: "demo" }, h("h3", null, "Shortcuts"),
    h("div", { class: "row wrap" }, button("everybody", "Everybody available", callAll), button("crowd", "50 waiting", crowd), button("wire2", "Wire log", async () => openPanel("wire")), button("reset", "Empty the stage", reset, "danger-quiet"), button("help2", "Keyboard and help", async () => { ui.help = true; })));
}

const directions = { in: "→ product", out: "product →" };
export function wirePanel() {
  const words = ui.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = s.wire.filter((w) => { const text = JSON.stringify(w).toLowerCase(); return words.every((word) => text.includes(word)); }).slice(-150).reverse();
  return h("div", { class: "panel-part wire", key: "wire" },
    h("div", { class: "wire-head" }, h("h3", null, "The wire"), h("label", null, h("span", { class: "sr" }, "Filter the wire log"), h("input", { type: "search", id: "wire-filter", placeholder: "Filter: twilio, 429, chat.postMessage…", initial: ui.filter, oninput: (e) => { ui.filter = e.target.value; draw(); } })),
      h("span", { class: "small-print" }, `${rows.length} of ${s.wire.length}`)),
    h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Requests, newest first" }, rows.length ? h("table", null,
      h("thead", null, h("tr", null, ["", "Time", "Way", "Service", "Request", "Status", "ms"].map((t) => h("th", { scope: "col" }, t || h("span", { class: "sr" }, "Number"))))),
      h("tbody", null, rows.map((w) => h("tr", { key: w.n, class: w.status >= 400 || !w.status ? "failed" : "" }, h("td", null, w.n), h("td", null, hms(w.at)), h("td", null, directions[w.direction] ?? w.direction), h("td", null, w.service),
        h("td", null, h("details", null, h("summary", null, `${w.method} ${w.path}`), h("pre", null, JSON.stringify(w.params, null, 1)))), h("td", null, w.status), h("td", null, Math.round(w.ms ?? 0))))))
      : h("p", { class: "empty" }, s.wire.length ? "Nothing matches." : "No request yet. Send a text: you will see the signed webhook come in and the offer go out.")));
}

export function openPanel(name) {
  ui.panel = ui.panel === name ? "" : name;
  draw();
  if (ui.panel === "wire") refresh("wire");
  if (ui.panel) setTimeout(() => document.querySelector("#panel button, #panel input")?.focus(), 60);
}

/** Closes the open panel and gives the focus to what opened it; false where none was open. */
export function closePanel() {
  if (!ui.panel) return false;
  const from = ui.panel;
  ui.panel = "";
  draw();
  setTimeout(() => document.querySelector(`[data-panel="${from}"]`)?.focus(), 60);
  return true;
}

const THEMES = { auto: ["◐", "as the system"], light: ["☀", "light"], dark: ["☾", "dark"] };
export const theme = () => document.documentElement.dataset.theme ?? "auto";
export function nextTheme() {
  const next = { auto: "dark", dark: "light", light: "auto" }[theme()];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try { localStorage.setItem("tierline-theme", next); } catch { announce("The choice lasts until this page is closed."); }
  draw();
}

export function header() {
  const bad = troubles();
  const tab = (name, label, extra) => h("button", { class: `tool ${ui.panel === name ? "on" : ""} ${extra ?? ""}`, "data-panel": name, "aria-expanded": String(ui.panel === name), "aria-controls": "panel", onclick: () => openPanel(name) }, label);
  return h("header", { class: "bar" },
    h("h1", null, h("img", { src: "icon.svg", alt: "", width: "26", height: "26" }), h("span", null, "Tierline"), h("span", { class: "sub" }, "the stage")),
    h("button", { class: `clock ${moved() ? "moved" : ""}`, "data-panel": "time", "aria-expanded": String(ui.panel === "time"), "aria-label": `Sandbox time ${hms(now())}: time travel`, onclick: () => openPanel("time") }, h("span", null, day(now())), h("b", null, hms(now()))),
    h("span", { class: `live ${s.live}`, title: { live: "News arrive by themselves", polling: "Asking every 2 s", connecting: "Connecting" }[s.live] }, h("i", { "aria-hidden": "true" }), h("span", null, s.live)),
    h("div", { class: "tools" }, button("everybody", "Everybody available", callAll, "primary"), button("crowd", "50 waiting", crowd),
      tab("faults", bad.length ? `Trouble: ${bad.length}` : "Trouble", bad.length ? "alarm" : ""), tab("wire", "Wire"),
      h("a", { class: "tool", id: "website-link", href: "website", target: "_blank", rel: "noopener", title: "A customer's website with the web chat, in a window of its own" }, "Website ↗"), button("reset1", "Reset", reset, "tool")),
    h("button", { class: "icon", "aria-label": `Theme: ${THEMES[theme()][1]}. Change`, title: `Theme: ${THEMES[theme()][1]}`, onclick: nextTheme }, THEMES[theme()][0]),
    h("button", { class: "icon", id: "help-button", "aria-label": "Keyboard and help (?)", onclick: () => { ui.help = true; draw(); } }, "?"));
}

export function notices() {
  const bad = troubles();
  return [s.trouble ? h("p", { class: "notice bad", key: "trouble", role: "alert" }, s.trouble) : null,
    bad.length ? h("p", { class: "notice amber", key: "faults", role: "status" }, h("b", null, bad.join(" · ")), s.faults.slack?.down ? h("span", { class: "notice-more" }, "Nobody is offered anything meanwhile; whoever waits keeps their place.") : null, h("button", { class: "small quiet", onclick: () => busy("clear", () => faults({}, true)) }, "Clear")) : null];
}

