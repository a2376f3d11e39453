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
export const tierTag = (tier) => (tier ? h("span", { class: `tier ${String(tier).toLowerCase()}` }, tier) : null);
