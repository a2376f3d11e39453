// The keyboard's whole vocabulary. Single keys work only where nothing is being typed, and can be switched off.

import { answerAs, openTab, openThreadOf, stopEditing } from "./desk.js";
import { modal } from "./dialogs.js";
import { h } from "./dom.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { showing } from "./phone.js";
import { refresh } from "./reading.js";
import { closePanel, everybody, nextTheme, openPanel } from "./stagebar.js";
import { draw, drawn, ownedBy, s, ui } from "./state.js";
import { dropNewest, toast } from "./toast.js";

const focus = (selector, tab) => {
  if (tab) { ui.tab = tab; draw(); }
  setTimeout(() => document.querySelector(selector)?.focus(), 60);
};

// The newest matching control of what is open in Slack.
function slackButton(action, missing) {
  ui.tab = "slack";
  draw();
  const found = [...document.querySelectorAll(`#slack [data-action="${action}"]:not([disabled])`)].at(-1);
  if (found) { found.scrollIntoView({ block: "nearest" }); found.focus(); } else toast(missing);
}

// Whoever has just sent a text presses `a` before the offer is there: look for two seconds before saying no.
async function nextOffer() {
  for (let i = 0; i < 16; i++) {
    const asked = s.contacts.flatMap((c) => c.offers ?? [])[0];
    if (asked) return answerAs(asked.agent?.slack);
    refresh("contacts");
    await new Promise((done) => setTimeout(done, 125));
  }
  toast("Nobody has an offer right now.", "Send a text while somebody is available.");
}

function ringing() {
  ui.tab = "slack";
  drawn(() => {
    const found = document.querySelector("#lines .rings button, #lines button");
    if (found) found.focus(); else toast("No phone rings.", "Call from the customer's phone (l) while somebody is available.");
  });
}

function reply() {
  const mine = ownedBy(s.slack.who)[0] ?? s.contacts.find((c) => c.owner);
  if (s.slack.thread || !mine) focus("#slack-text", "slack"); else openThreadOf(mine);
}

function why() {
  const first = s.contacts.find((c) => c.state === "waiting") ?? s.contacts.at(-1);
  if (first) openDrawer(first.id); else toast("No contact to ask about yet.");
}

const KEYS = [
  ["1", "The customer's phone", () => focus("#phone", "phone")],
  ["2", "The queue", () => focus("#queue", "queue")],
  ["3", "Slack", () => focus("#slack", "slack")],
  ["c", "Choose the customer", () => focus("#customer", "phone")],
  ["t", "Write a text", () => { ui.tab = "phone"; showing(false, () => focus("#sms-text")); }],
  ["l", "The line: call, or to the call that goes on", () => { ui.tab = "phone"; showing(true, () => focus("#caller .key, #call-words, #dial, #answer-call, #hang-up")); }],
  ["n", "To the phone that rings", ringing],
  ["p", "Choose who you are in Slack (arrows, Enter)", () => focus("[data-person][aria-pressed=true]", "slack")],
  ["h", "App Home of who you are", () => { ui.tab = "slack"; openTab("home"); focus("#slack-panel", "slack"); }],
  ["m", "To the actions of the newest message", () => { ui.tab = "slack"; drawn(() => { const all = document.querySelectorAll("#slack .msg-tools [data-tool=more]"); if (all.length) { all[all.length - 1].scrollIntoView({ block: "nearest" }); all[all.length - 1].focus(); } else toast("No message here."); }); }],
  ["v", "Go available", () => focus("#go-available", "slack")],
  ["e", "Everybody available", everybody],
  ["a", "To the next offer's Accept button", nextOffer],
  ["r", "Reply in the thread", reply],
  ["u", "To the Undo button", () => slackButton("reply.undo", "Nothing is being held right now.")],
  ["x", "To the Close button", () => slackButton("contact.close", "Open a contact's thread first (r).")],
  ["y", "Why? (first in line)", why],
  ["z", "Time travel", () => openPanel("time")],
  ["f", "Trouble outside", () => openPanel("faults")],
  ["w", "Wire log", () => openPanel("wire")],
  ["d", "Dark, light, as the system", nextTheme],
  ["?", "This list", () => { ui.help = true; draw(); }],
];

const typing = (el) => el.closest("input, textarea, select, [contenteditable]");

export function onKey(event) {
  if (event.key === "Escape") return escape(event);
  if (rove(event)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (ui.keysOff && event.key !== "?") return;
  const found = KEYS.find(([key]) => key === event.key);
  if (!found) return;
  event.preventDefault();
  found[2]();
}

function escape(event) {
  if (document.querySelector("dialog[open]")) return;
  if (stopEditing() || closePanel() || closeDrawer() || dropNewest()) event.preventDefault();
  else if (typing(event.target)) event.target.blur();
}

// One Tab stop per list; arrows move inside it.
function rove(event) {
  const list = event.target.closest?.("[data-rove]");
  const item = event.target.closest?.("[data-item]");
  if (!list || !item || event.altKey || event.ctrlKey || event.metaKey) return false;
  const items = [...list.querySelectorAll("[data-item]")];
  const i = items.indexOf(item);
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -i, End: items.length - 1 - i };
  if (!(event.key in steps)) return false;
  event.preventDefault();
  const next = items[Math.max(0, Math.min(items.length - 1, i + steps[event.key]))];
  settle(list, items, next);
  next.focus();
  return true;
}

function settle(list, items, chosen) {
  for (const el of items) el.tabIndex = el === chosen ? 0 : -1;
}

/** After each drawing every roving list has exactly one Tab stop: the focused item, else the chosen one, else the first. */
export function settleLists() {
  for (const list of document.querySelectorAll("[data-rove]")) {
    const items = [...list.querySelectorAll("[data-item]")];
    settle(list, items, items.find((el) => el === document.activeElement) ?? items.find((el) => el.matches("[aria-pressed=true], [aria-current]")) ?? items.find((el) => el.tabIndex === 0) ?? items[0]);
  }
}

const close = () => { ui.help = false; draw(); };
export function help() {
  if (!ui.help) return null;
  return h("dialog", { key: "help", class: "help", ref: modal, "aria-labelledby": "help-title", oncancel: (e) => { e.preventDefault(); close(); } },
    h("header", null, h("h2", { id: "help-title" }, "Keyboard and help"), h("button", { class: "icon", "aria-label": "Close", onclick: close }, "×")),
    h("p", null, "You play everybody here: the customer on the left, the agents on the right; the queue between them is the real product. It runs as it would in earnest, with stand-ins for Twilio and Slack."),
    h("dl", { class: "keys" }, KEYS.map(([key, label]) => h("div", { key }, h("dt", null, h("kbd", null, key)), h("dd", null, label)))),
    h("p", { class: "small-print" }, "Arrows move within lists, Enter presses, Esc closes what is open, Shift+Enter makes a new line."),
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: !ui.keysOff, onchange: (e) => { ui.keysOff = !e.target.checked; draw(); } }), "Single-key shortcuts"),
    h("p", { class: "small-print" }, "Everything here goes through ", h("code", null, "/sandbox/api"), ": a script can play every part."));
}
