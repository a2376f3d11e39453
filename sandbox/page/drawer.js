// One contact, opened: why it is where it is, what was said, what happened.

import { h } from "./dom.js";
import { nameOf } from "./people.js";
import { read } from "./reading.js";
import { contactOf, draw, s, ui } from "./state.js";
import { at, day, hms, now, span, when } from "./time.js";

const TABS = [["why", "Why"], ["transcript", "Transcript"], ["timeline", "Timeline"]];
let opener = null;

export function openDrawer(id, tab = "why") {
  opener = document.activeElement;
  s.drawer = { id, tab, contact: null, why: null };
  ui.tab = "queue";
  read("drawer");
  draw();
  setTimeout(() => document.getElementById("drawer")?.focus(), 60);
}

/** Closes the drawer and gives the focus back; false where it wasn't open. */
export function closeDrawer() {
  if (!s.drawer.id) return false;
  const id = s.drawer.id;
  s.drawer = { id: "", tab: "why", contact: null, why: null };
  draw();
  setTimeout(() => (opener?.isConnected ? opener : document.querySelector(`[data-contact="${CSS.escape(id)}"]`))?.focus(), 60);
  return true;
}

const tiers = (list) => (list ?? []).join(", ");
const reasonText = (a) => a.reason || "may take it now";

function stepLine(why) {
  const { step } = why;
  if (!step) return null;
  return h("p", null, h("b", null, `Step ${step.index ?? "?"}${step.of ? ` of ${step.of}` : ""}`), step.tiers?.length ? ` asks ${tiers(step.tiers)}` : "",
    step.opened ? `, open since ${hms(step.opened)}` : "", step.until ? `, until ${when(step.until)} (${at(step.until) > now() ? `in ${span(at(step.until) - now())}` : "now"})` : "");
}

function whyTab(why) {
  if (!why) return h("p", { class: "empty" }, "Asking…");
  return [why.text ? h("p", { class: "why-text" }, why.text) : null,
    h("dl", { class: "why-facts" },
      h("div", null, h("dt", null, "Rule"), h("dd", null, why.rule?.name ?? "none matched", why.rule?.line ? h("span", { class: "num" }, ` line ${why.rule.line}`) : null)),
      h("div", null, h("dt", null, "Service"), h("dd", null, why.service ?? "…")),
      h("div", null, h("dt", null, "Next change"), h("dd", null, why.next ? [h("b", null, at(why.next.at) > now() ? `in ${span(at(why.next.at) - now())}` : "now"), ` (${when(why.next.at)}): ${why.next.what}`] : "nothing by itself"))),
    stepLine(why),
    h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Why each agent, or why not" }, h("table", null,
      h("thead", null, h("tr", null, ["Agent", "First reason no", "Since", "Until"].map((t) => h("th", { scope: "col" }, t)))),
      h("tbody", null, (why.agents ?? []).map((a) => {
        const agent = typeof a.agent === "object" ? a.agent?.name : a.agent;
        return h("tr", { key: agent, class: a.reason ? "" : "can" }, h("th", { scope: "row" }, agent), h("td", null, reasonText(a)), h("td", null, a.since ? when(a.since) : "–"), h("td", null, a.until ? when(a.until) : "–"));
      })))),
    why.not_yet?.length ? h("p", { class: "small-print" }, `In the plan, but nothing acts on it yet: ${[...new Set(why.not_yet)].join("; ")}.`) : null];
}

function transcript(contact) {
  if (!contact?.transcript?.length) return h("p", { class: "empty" }, "Nothing said yet.");
  return h("ol", { class: "said" }, contact.transcript.map((m) => h("li", { key: m.n, class: m.direction },
    h("span", { class: "said-head" }, h("b", null, m.author || (m.direction === "in" ? "Customer" : "Tierline")), m.direction === "note" ? h("span", { class: "tag note" }, "note, stays inside") : null, h("time", null, hms(m.at))),
    h("span", { class: "said-text", dir: "auto" }, m.text),
    m.status ? h("span", { class: `receipt ${m.error ? "bad" : ""}` }, m.status, m.error ? `: ${m.error}` : null) : null)));
}

function timeline(contact) {
  if (!contact?.timeline?.length) return h("p", { class: "empty" }, "Nothing happened yet.");
  return h("ol", { class: "events" }, contact.timeline.map((e, i, all) => [
    !i || day(all[i - 1].at) !== day(e.at) ? h("li", { class: "events-day", key: `d${i}` }, day(e.at)) : null,
    h("li", { key: i }, h("time", null, hms(e.at)), h("span", { class: "event" }, e.event), h("span", null, e.text))]));
}

function tabKeys(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const i = TABS.findIndex(([id]) => id === s.drawer.tab);
  s.drawer.tab = TABS[(i + step + TABS.length) % TABS.length][0];
  draw();
  setTimeout(() => document.getElementById(`tab-${s.drawer.tab}`)?.focus(), 40);
}

export function drawer() {
  const { id, tab, contact, why } = s.drawer;
  if (!id) return null;
  const c = contact ?? contactOf(id) ?? {};
  const body = { why: () => whyTab(why), transcript: () => transcript(contact), timeline: () => timeline(contact) }[tab]();
  return h("aside", { key: "drawer", id: "drawer", class: "drawer", tabindex: "-1", "aria-labelledby": "drawer-title" },
    h("header", null, h("div", null, h("h3", { id: "drawer-title" }, c.customer ? nameOf(c) : "Contact", c.number ? h("span", { class: "num" }, ` #${c.number}`) : null),
      h("p", null, [c.state, c.service, c.channel, c.owner?.name ? `with ${c.owner.name}` : null].filter(Boolean).join(" · "))),
      h("button", { class: "icon", "aria-label": "Close (Esc)", onclick: closeDrawer }, "×")),
    h("div", { role: "tablist", "aria-label": "About this contact", class: "tabs", onkeydown: tabKeys }, TABS.map(([key, label]) => h("button", { role: "tab", id: `tab-${key}`, "aria-selected": String(tab === key),
      "aria-controls": "drawer-body", tabindex: tab === key ? "0" : "-1", onclick: () => { s.drawer.tab = key; draw(); } }, label))),
    h("div", { id: "drawer-body", role: "tabpanel", "aria-labelledby": `tab-${tab}`, class: "drawer-body", tabindex: "0" }, body));
}
