// The queue, alive: a line per service on which contacts move towards the instant their answer is due,
// and beneath it who waits, who is asked, who is talking, and who could be.

import { h } from "./dom.js";
import { openDrawer } from "./drawer.js";
import { prefill } from "./phone.js";
import { dot, initials, nameOf, tierTag } from "./people.js";
import { draw, offersTo, s, ui } from "./state.js";
import { answerAs, openThreadOf } from "./desk.js";
import { everybody } from "./stagebar.js";
import { at, now, span, when, words } from "./time.js";

const SHOWN = 6;
const total = new Map();

const waits = (c) => c.state === "waiting";
const inState = (state) => s.contacts.filter((c) => c.state === state);

function promiseText(promise) {
  if (promise === null || promise === undefined || promise === "") return "";
  // The stage's door is the text; a service may promise each channel something else.
  const texts = typeof promise === "object" ? (promise.sms ?? Object.values(promise)[0]) : promise;
  return `answer within ${typeof texts === "number" ? words(texts * 1000) : texts}`;
}

/** Where on its line a contact stands, in percent: 28 is the due mark, right of it time is left, left of it it is late. */
function place(c) {
  const due = at(c.due);
  if (!Number.isFinite(due)) return 62;
  const whole = Math.max(due - at(c.arrived), 30000);
  const left = (due - now()) / whole;
  return left >= 0 ? 28 + 68 * Math.min(1, left) : 28 - 25 * (1 - Math.exp(left));
}

function dueChip(c) {
  const due = at(c.due);
  if (!Number.isFinite(due)) return null;
  const left = due - now();
  const mood = left < 0 ? "late" : left < 15000 ? "soon" : "";
  return h("span", { class: `due ${mood}` }, left < 0 ? `late ${span(-left)}` : left > 36e5 ? `due ${when(due)}` : `${span(left)} left`);
}

// Contacts that stand at the same place make a swarm, so that fifty look like fifty.
const ROWS = [0, -11, 11, -22, 22];
function swarm(list) {
  const seen = new Map();
  return [...list].sort((a, b) => (at(b.due) || 0) - (at(a.due) || 0)).slice(0, 150).map((c) => {
    const x = place(c);
    const slot = Math.round(x / 3);
    const k = seen.get(slot) ?? 0;
    seen.set(slot, k + 1);
    return { c, left: `calc(${x.toFixed(2)}% - ${Math.floor(k / 5) * 11}px)`, top: ROWS[k % 5] };
  });
}

function lineOf(service) {
  const mine = s.contacts.filter((c) => c.service === service.name && ["waiting", "offered"].includes(c.state));
  const waiting = mine.length;
  return h("li", { key: service.name, class: `lane ${service.open === false ? "shut" : ""}` },
    h("div", { class: "lane-head" }, h("b", null, service.name),
      service.open === false ? h("span", { class: "tag shut" }, service.next_open ? `closed until ${when(service.next_open)}` : "closed") : h("span", { class: "tag open" }, "open"),
      h("span", { class: "lane-promise" }, promiseText(service.promise)),
      h("span", { class: "lane-count" }, waiting ? `${waiting} in line` : "nobody waits")),
    h("div", { class: `track ${mine.length > 2 ? "busy-track" : ""} ${mine.length > 10 ? "crowd" : ""}`, "aria-hidden": "true" }, h("i", { class: "rail" }), h("i", { class: "mark" }),
      swarm(mine).map(({ c, left, top }) => h("i", { key: c.id, class: `bead ${c.state} ${at(c.due) < now() ? "late" : ""}`, style: { left, "margin-top": `${top}px` }, title: nameOf(c), onclick: () => openDrawer(c.id) }))));
}

function lines() {
  const services = s.services.length ? s.services : [...new Set(s.contacts.map((c) => c.service).filter(Boolean))].map((name) => ({ name }));
  if (!services.length) return null;
  return h("div", { class: "lanes-box" },
    h("div", { class: "lanes-legend", "aria-hidden": "true" }, h("span", null, "late"), h("span", { class: "at-due" }, "answer due"), h("span", null, "just arrived")),
    h("ul", { class: "lanes", "aria-label": "Lines by service" }, services.map(lineOf)));
}

function avatar(c) {
  return h("span", { class: "face", "aria-hidden": "true" }, initials(nameOf(c)));
}

function contactButton(c, ...extra) {
  return h("button", { class: "contact", "data-item": true, "data-contact": c.id, onclick: () => openDrawer(c.id), "aria-label": `${nameOf(c)}, ${c.state}: why?` },
    avatar(c),
    h("span", { class: "contact-main" },
      h("span", { class: "contact-top" }, h("b", null, nameOf(c)), c.number ? h("span", { class: "num" }, `#${c.number}`) : null, c.language ? h("span", { class: "lang" }, c.language) : null),
      h("span", { class: "contact-text", dir: "auto" }, c.last_text || "…")),
    h("span", { class: "contact-side" }, extra));
}

function section(id, title, count, body, empty) {
  return h("section", { class: `lot ${id} ${count ? "" : "none"}`, key: id, "aria-labelledby": `lot-${id}` },
    h("h3", { id: `lot-${id}` }, title, count ? h("span", { class: "count" }, count) : null),
    count ? body : typeof empty === "string" ? h("p", { class: "empty" }, empty) : empty);
}

function waitingByService() {
  const all = s.contacts.filter(waits).sort((a, b) => (at(a.rank) || at(a.due) || 0) - (at(b.rank) || at(b.due) || 0));
  const names = [...new Set(all.map((c) => c.service ?? "unsorted"))];
  const body = names.map((name) => {
    const mine = all.filter((c) => (c.service ?? "unsorted") === name);
    const open = ui.more.has(name);
    return h("div", { class: "by-service", key: name }, h("h4", null, name, h("span", { class: "count" }, mine.length)),
      h("ol", { "data-rove": "vertical", "aria-label": `Waiting for ${name}, first in line first` }, mine.slice(0, open ? 200 : SHOWN).map((c) => h("li", { key: c.id }, contactButton(c,
        h("span", { class: "step" }, c.steps ? `step ${c.step ?? 1}/${c.steps}` : null), dueChip(c), h("span", { class: "since" }, `waits ${span(now() - at(c.arrived))}`))))),
      mine.length > SHOWN ? h("button", { class: "linkish", onclick: () => { open ? ui.more.delete(name) : ui.more.add(name); draw(); } }, open ? "show fewer" : `${mine.length - SHOWN} more in line`) : null);
  });
  const nobody = s.agents.length > 0 && !s.agents.some((a) => a.presence === "available" || a.state === "available");
  const teach = () => { ui.tab = "phone"; draw(); setTimeout(() => prefill("My server is down"), 60); };
  return section("waiting", "Waiting", all.length, body, s.contacts.length ? "nobody waits" : h("div", { class: "teach" },
    h("p", null, nobody ? "Nobody waits, and nobody is available yet." : "Nobody waits. Send a text or call from the phone and watch it find its way."),
    h("div", { class: "row wrap" }, nobody ? h("button", { key: "all", class: "quiet", onclick: everybody }, "Make everybody available") : null,
      h("button", { key: "text", class: "quiet", onclick: teach }, "Send “My server is down”"))));
}

function ring(offer) {
  const end = at(offer.deadline);
  if (!Number.isFinite(end) || offer.state === "delivering") return h("span", { class: "ring-wait" }, "being told…");
  const left = end - now();
  const key = `${offer.offer}:${offer.deadline}`;
  if (!total.has(key)) { total.set(key, Math.max(left, 1000)); if (total.size > 400) total.delete(total.keys().next().value); }
  const share = Math.max(0, Math.min(1, left / total.get(key)));
  return h("span", { class: `ring ${left < 10000 ? "late" : ""}`, role: "img", "aria-label": `${span(left)} left to accept` },
    h("svg", { viewBox: "0 0 36 36", "aria-hidden": "true" }, h("circle", { cx: 18, cy: 18, r: 15.5, class: "ring-back" }),
      h("circle", { cx: 18, cy: 18, r: 15.5, class: "ring-left", pathLength: 100, "stroke-dasharray": `${(share * 100).toFixed(1)} 100` })),
    h("b", { "aria-hidden": "true" }, Math.max(0, Math.ceil(left / 1000))));
}

function offered() {
  const all = inState("offered");
  const body = h("ul", null, all.map((c) => h("li", { key: c.id, class: "offer-card" }, contactButton(c),
    (c.offers ?? []).map((o) => h("div", { class: "offer-to", key: o.offer }, ring(o),
      h("button", { class: "small primary", "data-answer": c.id, onclick: () => answerAs(o.agent?.slack) }, `Answer as ${o.agent?.name}`))))));
  return section("offered", "Offered", all.length, body, "nobody is being asked");
}

function talking() {
  const all = s.contacts.filter((c) => ["active", "wrapping"].includes(c.state));
  const body = h("ul", null, all.map((c) => h("li", { key: c.id, class: "active-card" },
    contactButton(c, h("span", { class: `owner ${c.state}` }, c.state === "wrapping" ? "wrapping up" : "with", " ", h("b", null, c.owner?.name ?? "…"))),
    c.owner ? h("button", { class: "small quiet", onclick: () => openThreadOf(c), "aria-label": `Open ${nameOf(c)}'s thread as ${c.owner.name}` }, "Thread") : null)));
  return section("active", "Talking", all.length, body, "nobody has accepted anything yet");
}

function later() {
  const all = s.contacts.filter((c) => ["snoozed", "parked"].includes(c.state));
  if (!all.length) return null;
  return section("later", "Later", all.length, h("ul", { "data-rove": "vertical" }, all.map((c) => h("li", { key: c.id }, contactButton(c,
    h("span", { class: "since" }, c.state, c.wake ? ` until ${when(c.wake)}` : c.owner ? `, ${c.owner.name}` : null))))), "");
}

function ended() {
  if (!s.closed.length) return null;
  const all = [...s.closed].reverse();
  return h("details", { class: "lot ended", key: "ended" }, h("summary", null, "Closed today", h("span", { class: "count" }, all.length)),
    h("ul", { "data-rove": "vertical" }, all.slice(0, 40).map((c) => h("li", { key: c.id }, contactButton(c, h("span", { class: "since" }, c.state === "closed" ? (c.owner?.name ?? "closed") : c.state))))));
}

function agentTile(a) {
  const state = a.state ?? a.presence;
  const share = Math.min(100, Math.round(100 * (a.load ?? 0) / (a.budget || 100)));
  const asked = offersTo(a.slack).length;
  return h("li", { key: a.slack ?? a.name }, h("button", { class: `agent ${asked ? "asked" : ""} ${state === "available" ? "" : "dim"}`, "data-item": true, onclick: () => answerAs(a.slack),
    title: `Be ${a.name} in Slack`, "aria-label": `${a.name}, ${a.tier ?? ""} ${a.team ?? ""}, ${state}, load ${a.load ?? 0} of ${a.budget ?? 100}: be them in Slack` },
    h("span", { class: "agent-top" }, dot(state), h("b", null, a.name), tierTag(a.tier)),
    h("span", { class: "agent-sub" }, asked ? "has an offer" : state, h("span", null, a.team)),
    h("span", { class: "load" }, h("i", { class: share > 85 ? "high" : "", style: { width: `${share}%` } }))));
}

function agents() {
  if (!s.agents.length) return null;
  const on = s.agents.filter((a) => (a.state ?? a.presence) === "available").length;
  const order = { available: 0, draining: 1, full: 1, wrapping: 2, away: 3, offline: 4, "off shift": 5 };
  const all = [...s.agents].sort((a, b) => String(a.tier).localeCompare(String(b.tier)) || String(a.name).localeCompare(String(b.name)) || (order[a.state] ?? 9) - (order[b.state] ?? 9));
  return h("section", { class: "lot people", key: "people", "aria-labelledby": "lot-people" },
    h("h3", { id: "lot-people" }, "Agents", h("span", { class: "count" }, `${on} of ${all.length} available`)),
    h("ul", { class: "agents", "data-rove": "grid" }, all.map(agentTile)));
}

export function queue(drawer) {
  const n = (state) => inState(state).length;
  const free = s.agents.filter((a) => (a.state ?? a.presence) === "available").length;
  return h("section", { id: "queue", class: `col queue ${ui.tab === "queue" ? "on" : ""}`, "aria-labelledby": "queue-title", tabindex: "-1" },
    h("header", { class: "col-head" }, h("h2", { id: "queue-title" }, "The queue"),
      h("ul", { class: "pulse", "aria-label": "Now" },
        [["waiting", n("waiting")], ["offered", n("offered")], ["talking", n("active") + n("wrapping")], ["free", free]].map(([word, k]) => h("li", { key: word, class: k ? word : "none" }, h("b", null, k), " ", word))),
      h("kbd", { class: "hint", "aria-hidden": "true" }, "2")),
    h("div", { class: "scroll", tabindex: "0", "aria-label": "The queue's contents", role: "region" }, lines(), offered(), talking(), waitingByService(), later(), agents(), ended()),
    drawer);
}
