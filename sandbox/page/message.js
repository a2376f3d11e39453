// One message of Slack: who wrote it, what it says and carries, and what can be done with it.

import { block } from "./blocks.js";
import { edit, goTo, press, react, reactionsOf, remove, shortcut } from "./desk.js";
import { modal } from "./dialogs.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { filesOf } from "./files.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { initials, kindTag } from "./people.js";
import { draw, drawn, personOf, s, ui } from "./state.js";
import { at, day, hm } from "./time.js";

const QUICK = ["eyes", "white_check_mark", "+1"];
const human = (m) => Boolean(personOf(m.user));

// As in Slack, what the app took back is gone; what a person took back leaves a mark here, for whoever watches.
export const visible = (m) => (!m.ephemeral_to || m.ephemeral_to === s.slack.who) && !(m.deleted && (m.ephemeral_to || !human(m)) && !s.slack.messages.some((r) => r.thread_ts === m.ts && r.ts !== m.ts));

function reactions(m) {
  const all = reactionsOf(m);
  if (!all.length) return null;
  return h("div", { class: "reactions" }, all.map((r) => h("button", { class: `reaction ${r.users?.includes(s.slack.who) ? "mine" : ""}`, key: r.name, onclick: () => react(m, r.name), "aria-label": `${r.name}, ${r.count ?? r.users?.length ?? 1}: add yours` },
    emoji(r.name), " ", r.count ?? r.users?.length ?? 1)));
}

const canThread = (m) => !s.slack.thread && !m.channel?.startsWith("D");
const shortcuts = () => (personOf(s.slack.who)?.dm ? s.app.shortcuts.filter((one) => one.kind === "message") : []);

function tools(m) {
  if (m.deleted || m.ephemeral_to) return null;
  const tool = (key, label, sign, does) => h("button", { class: "icon", key, "data-item": true, "data-tool": key, "aria-label": label, title: label, onclick: does }, sign);
  return h("div", { class: "msg-tools", role: "toolbar", "aria-label": "This message", "data-rove": "horizontal" },
    QUICK.map((name) => tool(name, `React with ${name}`, emoji(name), () => react(m, name))),
    canThread(m) ? tool("thread", "Reply in thread", icon("thread"), () => goTo(m.channel, m.thread_ts ?? m.ts)) : null,
    m.user === s.slack.who ? [tool("edit", "Edit", icon("edit"), () => edit(m)), tool("delete", "Delete", icon("delete"), () => remove(m))] : null,
    tool("more", "More actions", icon("more"), () => { ui.menu = m; draw(); }));
}

/** Everything that can be done with one message, as Slack's "more actions" lists it. */
export function messageMenu() {
  const m = ui.menu;
  if (!m) return null;
  const close = () => { ui.menu = null; draw(); };
  const item = (key, label, does, told) => h("li", { key }, h("button", { class: "menu-item", onclick: () => { ui.menu = null; drawn(does); } }, h("span", null, label), told ? h("span", { class: "small-print" }, told) : null));
  const own = m.user === s.slack.who;
  return h("dialog", { key: "menu", class: "menu", ref: modal, "aria-labelledby": "menu-title", oncancel: (e) => { e.preventDefault(); close(); } },
    h("header", null, h("h2", { id: "menu-title" }, "This message"), h("button", { class: "icon", "aria-label": "Close", onclick: close }, "×")),
    h("p", { class: "menu-quote" }, m.text || "…"),
    h("ul", null, canThread(m) ? item("thread", "Reply in thread", () => goTo(m.channel, m.thread_ts ?? m.ts)) : null,
      QUICK.map((name) => item(name, h("span", null, emoji(name), ` React with ${name}`), () => react(m, name))),
      own ? [item("edit", "Edit message", () => edit(m)), item("delete", "Delete message…", () => remove(m))] : null),
    h("h3", null, "Shortcuts"),
    shortcuts().length ? h("ul", null, shortcuts().map((one) => item(one.callback_id, one.name || one.callback_id, () => shortcut(one.callback_id, m), one.description)))
      : h("p", { class: "small-print" }, personOf(s.slack.who)?.dm ? "The app has no shortcuts for messages." : "Who uses no apps has no shortcuts."));
}

function body(m) {
  if (m.deleted) return h("p", { class: "gone" }, "This message was deleted.");
  const blocks = typeof m.blocks === "string" ? JSON.parse(m.blocks || "[]") : (m.blocks ?? []);
  if (blocks.length) return h("div", { class: "msg-blocks" }, blocks.map((b) => block(b, (what) => press(m, what))));
  return m.text ? h("div", { class: "msg-text", dir: "auto" }, mrkdwn(m.text)) : null;
}

function replyCount(m, all) {
  const replies = all.filter((r) => r.thread_ts === m.ts && r.ts !== m.ts && !r.deleted && visible(r));
  if (s.slack.thread || !replies.length) return null;
  return h("button", { class: "replies", onclick: () => goTo(m.channel, m.ts) }, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`, h("span", null, `last ${hm(replies.at(-1).ts)}`));
}

/** A message of `all`, and above it the day where it is another than that of the one `before`. */
export function message(m, all, before) {
  const person = personOf(m.user);
  const who = person?.name ?? "Tierline";
  const close = before && before.user === m.user && at(m.ts) - at(before.ts) < 240000 && !m.ephemeral_to && !before.ephemeral_to && human(m);
  const offer = JSON.stringify(m.blocks ?? "").includes("offer.accept");
  return [!before || day(before.ts) !== day(m.ts) ? h("div", { class: "msg-day", key: `d${m.ts}` }, h("span", null, day(m.ts))) : null,
    h("article", { key: `${m.channel}${m.ts}`, "data-ts": m.ts, class: `msg ${m.ephemeral_to ? "ephemeral" : ""} ${close ? "close" : ""} ${offer ? "offer" : ""}`, "aria-label": `${who}, ${hm(m.ts)}` },
      h("span", { class: `msg-face ${person ? (person.kind ?? "") : "app"}`, "aria-hidden": "true" }, person ? initials(person.name) : "≡"),
      h("div", { class: "msg-main" },
        m.ephemeral_to ? h("div", { class: "only-you" }, "Only visible to you") : null,
        close ? null : h("div", { class: "msg-head" }, h("b", null, who), person ? kindTag(person) : h("span", { class: "app-tag" }, "APP"), h("time", null, hm(m.ts))),
        body(m), m.edited && !m.deleted ? h("span", { class: "edited" }, "(edited)") : null,
        filesOf(m), reactions(m), replyCount(m, all)),
      tools(m))];
}
