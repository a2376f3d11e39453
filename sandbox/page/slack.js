// Slack, played by one person who can be everybody: people, places, messages, threads, slash commands.

import { act, stage } from "./api.js";
import { block } from "./blocks.js";
import { announce, h } from "./dom.js";
import { emoji } from "./emoji.js";
import { phoneLines } from "./lines.js";
import { mrkdwn } from "./mrkdwn.js";
import { dot, initials, nameOf, stateOf, tierTag } from "./people.js";
import { refresh } from "./reading.js";
import { agentOf, draw, offersTo, ownedBy, personOf, placeOf, s, ui } from "./state.js";
import { confirm } from "./dialogs.js";
import { at, day, hm } from "./time.js";
import { toast } from "./toast.js";

const QUICK = ["eyes", "white_check_mark", "+1"];
let wanted = null;

/** Becomes this person, in their conversation with the app. */
export function be(who, place) {
  const person = personOf(who);
  if (!person) return;
  const next = place ?? person.dm;
  const same = who === s.slack.who && next === s.slack.place;
  Object.assign(s.slack, { who, place: next, thread: "", messages: same ? s.slack.messages : [], views: [], answers: [], editing: null });
  refresh("slack");
  draw();
}

/** Becomes this person and goes to their newest live offer, or their messages. */
export function answerAs(who) {
  ui.tab = "slack";
  be(who);
  focusSoon(() => (s.slack.messages.length ? [...document.querySelectorAll('#slack [data-action="offer.accept"]:not([disabled])')].at(-1) : null), "#slack-text");
}

// Puts the focus on what `find` finds, as soon as it is there; on `otherwise` after 2 s. The first look comes
// after the next drawing: what stands there now may be what is being left.
function focusSoon(find, otherwise, tries = 25) {
  setTimeout(() => {
    const el = find();
    if (el) {
      el.scrollIntoView({ block: "nearest" });
      el.focus();
    } else if (tries > 0) focusSoon(find, otherwise, tries - 1);
    else if (otherwise) document.querySelector(otherwise)?.focus();
  }, 80);
}

export function goTo(place, thread = "") {
  Object.assign(s.slack, { place, thread, messages: place === s.slack.place ? s.slack.messages : [], answers: [] });
  refresh("slack");
  draw();
}

const about = (m) => m.metadata?.event_payload?.contact ?? m.metadata?.contact;
const isAbout = (m, id) => !m.thread_ts && !m.deleted && about(m) !== undefined && String(about(m)) === String(id);

async function findThread(id) {
  const all = await Promise.all(s.places.map((place) => stage("/slack/messages", { channel: place.id })));
  // A contact that moved to another team has a thread in each place: the newest one is alive.
  const parents = all.flat().filter((m) => isAbout(m, id)).sort((a, b) => at(b.ts) - at(a.ts));
  return parents[0] ? { place: parents[0].channel, ts: parents[0].ts } : null;
}

/** Opens a contact's thread as its owner. */
export async function openThreadOf(contact) {
  ui.tab = "slack";
  if (contact.owner?.slack && contact.owner.slack !== s.slack.who) be(contact.owner.slack);
  wanted = { id: contact.id, until: Date.now() + 8000 };
  draw();
  await chase();
}

// After an accept the thread is made a moment later: look until it is there, then go.
async function chase() {
  const mine = wanted;
  while (mine && mine === wanted && Date.now() < mine.until) {
    const found = await findThread(mine.id).catch(() => null);
    if (mine !== wanted) return;
    if (found) {
      wanted = null;
      goTo(found.place, found.ts);
      announce(`Thread opened in ${placeOf(found.place)?.name ?? "Slack"}`);
      return focusSoon(() => document.getElementById("slack-text"), "");
    }
    await new Promise((done) => setTimeout(done, 250));
  }
}

async function press(message, what) {
  const contact = about(message);
  const done = await act("/slack/act", { user: s.slack.who, channel: message.channel, ts: message.ts, action_id: what.action_id, block_id: what.block_id, value: what.value });
  refresh("slack", "contacts", "agents");
  if (done && what.action_id === "offer.accept" && contact) {
    wanted = { id: contact, until: Date.now() + 8000 };
    await chase();
  }
}

/** Types a slash command as the present person; its answer is shown to them alone. */
export async function command(text, thread = "") {
  const [name, ...rest] = text.trim().split(/\s+/);
  const answer = await act("/slack/command", { user: s.slack.who, channel: s.slack.place, thread_ts: thread || undefined, command: name, text: rest.join(" ") });
  if (!answer) return false;
  const shown = answer.response ?? answer.answer ?? answer;
  const note = typeof shown === "string" ? { text: shown } : shown;
  if (!note.ts && (note.text || note.blocks)) {
    s.slack.answers = [...s.slack.answers.slice(-4), { id: `a${Date.now()}`, typed: text.trim(), text: note.text ?? "", blocks: note.blocks ?? null }];
    announce(note.text ?? "Answered");
  }
  refresh("slack", "agents", "contacts", "services");
  return true;
}

async function say(event) {
  event.preventDefault();
  const box = event.target.elements.text;
  const text = box.value;
  if (!text.trim()) return;
  const { who, place, thread, editing } = s.slack;
  const done = editing ? await act("/slack/edit", { user: who, ...editing, text }) : text.startsWith("/") && !text.startsWith("//") ? await command(text, thread)
    : await act("/slack/reply", { user: who, channel: place, thread_ts: thread || undefined, text });
  if (done && box.value === text) {
    box.value = "";
    s.slack.editing = null;
  }
  refresh("slack", "contacts");
  box.focus();
}

function edit(m) {
  s.slack.editing = { channel: m.channel, ts: m.ts };
  draw();
  const box = document.getElementById("slack-text");
  box.value = m.text;
  box.focus();
}

/** Stops editing a message; false where none was being edited. */
export function stopEditing() {
  if (!s.slack.editing) return false;
  s.slack.editing = null;
  document.getElementById("slack-text").value = "";
  draw();
  return true;
}

async function remove(m) {
  const sure = await confirm({ title: "Delete this message?", text: "As in Slack: a text already on its way to the customer isn't called back.", confirm: "Delete", style: "danger" });
  if (sure && await act("/slack/delete", { user: s.slack.who, channel: m.channel, ts: m.ts })) refresh("slack");
}

async function react(m, name) {
  const mine = allReactions(m).some((r) => r.name === name && r.users?.includes(s.slack.who));
  if (await act("/slack/react", { user: s.slack.who, channel: m.channel, ts: m.ts, name, ...(mine ? { remove: true } : {}) })) refresh("slack");
}

// As in Slack, what the app took back is gone; what a person took back leaves a mark here, for whoever watches.
const visible = (m) => (!m.ephemeral_to || m.ephemeral_to === s.slack.who) && !(m.deleted && (m.ephemeral_to || !human(m)) && !s.slack.messages.some((r) => r.thread_ts === m.ts && r.ts !== m.ts));
const human = (m) => Boolean(personOf(m.user));

const allReactions = (m) => (Array.isArray(m.reactions) ? m.reactions : Object.entries(m.reactions ?? {}).map(([name, users]) => ({ name, users })));

function reactions(m) {
  const all = allReactions(m);
  if (!all.length) return null;
  return h("div", { class: "reactions" }, all.map((r) => h("button", { class: "reaction", key: r.name, onclick: () => react(m, r.name), "aria-label": `${r.name}, ${r.count ?? r.users?.length ?? 1}: add yours` },
    emoji(r.name), " ", r.count ?? r.users?.length ?? 1)));
}

function tools(m) {
  if (m.deleted || m.ephemeral_to) return null;
  return h("div", { class: "msg-tools", role: "group", "aria-label": "This message" },
    QUICK.map((name) => h("button", { class: "icon", key: name, "aria-label": `React with ${name}`, onclick: () => react(m, name) }, emoji(name))),
    s.slack.thread || m.channel?.startsWith("D") ? null : h("button", { class: "icon", key: "thread", "aria-label": "Reply in thread", onclick: () => goTo(m.channel, m.thread_ts ?? m.ts) }, "💬"),
    m.user === s.slack.who ? [h("button", { class: "icon", key: "edit", "aria-label": "Edit", onclick: () => edit(m) }, "✏️"),
      h("button", { class: "icon", key: "delete", "aria-label": "Delete", onclick: () => remove(m) }, "🗑️")] : null);
}

function body(m) {
  if (m.deleted) return h("p", { class: "gone" }, "This message was deleted.");
  const blocks = typeof m.blocks === "string" ? JSON.parse(m.blocks || "[]") : (m.blocks ?? []);
  if (blocks.length) return h("div", { class: "msg-blocks" }, blocks.map((b) => block(b, (what) => press(m, what))));
  return h("div", { class: "msg-text", dir: "auto" }, mrkdwn(m.text));
}

function replyCount(m, all) {
  const replies = all.filter((r) => r.thread_ts === m.ts && r.ts !== m.ts && !r.deleted && visible(r));
  if (s.slack.thread || m.channel?.startsWith("D") && !replies.length) return null;
  if (!replies.length) return null;
  return h("button", { class: "replies", onclick: () => goTo(m.channel, m.ts) }, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`, h("span", null, `last ${hm(replies.at(-1).ts)}`));
}

function message(m, all, before) {
  const person = personOf(m.user);
  const who = person?.name ?? "Tierline";
  const close = before && before.user === m.user && at(m.ts) - at(before.ts) < 240000 && !m.ephemeral_to && !before.ephemeral_to && human(m);
  const offer = JSON.stringify(m.blocks ?? "").includes("offer.accept");
  return [!before || day(before.ts) !== day(m.ts) ? h("div", { class: "msg-day", key: `d${m.ts}` }, h("span", null, day(m.ts))) : null,
    h("article", { key: `${m.channel}${m.ts}`, "data-ts": m.ts, class: `msg ${m.ephemeral_to ? "ephemeral" : ""} ${close ? "close" : ""} ${offer ? "offer" : ""}`, "aria-label": `${who}, ${hm(m.ts)}` },
      h("span", { class: `msg-face ${person ? "" : "app"}`, "aria-hidden": "true" }, person ? initials(person.name) : "≡"),
      h("div", { class: "msg-main" },
        m.ephemeral_to ? h("div", { class: "only-you" }, "Only visible to you") : null,
        close ? null : h("div", { class: "msg-head" }, h("b", null, who), person ? null : h("span", { class: "app-tag" }, "APP"), h("time", null, hm(m.ts))),
        body(m), m.edited && !m.deleted ? h("span", { class: "edited" }, "(edited)") : null,
        (m.files ?? []).map((f) => h("span", { class: "media", key: f.id ?? f.name }, "📎 ", f.name ?? f.title ?? "file")),
        reactions(m), replyCount(m, all)),
      tools(m))];
}

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
  const { thread, messages } = s.slack;
  if (thread) return messages.filter((m) => visible(m) && (m.ts === thread || m.thread_ts === thread));
  const dm = s.slack.place.startsWith("D");
  return messages.filter((m) => visible(m) && (!m.thread_ts || m.thread_ts === m.ts || (m.ephemeral_to && dm)));
}

function personRow(p) {
  const state = stateOf(p.slack);
  const asked = offersTo(p.slack).length;
  const mine = p.slack === s.slack.who;
  return h("li", { key: p.slack }, h("button", { class: `person ${mine ? "on" : ""}`, "data-item": true, "data-person": p.slack, "aria-pressed": String(mine), onclick: () => be(p.slack),
    "aria-label": `${p.name}${p.tier ? `, ${p.tier}` : ""}${state ? `, ${state}` : ""}${asked ? ", has an offer" : ""}` },
    dot(state), h("span", { class: "person-name" }, p.name), asked ? h("span", { class: "badge" }, asked) : tierTag(p.tier)));
}

function sidebar() {
  const me = personOf(s.slack.who);
  const { place, thread } = s.slack;
  const item = (id, label, on, go, badge) => h("li", { key: id }, h("button", { class: `place ${on ? "on" : ""}`, "data-item": true, "aria-current": on ? "page" : null, onclick: go }, h("span", null, label), badge ? h("span", { class: "badge" }, badge) : null));
  const own = ownedBy(s.slack.who);
  return h("nav", { class: "rail-bar", "aria-label": "Slack" },
    h("div", { class: "rail-group people-group" }, h("h3", null, "You are"), h("ul", { "data-rove": "both" }, s.people.map(personRow))),
    h("div", { class: "rail-group" }, h("h3", null, "Places"), h("ul", { "data-rove": "both" },
      me ? item("dm", "✉ Tierline", place === me.dm, () => goTo(me.dm), offersTo(s.slack.who).length) : null,
      s.places.map((c) => item(c.id, `# ${c.name}`, place === c.id && !thread, () => goTo(c.id))),
      own.map((c) => item(`t${c.id}`, `↳ ${nameOf(c)}`, false, () => openThreadOf(c))))));
}

function presence() {
  const me = personOf(s.slack.who);
  if (!me) return null;
  const state = stateOf(me.slack);
  const agent = agentOf(me.slack);
  const set = (word) => () => command(`/tierline ${word}`);
  return h("div", { class: "presence", role: "group", "aria-label": `${me.name}'s presence` },
    h("span", { class: "me" }, dot(state), h("b", null, me.name), h("span", null, [state, agent ? `load ${agent.load ?? 0}/${agent.budget ?? 100}` : null].filter(Boolean).join(" · "))),
    h("span", { class: "presence-buttons" },
      state === "offline" || state === "away" || !state ? h("button", { class: "small primary", key: "on", id: "go-available", onclick: set("available") }, "Go available") : h("button", { class: "small quiet", key: "away", onclick: set("away 15m") }, "Away"),
      state && state !== "offline" ? h("button", { class: "small quiet", key: "off", onclick: set("offline") }, "Offline") : null));
}

const emptyPlace = () => h("div", { class: "slack-empty" }, h("p", null, h("b", null, s.slack.place.startsWith("D") ? "Offers arrive here." : "Threads open here.")),
  h("p", null, s.slack.place.startsWith("D") ? "Go available, then send a text from the customer's phone: the offer comes to whoever suits it best, in person." : "At the first accept, a contact gets a thread in its owner's team channel."));

export function slack() {
  const { place, thread, who } = s.slack;
  const where = placeOf(place);
  const all = shown();
  const title = thread ? "Thread" : where ? `#${where.name}` : "Tierline (direct messages)";
  return h("section", { id: "slack", class: `col slack ${ui.tab === "slack" ? "on" : ""}`, "aria-labelledby": "slack-title", tabindex: "-1" },
    h("header", { class: "col-head" }, h("h2", { id: "slack-title" }, "Slack"), presence(), h("kbd", { class: "hint", "aria-hidden": "true" }, "3")),
    phoneLines(),
    h("div", { class: "slack-body" }, sidebar(),
      h("div", { class: "channel" },
        h("div", { class: "channel-head" }, thread ? h("button", { class: "icon", key: "back", "aria-label": "Back to the channel", onclick: () => goTo(place) }, "‹") : null,
          h("b", null, title), thread && where ? h("span", null, `#${where.name}`) : null),
        h("div", { class: "messages", key: `m${who}${place}${thread}`, "data-stick": "slack", tabindex: "0", role: "log", "aria-label": `${title}, messages` },
          wanted ? h("p", { class: "opening", role: "status" }, "Opening the thread…") : null,
          all.length || s.slack.answers.length ? all.map((m, i) => message(m, s.slack.messages, all[i - 1])) : emptyPlace(), answers()),
        s.slack.editing ? h("p", { class: "editing", key: "editing" }, "Editing your message. ", h("button", { class: "linkish", onclick: stopEditing }, "Cancel (Esc)")) : null,
        h("form", { class: "compose slack-compose", onsubmit: say },
          h("label", { class: "sr", for: "slack-text" }, thread ? "Reply in the thread" : `Message ${title}, or a /command`),
          h("textarea", { id: "slack-text", name: "text", rows: "1", autocomplete: "off", placeholder: thread ? "Reply…  (// keeps it inside)" : "Message, or /tierline status",
            onkeydown: (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); e.target.form.requestSubmit(); } } }),
          h("button", { class: "send", "aria-label": thread ? "Send reply" : "Send message" }, h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: "M10 16V4m0 0L5 9m5-5 5 5" })))))));
}
