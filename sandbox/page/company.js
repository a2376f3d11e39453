// Somebody new in Slack: a member, a guest, or somebody of a customer's company in a channel shared with it.

import { act } from "./api.js";
import { be } from "./desk.js";
import { modal } from "./dialogs.js";
import { h } from "./dom.js";
import { read } from "./reading.js";
import { draw, s, ui } from "./state.js";
import { toast } from "./toast.js";

const KINDS = [["external", "Somebody at a customer's company", "in a channel that is shared with them"], ["guest", "A guest", "of one or more channels"], ["single_channel_guest", "A single-channel guest", "uses no apps, sees one channel"], ["member", "A member", "of this workspace"]];

async function room(kind, chosen, name) {
  if (chosen !== "new") {
    const known = s.places.find((c) => c.id === chosen);
    if (kind === "external" && !known?.shared_with?.length && !(await act("/slack/share", { channel: chosen }))) return null;
    return chosen;
  }
  const made = await act("/slack/channels", { name: name.trim().toLowerCase().replace(/[^\p{L}\p{N}_-]+/gu, "-"), ...(kind === "external" ? { shared_with: "T0CUSTOMER" } : {}) });
  return made?.channel ?? null;
}

async function bring(event) {
  event.preventDefault();
  const { name, kind, channel, room: fresh } = event.target.elements;
  if (!name.value.trim()) return name.focus();
  if (channel.value === "new" && !fresh?.value.trim()) return fresh?.focus();
  const place = await room(kind.value, channel.value, fresh?.value ?? "");
  const person = place && await act("/slack/people", { name: name.value.trim(), kind: kind.value, channels: [place] });
  if (!person) return;
  ui.newcomer = false;
  await read("company");
  be(person.user, place);
  toast(`${name.value.trim()} is in Slack.`, "You are them now; choose somebody else at the left.");
}

/** The dialog that brings somebody in. */
export function newcomer() {
  if (!ui.newcomer) return null;
  const close = () => { ui.newcomer = false; draw(); };
  const redraw = (e) => { ui.newRoom = e.target.value === "new"; draw(); };
  return h("dialog", { key: "newcomer", class: "newcomer", ref: modal, "aria-labelledby": "newcomer-title", oncancel: (e) => { e.preventDefault(); close(); } },
    h("form", { onsubmit: bring, novalidate: true },
      h("header", null, h("h2", { id: "newcomer-title" }, "Somebody new in Slack"), h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: close }, "×")),
      h("label", { class: "asked" }, h("span", null, "Name"), h("input", { name: "name", required: true, maxlength: "60", autocomplete: "off", placeholder: "Carla Customer" })),
      h("label", { class: "asked" }, h("span", null, "Who they are"), h("select", { name: "kind" }, KINDS.map(([value, label, told]) => h("option", { value }, `${label}: ${told}`)))),
      h("label", { class: "asked" }, h("span", null, "Where"), h("select", { name: "channel", onchange: redraw }, s.places.map((c) => h("option", { value: c.id }, `#${c.name}${c.shared_with?.length ? " (shared)" : ""}`)), h("option", { value: "new" }, "A new channel…"))),
      ui.newRoom ? h("label", { class: "asked", key: "room" }, h("span", null, "The channel's name"), h("input", { name: "room", maxlength: "60", autocomplete: "off", placeholder: "acme-and-us" })) : null,
      h("p", { class: "small-print" }, "A channel in which somebody of another company is is shared with it from then on, as with Slack Connect."),
      h("div", { class: "row end" }, h("button", { type: "button", class: "quiet", onclick: close }, "Cancel"), h("button", { class: "primary" }, "Bring them in"))));
}
