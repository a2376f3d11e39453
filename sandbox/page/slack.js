// Slack, played by one person who can be everybody: the column with its places, its messages or Home, and its box.

import { block } from "./blocks.js";
import { draftAt, goTo, openTab, opening, pressIn, say, shortcut, stopEditing } from "./desk.js";
import { modal } from "./dialogs.js";
import { announce, h } from "./dom.js";
import { inputBlock } from "./fields.js";
import { attach, attachButton, attached } from "./files.js";
import { icon } from "./icons.js";
import { phoneLines } from "./lines.js";
import { message, visible } from "./message.js";
import { mrkdwn } from "./mrkdwn.js";
import { presence, rail } from "./rail.js";
import { draw, personOf, placeOf, s, ui } from "./state.js";
import { toast } from "./toast.js";

function answers() {
  return s.slack.answers.map((a) => h("article", { key: a.id, class: "msg ephemeral", "aria-label": "Answer to your command" }, h("span", { class: "msg-face app", "aria-hidden": "true" }, "≡"),
    h("div", { class: "msg-main" }, h("div", { class: "only-you" }, "Only visible to you · ", h("code", null, a.typed)), h("div", { class: "msg-head" }, h("b", null, "Tierline"), h("span", { class: "app-tag" }, "APP")),
      a.blocks?.length ? h("div", { class: "msg-blocks" }, a.blocks.map((b) => block(b, () => toast("An answer to a command has no message to press on.", "Use the buttons in the messages.")))) : h("div", { class: "msg-text" }, mrkdwn(a.text)))));
}

let heardFor = "";
let heardOf = new Set();
/** Says aloud what has newly arrived in the place that is open. */
export function hearSlack() {
  const here = s.slack.who + s.slack.place;
  const fresh = s.slack.messages.filter((m) => !heardOf.has(m.ts) && m.user !== s.slack.who && !m.deleted);
  if (here === heardFor) for (const m of fresh.slice(-2)) announce(`Slack: ${m.text}`);
  heardFor = here;
  heardOf = new Set(s.slack.messages.map((m) => m.ts));
  // What came as a message needs no second copy of the command's answer.
  s.slack.answers = s.slack.answers.filter((a) => !s.slack.messages.some((m) => m.ephemeral_to && m.text && m.text === a.text));
}

function shown() {
  const { thread, messages, place } = s.slack;
  if (thread) return messages.filter((m) => visible(m) && (m.ts === thread || m.thread_ts === thread));
  const dm = place.startsWith("D");
  return messages.filter((m) => visible(m) && (!m.thread_ts || m.thread_ts === m.ts || (m.ephemeral_to && dm)));
}

const emptyPlace = () => h("div", { class: "slack-empty" }, h("p", null, h("b", null, s.slack.place.startsWith("D") ? "Offers arrive here." : "Threads open here.")),
  h("p", null, s.slack.place.startsWith("D") ? "Go available, then send a text from the customer's phone: the offer comes to whoever suits it best, in person." : "At the first accept, a contact gets a thread in its owner's team channel."));

function home() {
  const view = s.slack.home;
  if (!view) return h("div", { class: "slack-empty", role: "status" }, h("p", null, h("b", null, "One moment …")), h("p", null, "The app was told that somebody looks, and draws this page for them."));
  const on = (what) => pressIn(view, what);
  return h("div", { class: "home-blocks" }, (view.blocks ?? []).map((b) => (b.type === "input" ? inputBlock(b, {}, on) : block(b, on))));
}

function tabs() {
  const tab = (name, label) => h("button", { role: "tab", key: name, id: `slack-tab-${name}`, class: "slack-tab", "data-item": true, "aria-selected": String(s.slack.tab === name), "aria-controls": "slack-panel", onclick: () => openTab(name) }, label);
  return h("div", { class: "slack-tabs", role: "tablist", "aria-label": "Tierline", "data-rove": "horizontal" }, tab("home", "Home"), tab("messages", "Messages"));
}

/** The app's shortcuts that need no message, from the button beside the box. */
export function shortcutMenu() {
  if (!ui.shortcuts) return null;
  const close = () => { ui.shortcuts = false; draw(); };
  const all = s.app.shortcuts.filter((one) => one.kind === "global");
  return h("dialog", { key: "shortcuts", class: "menu", ref: modal, "aria-labelledby": "shortcuts-title", oncancel: (e) => { e.preventDefault(); close(); } },
    h("header", null, h("h2", { id: "shortcuts-title" }, "Shortcuts"), h("button", { class: "icon", "aria-label": "Close", onclick: close }, "×")),
    all.length ? h("ul", null, all.map((one) => h("li", { key: one.callback_id }, h("button", { class: "menu-item", onclick: () => { close(); shortcut(one.callback_id); } }, h("span", null, one.name || one.callback_id), h("span", { class: "small-print" }, one.description)))))
      : h("p", { class: "small-print" }, "The app has no shortcuts of this kind."));
}

function compose(title) {
  const { thread, editing } = s.slack;
  const draft = draftAt();
  const dropped = (e) => { if (e.dataTransfer?.files.length) { e.preventDefault(); attach([...e.dataTransfer.files]); } };
  return [editing ? h("p", { class: "editing", key: "editing" }, "Editing your message. ", h("button", { class: "linkish", onclick: stopEditing }, "Cancel (Esc)")) : null,
    attached(),
    h("form", { class: "compose slack-compose", key: "compose", onsubmit: say, ondragover: (e) => e.preventDefault(), ondrop: dropped },
      editing ? null : attachButton(),
      editing || thread || !s.app.shortcuts.some((one) => one.kind === "global") ? null : h("button", { type: "button", class: "icon", key: "shortcuts", "aria-label": "Shortcuts", title: "Shortcuts", onclick: () => { ui.shortcuts = true; draw(); } }, icon("shortcuts")),
      h("label", { class: "sr", for: "slack-text" }, thread ? "Reply in the thread" : `Message ${title}, or a /command`),
      h("textarea", { id: "slack-text", key: `text${draft}`, name: "text", rows: "1", autocomplete: "off", initial: s.slack.drafts.get(draft) ?? "", placeholder: thread ? "Reply…  (// keeps it inside)" : "Message, or /tierline status",
        oninput: (e) => { if (!s.slack.editing) s.slack.drafts.set(draft, e.target.value); },
        onpaste: (e) => { if (e.clipboardData?.files.length) { e.preventDefault(); attach([...e.clipboardData.files]); } },
        onkeydown: (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); e.target.form.requestSubmit(); } } }),
      h("button", { class: "send", "aria-label": thread ? "Send reply" : "Send message" }, h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: "M10 16V4m0 0L5 9m5-5 5 5" }))))];
}

function outsiders(where) {
  if (!where?.shared_with?.length) return null;
  const there = s.people.filter((p) => p.kind === "external" && where.members?.includes(p.slack)).map((p) => p.name);
  return h("p", { class: "shared-note", key: "shared" }, h("b", null, "Shared channel. "), `People of ${where.shared_with.join(", ")} read what is written here${there.length ? `: ${there.join(", ")}` : ""}.`);
}

export function slack() {
  const { place, thread, who, tab } = s.slack;
  const where = placeOf(place);
  const all = shown();
  const mine = place !== "" && place === personOf(who)?.dm && s.app.home_tab;
  const title = thread ? "Thread" : where ? `#${where.name}` : "Tierline (direct messages)";
  const atHome = mine && tab === "home";
  return h("section", { id: "slack", class: `col slack ${ui.tab === "slack" ? "on" : ""}`, "aria-labelledby": "slack-title", tabindex: "-1" },
    h("header", { class: "col-head" }, h("h2", { id: "slack-title" }, "Slack"), presence(), ui.solo ? null : h("kbd", { class: "hint", "aria-hidden": "true" }, "3")),
    phoneLines(),
    h("div", { class: "slack-body" }, rail(),
      h("div", { class: "channel" },
        h("div", { class: "channel-head" }, thread ? h("button", { class: "icon", key: "back", "aria-label": "Back to the channel", onclick: () => goTo(place) }, "‹") : null,
          h("b", null, mine && !thread ? "Tierline" : title), thread && where ? h("span", null, `#${where.name}`) : null, mine && !thread ? tabs() : null),
        outsiders(where),
        atHome ? h("div", { id: "slack-panel", class: "messages home", key: `home${who}`, tabindex: "0", role: "tabpanel", "aria-labelledby": "slack-tab-home" }, home())
          : [h("div", { id: "slack-panel", class: "messages", key: `m${who}${place}${thread}`, "data-stick": "slack", tabindex: "0", role: "log", "aria-label": `${title}, messages` },
            opening() ? h("p", { class: "opening", role: "status" }, "Opening the thread…") : null,
            all.length || s.slack.answers.length ? all.map((m, i) => message(m, s.slack.messages, all[i - 1])) : emptyPlace(), answers()),
          compose(title)])));
}
