// The customer's mail program: what came and what was sent, reading, writing, a note of absence.

import { act, actRaw } from "./api.js";
import { announce, h } from "./dom.js";
import { sized } from "./files.js";
import { forward, halves, mail, reply } from "./mail_write.js";
import { refresh } from "./reading.js";
import { draw, drawn, s } from "./state.js";
import { now, when } from "./time.js";
import { toast } from "./toast.js";

const LARGEST = 20 * 1024 * 1024;
const SUBJECTS = [["Invoice 2026-11", "There is a line on my invoice that I don't understand."], ["My server is down", "Since five minutes. Please help."],
  ["Störung", "Unser Shop ist offline, bitte melden."]];
const VIEWS = [["html", "As shown"], ["text", "Text"], ["raw", "Raw"]];

const me = () => s.cast?.customers?.find((c) => c.mail === s.mail.me) ?? { name: s.mail.me.split("@")[0], mail: s.mail.me };
const open = () => s.mail.box.find((m) => m.n === s.mail.open);
const theirs = (m) => (m.way === "out" ? m.from : m.to);
let heard = new Map();

/** Says aloud what has newly come into the chosen mailbox. */
export function hearMails() {
  const got = s.mail.box.filter((m) => m.way === "out");
  const known = heard.get(s.mail.me);
  if (known) for (const m of got) if (!known.has(m.n)) announce(`Mail: ${m.subject}`);
  heard = new Map([[s.mail.me, new Set(got.map((m) => m.n))]]);
}

function choose(address) {
  Object.assign(s.mail, { me: address, box: [], open: 0, writing: null });
  refresh("mails");
  draw();
}

function look(m) {
  Object.assign(s.mail, { open: m.n, view: m.html ? "html" : "text", raw: "", writing: null });
  drawn(() => document.getElementById("mail-read")?.focus());
}

function back() {
  const n = s.mail.open;
  Object.assign(s.mail, { open: 0, writing: null });
  drawn(() => (document.getElementById(`mail-${n}`) ?? document.getElementById("mail-new"))?.focus());
}

function write(draft) {
  s.mail.writing = { key: Date.now(), ...draft };
  drawn(() => {
    const field = document.getElementById(draft.to ? "mail-text" : "mail-to");
    field?.focus();
    if (draft.answers) field?.setSelectionRange(0, 0); // above what is quoted
  });
}

async function send(event) {
  event.preventDefault();
  const it = s.mail.writing;
  const { to, subject, text } = Object.fromEntries(["to", "subject", "text"].map((name) => [name, event.target.elements[name].value]));
  const from = me();
  const raw = mail({ from, to, subject, text, answers: it.answers, files: it.files, at: now() });
  const said = await actRaw(`/mail?to=${encodeURIComponent(to)}&from=${encodeURIComponent(from.mail)}`, raw);
  if (!said) return;
  if (!said.accepted) return toast(`The mail was not taken (${said.code || "no answer"}).`, said.text, "bad");
  announce("Mail sent");
  back();
  refresh("mails", "contacts", "slack", "agents", "services");
}

async function attach(files) {
  const it = s.mail.writing;
  for (const file of files) {
    if (it.files.reduce((all, one) => all + one.size, file.size) > LARGEST) return toast(`${file.name} makes it too large.`, `${sized(LARGEST)} in one mail.`, "bad");
    const raw = new Uint8Array(await file.arrayBuffer());
    const text = [];
    for (let i = 0; i < raw.length; i += 8190) text.push(btoa(String.fromCharCode(...raw.subarray(i, i + 8190)))); // whole groups of three
    it.files = [...it.files, { name: file.name, type: file.type, size: file.size, base64: text.join("") }];
  }
  draw();
}

async function away(on, bare) {
  const said = await act("/mail/away", { address: s.mail.me, on, bare });
  if (said) s.mail.away = said;
  draw();
}

async function show(view) {
  s.mail.view = view;
  const m = open();
  if (view === "raw" && m) s.mail.raw = (await (await fetch(`/sandbox/api/mail/${m.n}/raw`)).text()).slice(0, 100000);
  draw();
}

async function bounce(m) {
  if (await act(`/mail/${m.n}/bounce`, {})) toast("It bounces.", "A report goes to the address that the mail came with.");
  refresh("mails", "slack");
}

function who() {
  const customers = s.cast?.customers ?? [];
  const known = customers.some((c) => c.mail === s.mail.me) && !s.mail.custom;
  const it = s.mail.away.find((a) => a.address === s.mail.me.toLowerCase());
  return h("div", { class: "phone-who" },
    h("label", null, h("span", null, "Customer"), h("select", { id: "mail-who", value: known ? s.mail.me : "other", onchange: (e) => {
      s.mail.custom = e.target.value === "other";
      choose(s.mail.custom ? "somebody@else.example" : e.target.value);
    } }, customers.map((c) => h("option", { value: c.mail }, `${c.name} · ${c.mail}`)), h("option", { value: "other" }, "Any other address…"))),
    known ? null : h("label", { key: "address" }, h("span", null, "Address"), h("input", { id: "mail-address", type: "email", initial: s.mail.me, autocomplete: "off", onchange: (e) => choose(e.target.value.trim()) })),
    h("label", null, h("span", null, "Auto-reply"), h("select", { id: "mail-away", value: it ? (it.bare ? "bare" : "on") : "off", onchange: (e) => away(e.target.value !== "off", e.target.value === "bare") },
      h("option", { value: "off" }, "Off"), h("option", { value: "on" }, "Out of office, well-behaved"), h("option", { value: "bare" }, "Out of office that marks nothing and answers all"))));
}

function folder() {
  if (!s.mail.box.length) {
    return h("div", { class: "phone-empty" }, h("p", null, h("b", null, `This is ${me().name}'s mailbox.`)),
      h("p", null, "What is written here goes to the product by SMTP, as from any mail program; its answers come back here."));
  }
  return h("ul", { class: "mail-list", "data-rove": "vertical" }, [...s.mail.box].reverse().map((m) => h("li", { key: m.n },
    h("button", { class: `mail-row ${m.way === "out" ? "came" : "sent"}`, id: `mail-${m.n}`, "data-item": true, onclick: () => look(m) },
      h("span", { class: "mail-who" }, m.way === "out" ? "" : "To ", halves(theirs(m)).name || halves(theirs(m)).mail || "?"), h("span", { class: "num" }, when(m.at)),
      h("b", { dir: "auto" }, m.subject || "(no subject)"), m.code >= 300 || !m.code ? h("span", { class: "receipt bad" }, `Not taken (${m.code || "no answer"})`) : null))));
}

function reading(m) {
  const files = m.attachments.map((a) => h("li", { key: a.part }, h("a", { class: "media", href: `/sandbox/api/mail/${m.n}/part/${a.part}`, download: a.name || "file" }, "📎 ", a.name || a.type, ` · ${sized(a.size)}`)));
  return h("article", { class: "mail-read", key: `read-${m.n}`, id: "mail-read", tabindex: "-1", "aria-label": m.subject },
    h("header", null, h("h3", { dir: "auto" }, m.subject || "(no subject)"), h("p", { class: "small-print" }, `${m.from} → ${m.to} · ${when(m.at)}`), m.said && m.code !== 250 ? h("p", { class: "receipt bad" }, m.said) : null),
    h("div", { class: "modes", role: "group", "aria-label": "How the mail is shown" }, VIEWS.filter(([id]) => id !== "html" || m.html).map(([id, label]) => h("button", { class: "mode", "aria-pressed": String(s.mail.view === id), onclick: () => show(id) }, label))),
    s.mail.view === "html" && m.html ? h("iframe", { class: "mail-frame", sandbox: "", src: `/sandbox/api/mail/${m.n}/html`, title: "The mail as its program shows it" })
      : h("pre", { class: "mail-text", tabindex: "0", dir: "auto" }, s.mail.view === "raw" ? s.mail.raw : m.text),
    files.length ? h("ul", { class: "attached", "aria-label": "Attached files" }, files) : null,
    h("div", { class: "row wrap mail-acts" }, h("button", { class: "quiet small", onclick: back }, "Back"),
      m.way === "out" ? [h("button", { class: "primary small", id: "mail-reply", onclick: () => write(reply(m)) }, "Reply"), h("button", { class: "quiet small", onclick: () => bounce(m) }, "Let it bounce")] : null,
      h("button", { class: "quiet small", onclick: () => write(forward(m, s.cast?.mailboxes?.[0] ?? "")) }, "Forward")));
}

function writing(it) {
  const field = (name, label, props) => h("label", { class: "mail-field" }, h("span", null, label), h("input", { id: `mail-${name}`, name, initial: it[name] ?? "", autocomplete: "off", required: true, ...props }));
  return h("form", { class: "mail-write", key: `write-${it.key}`, onsubmit: send, "aria-label": "A new mail" },
    field("to", "To", { list: "mailboxes" }), h("datalist", { id: "mailboxes" }, (s.cast?.mailboxes ?? []).map((m) => h("option", { value: m }))), field("subject", "Subject", {}),
    h("label", { class: "sr", for: "mail-text" }, "The mail"), h("textarea", { id: "mail-text", name: "text", initial: it.text ?? "", rows: "8", required: true }),
    it.files.length ? h("ul", { class: "attached", "aria-label": "Attached files" }, it.files.map((f) => h("li", { key: f.name }, h("span", { class: "attached-name" }, f.name), h("span", { class: "num" }, sized(f.size)),
      h("button", { type: "button", class: "icon", "aria-label": `Don't send ${f.name}`, onclick: () => { it.files = it.files.filter((one) => one !== f); draw(); } }, "×")))) : null,
    h("div", { class: "row wrap mail-acts" }, h("button", { class: "primary small" }, "Send"), h("button", { type: "button", class: "quiet small", onclick: back }, "Discard"),
      h("label", { class: "quiet small attach-mail" }, "Attach…", h("input", { type: "file", multiple: true, class: "sr", id: "mail-files", onchange: (e) => { attach([...e.target.files]); e.target.value = ""; } }))));
}

/** The mail program of the chosen customer. */
export function mailing() {
  const m = open();
  const box = s.cast?.mailboxes?.[0] ?? "";
  const fresh = (subject = "", text = "") => write({ to: box, subject, text, answers: null, files: [] });
  return [who(), h("div", { class: "handset mailbox", key: "mailbox" },
    s.mail.writing ? writing(s.mail.writing) : m ? reading(m) : [
      h("div", { class: "phone-thread", key: "folder", tabindex: "0", role: "region", "aria-label": `Mails of ${me().name}` }, folder()),
      h("div", { class: "presets", role: "group", "aria-label": "Ready-made mails", "data-rove": "horizontal", key: "ready" }, SUBJECTS.map(([subject, text]) => h("button", { type: "button", class: "chip", "data-item": true, title: text, onclick: () => fresh(subject, text) }, subject))),
      h("div", { class: "row mail-acts", key: "acts" }, h("button", { class: "primary", id: "mail-new", onclick: () => fresh() }, "New mail"))])];
}
