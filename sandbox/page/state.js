// What the page knows, and when it redraws. Everything in `s` came from the API (reading.js), everything in `ui` from here.

/** The stage as last heard of. */
export const s = {
  bots: new Set(),
  ready: false, trouble: "", cast: null, people: [], places: [], live: "connecting",
  contacts: [], closed: [], agents: [], services: [], wire: [], faults: {},
  calls: [],
  phone: { me: "", to: "", texts: [], calls: [], last: "", custom: false },
  mail: { me: "", box: [], away: [], open: 0, view: "html", raw: "", writing: null, custom: false },
  slack: { who: "", place: "", thread: "", tab: "messages", home: null, messages: [], views: [], answers: [], files: [], editing: null, gone: new Set(), kept: new Map(), drafts: new Map() },
  company: [], rooms: [], app: { shortcuts: [], home_tab: false },
  drawer: { id: "", tab: "why", contact: null, why: null },
};
/** What only this page knows: which tab, which panel, what was clicked away. */
export const ui = { tab: "queue", panel: "", toasts: [], busy: new Set(), guideDone: new Set(), guideGone: false, filter: "", keysOff: false, more: new Set(), ask: null, help: false, calling: false, mailing: false, phone: "", menu: null, shortcuts: false, newcomer: false, newRoom: false, solo: "" };

let painter = () => {};
let asked = false;
const after = [];
export const onDraw = (paint) => { painter = paint; };
/** Redraws before the next frame; any number of calls make one drawing. */
export function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    painter();
    for (const then of after.splice(0)) then();
  });
}
/** Redraws, and does `then` in the same frame: whoever types on at once isn't interrupted by a focus that comes late. */
export function drawn(then) {
  after.push(then);
  draw();
}

/** Where everybody was and what they had typed is no more, once the stage was emptied. */
export function forgetSlack() {
  s.slack.kept.clear();
  s.slack.drafts.clear();
  Object.assign(s.slack, { place: homeOf(s.slack.who) || s.slack.place, thread: "", tab: "messages", home: null, files: [], answers: [], editing: null });
}

export const personOf = (id) => s.people.find((p) => p.slack === id);
export const agentOf = (id) => s.agents.find((a) => a.slack === id);
export const placeOf = (id) => s.places.find((c) => c.id === id);
/** The direct messages of this person with the app; "" for whoever uses no apps. */
export const homeOf = (id) => personOf(id)?.dm ?? "";
/** The channels that this person sees. */
export const roomsOf = (id) => s.places.filter((c) => !c.archived && (!c.members || c.members.includes(id)));
export const customerOf = (number) => s.cast?.customers?.find((c) => c.phone === number);
export const contactOf = (id) => s.contacts.find((c) => c.id === id) ?? s.closed.find((c) => c.id === id);
/** The live offer in front of this person, as the product's API lists it. */
export const offersTo = (id) => s.contacts.filter((c) => (c.offers ?? []).some((o) => o.agent?.slack === id && (o.state ?? "pending") === "pending"));
export const ownedBy = (id) => s.contacts.filter((c) => c.owner?.slack === id);
