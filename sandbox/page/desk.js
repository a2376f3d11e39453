// What a person does in Slack: who one is now and where one looks, what one presses, types, chooses and shares.

import { act, stage } from "./api.js";
import { confirm } from "./dialogs.js";
import { announce } from "./dom.js";
import { refresh } from "./reading.js";
import { draw, homeOf, personOf, placeOf, roomsOf, s, ui } from "./state.js";
import { at } from "./time.js";

let wanted = null;
/** Whether a contact's thread is being looked for. */
export const opening = () => wanted !== null;

// Everybody's place, thread and half-typed words are as they left them: one plays several people at once.
function leave() {
  const { who, place, thread, tab } = s.slack;
  if (who) s.slack.kept.set(who, { place, thread, tab });
}

/** What was typed and not sent, by person and place. */
export const draftAt = () => `${s.slack.who}|${s.slack.place}|${s.slack.thread}`;

/** Becomes this person, where they last were; with `place`, there. */
export function be(who, place) {
  const person = personOf(who);
  if (!person) return;
  leave();
  const before = s.slack.kept.get(who);
  const next = place ? { place, thread: "", tab: "messages" } : before ?? { place: person.dm || roomsOf(who)[0]?.id || "", thread: "", tab: s.slack.tab };
  if (next.tab === "home" && next.place !== person.dm) next.tab = "messages";
  const same = who === s.slack.who && next.place === s.slack.place;
  Object.assign(s.slack, { who, ...next, messages: same ? s.slack.messages : [], home: null, views: [], answers: [], files: [], editing: null });
  if (next.tab === "home") tellHome("home");
  refresh("slack");
  draw();
}

/** Becomes this person and goes to their newest live offer, or their messages. */
export function answerAs(who) {
  ui.tab = "slack";
  be(who, personOf(who)?.dm);
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
  Object.assign(s.slack, { place, thread, tab: "messages", messages: place === s.slack.place ? s.slack.messages : [], answers: [], files: [], editing: null });
  refresh("slack");
  draw();
}

// Slack tells the app whenever somebody comes to one of its tabs, and never when they go.
const tellHome = (tab) => act("/slack/home", { user: s.slack.who, tab }).then((done) => { if (done) refresh("slack"); });

/** Opens the app's tab `home` or `messages` as the present person. */
export function openTab(tab) {
  const dm = personOf(s.slack.who)?.dm;
  if (!dm) return;
  if (s.slack.place !== dm || s.slack.thread) goTo(dm);
  Object.assign(s.slack, { tab, home: tab === "home" ? s.slack.home : null, editing: null });
  tellHome(tab);
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
  if (mine === wanted) wanted = null;
}

/** Presses or chooses something in a message; an accepted offer leads to its thread. */
export async function press(message, what) {
  const contact = about(message);
  const done = await act("/slack/act", { user: s.slack.who, channel: message.channel, ts: message.ts, action_id: what.action_id, block_id: what.block_id, value: what.value });
  refresh("slack", "contacts", "agents");
  if (done && what.action_id === "offer.accept" && contact) {
    wanted = { id: contact, until: Date.now() + 8000 };
    await chase();
  }
}

/** Presses or chooses something in a view: a modal or the Home. */
export async function pressIn(view, what) {
  await act("/slack/act", { user: s.slack.who, view_id: view.id, action_id: what.action_id, block_id: what.block_id, value: what.value });
  refresh("slack", "contacts", "agents");
}

/** Types a slash command as the present person; its answer is shown to them alone. */
export async function command(text, thread = "") {
  const [name, ...rest] = text.trim().split(/\s+/);
  const place = homeOf(s.slack.who) || s.slack.place;
  const answer = await act("/slack/command", { user: s.slack.who, channel: s.slack.tab === "home" ? place : s.slack.place, thread_ts: thread || undefined, command: name, text: rest.join(" ") });
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

/** Sends what stands in the box: a command, an edit, files, or a message. */
export async function say(event) {
  event.preventDefault();
  const box = event.target.elements.text;
  const text = box.value;
  const { who, place, thread, editing, files } = s.slack;
  if (!text.trim() && !files.length) return;
  const draft = draftAt();
  const there = { user: who, channel: place, thread_ts: thread || undefined };
  let done;
  if (editing) done = await act("/slack/edit", { user: who, ...editing, text });
  else if (files.length) done = await act("/slack/upload", { ...there, text, files: files.map(({ name, base64 }) => ({ filename: name, base64 })) });
  else if (text.startsWith("/") && !text.startsWith("//")) done = await command(text, thread);
  else done = await act("/slack/reply", { ...there, text });
  if (done) {
    if (box.value === text) box.value = "";
    s.slack.drafts.delete(draft);
    s.slack.editing = null;
    if (files.length) s.slack.files = [];
  }
  refresh("slack", "contacts");
  if (box.isConnected) box.focus();
}

export function edit(m) {
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
  const box = document.getElementById("slack-text");
  if (box) box.value = "";
  draw();
  return true;
}

export async function remove(m) {
  const sure = await confirm({ title: "Delete this message?", text: "As in Slack: a text already on its way to the customer isn't called back.", confirm: "Delete", style: "danger" });
  if (sure && await act("/slack/delete", { user: s.slack.who, channel: m.channel, ts: m.ts })) refresh("slack");
}

/** Who put which emoji there: `[{name, users, count}]`. */
export const reactionsOf = (m) => (Array.isArray(m.reactions) ? m.reactions : Object.entries(m.reactions ?? {}).map(([name, users]) => ({ name, users })));

/** Puts an emoji there, or takes it off again. */
export async function react(m, name) {
  const mine = reactionsOf(m).some((r) => r.name === name && r.users?.includes(s.slack.who));
  if (await act("/slack/react", { user: s.slack.who, channel: m.channel, ts: m.ts, name, ...(mine ? { remove: true } : {}) })) refresh("slack");
}

/** Chooses a shortcut of the app: on a message, or without one. */
export async function shortcut(callbackId, m = null) {
  const done = await act("/slack/shortcut", { user: s.slack.who, callback_id: callbackId, ...(m ? { channel: m.channel, ts: m.ts } : {}) });
  if (done) refresh("slack", "contacts", "agents");
}
