// The left side of Slack: who one is, the places that person is in, and their presence.

import { be, command, goTo, openTab, openThreadOf } from "./desk.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { dot, kindTag, kindWords, nameOf, stateOf, tierTag } from "./people.js";
import { agentOf, draw, offersTo, ownedBy, personOf, roomsOf, s, ui } from "./state.js";

function personRow(p) {
  const state = stateOf(p.slack);
  const asked = offersTo(p.slack).length;
  const mine = p.slack === s.slack.who;
  return h("li", { key: p.slack }, h("button", { class: `person ${mine ? "on" : ""}`, "data-item": true, "data-person": p.slack, "aria-pressed": String(mine), onclick: () => be(p.slack),
    "aria-label": [p.name, p.tier, kindWords(p), state, asked ? "has an offer" : ""].filter(Boolean).join(", ") },
    dot(state), h("span", { class: "person-name" }, p.name), asked ? h("span", { class: "badge" }, asked) : p.tier ? tierTag(p.tier) : kindTag(p, true)));
}

const roomName = (room) => `${room.private ? "🔒" : "#"} ${room.name}`;

/** People and places. */
export function rail() {
  const me = personOf(s.slack.who);
  const { place, thread, tab } = s.slack;
  const item = (id, label, on, go, badge, tag) => h("li", { key: id }, h("button", { class: `place ${on ? "on" : ""}`, "data-item": true, "data-place": id, "aria-current": on ? "page" : null, onclick: go }, h("span", null, label), tag ?? null, badge ? h("span", { class: "badge" }, badge) : null));
  const shared = (room) => (room.shared_with?.length ? h("span", { class: "shared-mark", role: "img", "aria-label": "shared with another company", title: `Shared with ${room.shared_with.join(", ")}` }, icon("shared")) : null);
  return h("nav", { class: "rail-bar", "aria-label": "Slack" },
    ui.solo ? null : h("div", { class: "rail-group people-group" }, h("h3", null, "You are"), h("ul", { "data-rove": "both" }, s.people.map(personRow)),
      h("button", { class: "person add-person", id: "bring-in", onclick: () => { ui.newcomer = true; draw(); } }, h("span", { "aria-hidden": "true" }, "+"), h("span", { class: "person-name" }, "Somebody new"))),
    h("div", { class: "rail-group" }, h("h3", null, "Places"), h("ul", { "data-rove": "both" },
      me?.dm && s.app.home_tab ? item("home", "⌂ Home", place === me.dm && tab === "home", () => openTab("home")) : null,
      me?.dm ? item("dm", "✉ Tierline", place === me.dm && tab !== "home", () => openTab("messages"), offersTo(s.slack.who).length) : null,
      roomsOf(s.slack.who).map((c) => item(c.id, roomName(c), place === c.id && !thread, () => goTo(c.id), 0, shared(c))),
      ownedBy(s.slack.who).map((c) => item(`t${c.id}`, `↳ ${nameOf(c)}`, false, () => openThreadOf(c))))));
}

/** Who one is, and what the product believes of them. */
export function presence() {
  const me = personOf(s.slack.who);
  if (!me) return null;
  const state = stateOf(me.slack);
  const agent = agentOf(me.slack);
  const set = (word) => () => command(`/tierline ${word}`);
  const works = (me.tier || agent) && me.dm;
  return h("div", { class: "presence", role: "group", "aria-label": `${me.name}'s presence` },
    h("span", { class: "me" }, dot(state), h("b", null, me.name), h("span", null, [state || kindWords(me) || (me.tier ? "" : "supervisor"), agent ? `load ${agent.load ?? 0}/${agent.budget ?? 100}` : null].filter(Boolean).join(" · "))),
    works ? h("span", { class: "presence-buttons" },
      state === "offline" || state === "away" || !state ? h("button", { class: "small primary", key: "on", id: "go-available", onclick: set("available") }, "Go available") : h("button", { class: "small quiet", key: "away", onclick: set("away 15m") }, "Away"),
      state && state !== "offline" ? h("button", { class: "small quiet", key: "off", onclick: set("offline") }, "Offline") : null) : null,
    ui.solo ? null : h("a", { class: "icon solo-link", key: "solo", href: `?as=${encodeURIComponent(me.slack)}`, target: "_blank", rel: "opener", "aria-label": `${me.name} in a window of their own`, title: "In a window of their own" }, icon("window")));
}
