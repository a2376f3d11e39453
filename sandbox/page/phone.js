// The customer's phone: who texts, to which number, the thread with what became of each text.

import { act } from "./api.js";
import { caller, goingOn } from "./caller.js";
import { announce, h } from "./dom.js";
import { mailing } from "./mail.js";
import { refresh } from "./reading.js";
import { customerOf, draw, drawn, s, ui } from "./state.js";
import { day, hm, now } from "./time.js";

const PRESETS = [
  ["My server is down", "Outage"],
  ["Unser Server ist offline, bitte helfen", "Störung (German)"],
  ["How do I add a mailbox for a new colleague?", "A question"],
  ["Can I change my invoice address?", "After hours?"],
  ["STOP", "STOP"],
];
const RECEIPTS = { queued: "Queued", accepted: "Queued", scheduled: "Queued", sending: "Sending", sent: "Sent", delivered: "Delivered", read: "Read",
  undelivered: "Not delivered", failed: "Failed", received: "Received", receiving: "Sending" };

let heardTexts = new Set();
let heardFor = "";

/** Says aloud what has newly arrived on this phone; silent right after switching to another. */
export function hearTexts() {
  const got = s.phone.texts.filter((t) => t.to === s.phone.me);
  if (heardFor === s.phone.me) for (const t of got) if (!heardTexts.has(t.sid)) announce(`Phone: ${t.text}`);
  heardFor = s.phone.me;
  heardTexts = new Set(got.map((t) => t.sid));
}

export function choosePhone(number) {
  Object.assign(s.phone, { me: number, texts: [], calls: [], last: "" });
  refresh("texts", "calls");
  draw();
}

/** Sends `text` from the chosen customer; true when the stage took it. */
export async function sendText(text) {
  if (!text.trim()) return false;
  const done = await act("/sms", { from: s.phone.me, to: s.phone.to, text });
  if (done) refresh("texts", "contacts", "slack", "agents", "services");
  return Boolean(done);
}

async function submit(event) {
  event.preventDefault();
  const box = event.target.elements.text;
  const text = box.value;
  if (await sendText(text)) {
    if (box.value === text) box.value = "";
    announce("Text sent");
  }
  box.focus();
}

/** Puts `text` into the phone's field, ready to be sent. */
export function prefill(text) {
  if (ui.calling || ui.mailing) return showing(false, () => prefill(text));
  const box = document.getElementById("sms-text");
  if (!box) return;
  box.value = text;
  box.focus();
}

/** Shows the phone with its texts or as one calls with it, and then does `then`. */
export function showing(calling, then, mailing = false) {
  Object.assign(ui, { calling, mailing });
  if (mailing) refresh("mails");
  drawn(() => then?.());
}

function modes() {
  const mode = (calling, label, mailing = false) => h("button", { type: "button", class: "mode", "aria-pressed": String(ui.calling === calling && ui.mailing === mailing), onclick: () => showing(calling, null, mailing) }, label,
    calling && !ui.calling && goingOn() ? h("i", { class: "mode-dot", role: "img", "aria-label": "a call goes on" }) : null);
  return h("div", { class: "modes", role: "group", "aria-label": "What this phone does" }, mode(false, "Texts"), mode(true, "Call"), mode(false, "Mail", true),
    h("a", { class: "mode", id: "chat-link", href: "website", target: "_blank", rel: "noopener", title: "A website with the web chat, in a window of its own" }, "Chat ↗"));
}

const name = (number) => customerOf(number)?.name ?? number;

function chooser() {
  const { customers = [], numbers = [] } = s.cast ?? {};
  const known = customers.some((c) => c.phone === s.phone.me) && !s.phone.custom;
  return h("div", { class: "phone-who" },
    h("label", null, h("span", null, "Customer"), h("select", { id: "customer", value: known ? s.phone.me : "other", onchange: (e) => {
      s.phone.custom = e.target.value === "other";
      choosePhone(s.phone.custom ? "+4915110000099" : e.target.value);
    } }, customers.map((c) => h("option", { value: c.phone }, `${c.name} · ${c.phone}`)), h("option", { value: "other" }, "Any other number…"))),
    known ? null : h("label", { key: "number" }, h("span", null, "Number"), h("input", { id: "number", type: "tel", initial: s.phone.me, inputmode: "tel", autocomplete: "off",
      onchange: (e) => choosePhone(e.target.value.replace(/[\s()-]/g, "")) })),
    h("label", null, h("span", null, "To"), h("select", { id: "to", value: s.phone.to, onchange: (e) => { s.phone.to = e.target.value; draw(); } },
      numbers.map((n) => h("option", { value: n }, n)))));
}

function receipt(text, mine) {
  const status = String(text.status ?? "");
  const bad = status === "failed" || status === "undelivered";
  return h("span", { class: `receipt ${bad ? "bad" : ""}` }, hm(text.at), " · ", mine && status === "received" ? "Delivered" : (RECEIPTS[status] ?? status),
    text.error_code ? ` (${text.error_code})` : null);
}

function bubble(text, before) {
  const mine = text.from === s.phone.me;
  const fresh = !before || day(before.at) !== day(text.at);
  return [fresh ? h("div", { key: `d-${text.sid}`, class: "phone-day" }, day(text.at)) : null,
    h("div", { key: text.sid, class: `bubble ${mine ? "mine" : "theirs"}` },
      h("span", { class: "sr" }, mine ? `${name(s.phone.me)}: ` : "Support: "),
      h("span", { class: "bubble-text", dir: "auto" }, text.text),
      (text.media ?? []).map((url) => h("span", { class: "media" }, "📎 ", String(url).split("/").at(-1))),
      receipt(text, mine))];
}

function thread() {
  const texts = s.phone.texts;
  if (!texts.length) {
    return h("div", { class: "phone-empty" }, h("p", null, h("b", null, `This is ${name(s.phone.me)}'s phone.`)),
      h("p", null, "Whatever you send from here reaches the product as a signed webhook, just as Twilio delivers it. Try “My server is down”."));
  }
  return texts.flatMap((text, i) => bubble(text, texts[i - 1]));
}

export function phone() {
  return h("section", { id: "phone", class: `col phone ${ui.tab === "phone" ? "on" : ""}`, "aria-labelledby": "phone-title", tabindex: "-1" },
    h("header", { class: "col-head" }, h("h2", { id: "phone-title" }, "Customer"), modes(), h("kbd", { class: "hint", "aria-hidden": "true" }, "1")),
    ui.mailing ? mailing() : [chooser(),
      h("div", { class: "handset", key: "handset" },
        h("div", { class: "handset-top" }, h("span", null, hm(now())), h("b", null, s.phone.to), h("span", { "aria-hidden": "true" }, "▂▄▆")),
        ui.calling ? caller() : texting())]);
}

const texting = () => [
  h("div", { class: "phone-thread", key: "texts", "data-stick": "texts", tabindex: "0", role: "log", "aria-label": `Texts of ${name(s.phone.me)}` }, thread()),
  h("div", { class: "presets", role: "group", "aria-label": "Ready-made texts", "data-rove": "horizontal" },
    PRESETS.map(([text, label]) => h("button", { type: "button", class: "chip", "data-item": true, title: text, onclick: () => prefill(text) }, label))),
  h("form", { class: "compose", onsubmit: submit },
    h("label", { class: "sr", for: "sms-text" }, `Text from ${name(s.phone.me)}`),
    h("textarea", { id: "sms-text", name: "text", rows: "1", placeholder: "Text message", maxlength: "1600", autocomplete: "off",
      onkeydown: (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); e.target.form.requestSubmit(); } } }),
    h("button", { class: "send", "aria-label": "Send text" }, h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: "M10 16V4m0 0L5 9m5-5 5 5" }))))];
