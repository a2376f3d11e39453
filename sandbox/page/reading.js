// How the page learns: one reader per slice of the state, each run at most once at a time, soon after it was asked for.

import { product, stage } from "./api.js";
import { draw, personOf, roomsOf, s, ui } from "./state.js";
import { setClock } from "./time.js";

// Until the product has met somebody in Slack it knows them by mail: the cast's id is the one to compare with.
function known(person) {
  if (!person || personOf(person.slack)) return person;
  return { ...person, slack: s.people.find((p) => p.name === person.name)?.slack ?? person.slack };
}
const meet = (c) => ({ ...c, owner: known(c.owner), offers: (c.offers ?? []).map((o) => ({ ...o, agent: known(o.agent) })) });

// The plan's people first, then whoever else is in Slack; the cast knows phones and tiers, Slack who is a guest.
function gather() {
  const seen = new Map(s.company.map((p) => [p.user, p]));
  const cast = [...(s.cast?.agents ?? []), ...(s.cast?.supervisors ?? [])].map((p) => ({ ...p, kind: seen.get(p.slack)?.kind ?? "member", dm: seen.has(p.slack) ? seen.get(p.slack).dm : p.dm }));
  const known = new Set(cast.map((p) => p.slack));
  s.people = [...cast, ...s.company.filter((p) => !known.has(p.user)).map((p) => ({ ...p, slack: p.user }))];
  if (s.ready && !personOf(s.slack.who) && s.people.length) Object.assign(s.slack, { who: s.people[0].slack, place: s.people[0].dm, thread: "", tab: "messages", messages: [] });
  s.places = s.rooms.length ? s.rooms : (s.cast?.channels ?? []);
}

const heard = new Map();
const list = (value, name) => (Array.isArray(value) ? value : (value?.[name] ?? []));
const ENDS = new Set(["closed", "abandoned", "dead-letter"]);

const readers = {
  async state() {
    const cast = await stage("/state");
    setClock(cast.time, cast.timezone);
    s.cast = cast;
    gather();
    s.phone.me ||= cast.customers?.[0]?.phone ?? "+4915110000001";
    if (!cast.numbers?.includes(s.phone.to)) s.phone.to = cast.numbers?.[0] ?? "";
    s.slack.who ||= (personOf(ui.solo) ?? s.people[0])?.slack ?? "";
    s.slack.place ||= personOf(s.slack.who)?.dm || roomsOf(s.slack.who)[0]?.id || "";
    s.ready = true;
  },
  async company() {
    const [people, rooms, app] = await Promise.all([stage("/slack/people"), stage("/slack/channels"), stage("/slack/app")]);
    s.company = list(people, "people");
    s.rooms = list(rooms, "channels").map((c) => ({ ...c, id: c.channel }));
    s.app = { shortcuts: list(app?.shortcuts), home_tab: app?.home_tab ?? false };
    gather();
  },
  async contacts() {
    const [open, ended] = await Promise.all([product("/contacts", { limit: 500 }), product("/contacts", { state: "closed", limit: 100 })]);
    const all = new Map([...list(ended, "contacts"), ...list(open, "contacts")].map((c) => [c.id, meet(c)]));
    s.contacts = [...all.values()].filter((c) => !ENDS.has(c.state));
    s.closed = [...all.values()].filter((c) => ENDS.has(c.state));
  },
  async agents() { s.agents = list(await product("/agents"), "agents").map(known); },
  async services() { s.services = list(await product("/services"), "services"); },
  async texts() {
    const me = s.phone.me;
    if (!me) return;
    const texts = await stage("/sms", { number: me });
    if (me === s.phone.me) s.phone.texts = texts;
  },
  async mails() {
    s.mail.me ||= s.cast?.customers?.[0]?.mail ?? "";
    const me = s.mail.me;
    if (!ui.mailing || !me.includes("@")) return;
    const [box, away] = await Promise.all([stage("/mail/box", { address: me }), stage("/mail/away")]);
    if (me === s.mail.me) Object.assign(s.mail, { box, away });
  },
  async calls() {
    const me = s.phone.me;
    if (!me) return;
    const [going, mine] = await Promise.all([stage("/calls"), stage("/calls", { number: me })]);
    s.calls = list(going, "calls").filter((c) => c.where !== "ended");
    if (me === s.phone.me) s.phone.calls = list(mine, "calls");
  },
  async slack() {
    const { who, place, tab } = s.slack;
    if (!who || !place) return;
    const [messages, views, home] = await Promise.all([
      stage("/slack/messages", { channel: place }), stage("/slack/views", { user: who }), tab === "home" ? stage("/slack/home", { user: who }) : null]);
    if (who !== s.slack.who || place !== s.slack.place) return;
    if (tab === "home" && s.slack.tab === "home") s.slack.home = home;
    s.slack.messages = list(messages, "messages").filter((m) => !m.ephemeral_to || m.ephemeral_to === who);
    for (const m of s.slack.messages) if (m.bot_id) s.bots.add(m.user);
    s.slack.views = list(views, "views").filter((v) => !s.slack.gone.has(v.id));
  },
  async drawer() {
    const id = s.drawer.id;
    if (!id) return;
    const [contact, why] = await Promise.all([product(`/contacts/${encodeURIComponent(id)}`), product(`/contacts/${encodeURIComponent(id)}/why`)]);
    if (id === s.drawer.id) Object.assign(s.drawer, { contact, why });
  },
  async faults() { s.faults = wrong(await stage("/faults")); },
  async wire() {
    if (ui.panel !== "wire") return;
    const since = s.wire.at(-1)?.n ?? 0;
    const fresh = await stage("/wire", { since });
    const known = new Set(s.wire.map((w) => w.n));
    s.wire = [...s.wire, ...list(fresh, "wire").filter((w) => !known.has(w.n))].slice(-400);
  },
};

/** What is wrong outside, in the words in which `POST /faults` takes it. */
function wrong({ twilio = {}, slack = {}, smtp = {}, receipts }) {
  const out = { twilio: {}, slack: {}, smtp: {} };
  if (smtp.fail && smtp.times !== 0) out.smtp = { fail: smtp.fail, times: smtp.times };
  for (const name of ["down", "drop_reply"]) if (smtp[name]) out.smtp[name] = true;
  if (twilio.fail && twilio.times !== 0) out.twilio = { fail: twilio.fail, times: twilio.times };
  if (twilio.delay) out.twilio.delay = typeof twilio.delay === "number" ? `${twilio.delay}s` : twilio.delay;
  if (twilio.drop_reply) out.twilio.drop_reply = true;
  if (slack.retry_after) out.slack.rate_limit = { retry_after: slack.retry_after };
  for (const name of ["down", "redeliver", "drop_reply"]) if (slack[name]) out.slack[name] = true;
  if (receipts === "manual") out.receipts = receipts;
  return out;
}

const dirty = new Set();
const running = new Set();
const listeners = [];
/** `call(name)` runs after a slice was read, before the drawing. */
export const afterRead = (call) => { listeners.push(call); };

/** Reads these slices anew, soon; a slice being read is read once more afterwards. */
export function refresh(...names) {
  for (const name of names.length ? names : Object.keys(readers)) dirty.add(name);
  setTimeout(run, 40);
}

function run() {
  for (const name of [...dirty]) {
    if (running.has(name)) continue;
    dirty.delete(name);
    running.add(name);
    readers[name]().then(() => heardOf(name), (trouble) => missed(name, trouble)).finally(() => {
      running.delete(name);
      draw();
      if (dirty.has(name)) setTimeout(run, 200);
    });
  }
}

function heardOf(name) {
  heard.delete(name);
  s.trouble = [...heard.values()][0] ?? "";
  for (const call of listeners) call(name);
}

// A slice that can't be read is one quiet line at the top, not a toast every two seconds.
function missed(name, trouble) {
  heard.set(name, trouble.message);
  s.trouble = trouble.message;
}

/** Reads one slice now and says whether it worked. */
export async function read(name) {
  try {
    await readers[name]();
    heardOf(name);
    draw();
    return true;
  } catch (trouble) {
    missed(name, trouble);
    draw();
    return false;
  }
}
