// How a person looks wherever one is shown.

import { h } from "./dom.js";
import { agentOf, customerOf } from "./state.js";

/** Two letters for a name, the last two digits for a number. */
export const initials = (name) => /^\+\d+$/.test(name) ? name.slice(-2)
  : String(name).split(/\s+/).slice(0, 2).map((w) => [...w][0] ?? "").join("").toUpperCase();

/** What a contact's customer is called: by the product, else by the cast, else their address. */
export const nameOf = (c) => c.customer?.name || customerOf(c.customer?.address ?? c.customer?.key)?.name || c.customer?.address || c.customer?.key || "Somebody";

const DOTS = { available: "on", away: "away", offline: "off", full: "full", wrapping: "away", draining: "full", "off shift": "off" };
/** A person's presence as a dot that is told apart by shape as well as by colour. */
export const dot = (state) => h("i", { class: `dot ${DOTS[state] ?? "off"}`, "aria-hidden": "true" });
export const stateOf = (slack) => { const a = agentOf(slack); return a ? (a.state ?? a.presence ?? "offline") : ""; };
const KINDS = { guest: ["guest", "guest", "guest"], single_channel_guest: ["1-channel", "single-channel guest", "1-ch"], external: ["external", "of another company", "ext"] };
/** What kind of person somebody is who is no member, in words; "" for members. */
export const kindWords = (p) => KINDS[p?.kind]?.[1] ?? "";
/** The same as a tag, which is `short` where there is little room. */
export const kindTag = (p, short = false) => (KINDS[p?.kind] ? h("span", { class: `kind ${p.kind}`, title: `${kindWords(p)}${p.workspace && p.kind === "external" ? ` (${p.workspace})` : ""}` }, KINDS[p.kind][short ? 2 : 0]) : null);
export const tierTag = (tier) => (tier ? h("span", { class: `tier ${String(tier).toLowerCase()}` }, tier) : null);
