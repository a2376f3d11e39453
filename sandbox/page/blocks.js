// Block Kit as Slack draws it. `on` is what a press does: on({action_id, block_id, value, element}).
// A block of a kind unknown here shows its name instead of vanishing.

import { h } from "./dom.js";
import { confirm } from "./dialogs.js";
import { mrkdwn, textObject } from "./mrkdwn.js";
import { kindWords } from "./people.js";
import { richText } from "./rich.js";
import { s } from "./state.js";

/** What an element offers, groups flattened. */
export const flatOptions = (el) => el.options ?? (el.option_groups ?? []).flatMap((g) => g.options ?? []);

async function press(el, blockId, value, on) {
  if (el.confirm && !(await confirm(el.confirm))) return false;
  on({ action_id: el.action_id, block_id: blockId, value, element: el });
  return true;
}

function button(el, block, on, dead) {
  if (el.url && /^https?:/i.test(el.url)) {
    return h("a", { class: `bk-button ${el.style ?? ""}`, href: el.url, target: "_blank", rel: "noopener noreferrer nofollow" }, textObject(el.text));
  }
  return h("button", { type: "button", class: `bk-button ${el.style ?? ""}`, "data-action": el.action_id, disabled: dead,
    "aria-label": el.accessibility_label, onclick: () => press(el, block.block_id, el.value, on) }, textObject(el.text));
}

/** The choices of an element as `[{value, text}]`: its own, or everybody, or every channel. */
export function optionsFor(el) {
  if (/^(multi_)?users_select$/.test(el.type)) return s.people.map((p) => ({ value: p.slack, text: kindWords(p) ? `${p.name} (${kindWords(p)})` : p.name }));
  if (/^(multi_)?(conversations|channels)_select$/.test(el.type)) return s.places.map((c) => ({ value: c.id, text: `#${c.name}` }));
  return flatOptions(el).map((o) => ({ value: o.value, text: o.text?.text ?? o.value }));
}

const initialOf = (el) => el.initial_option?.value ?? el.initial_user ?? el.initial_conversation ?? el.initial_channel ?? "";

/** A choice from a list; `name` labels it for who can't see it. */
export function select(el, name, onchange, extra = {}) {
  const first = el.placeholder?.text ?? "Choose…";
  return h("select", { class: "bk-select", "aria-label": name ?? first, initial: initialOf(el), "data-action": el.action_id, ...extra, onchange },
    h("option", { value: "" }, first),
    el.option_groups ? el.option_groups.map((g) => h("optgroup", { label: g.label?.text ?? "" }, g.options.map(option)))
      : optionsFor(el).map((o) => h("option", { value: o.value }, o.text)));
}
const option = (o) => h("option", { value: o.value }, o.text?.text ?? o.value);

function element(el, block, on, dead) {
  switch (el?.type) {
    case "button": return button(el, block, on, dead);
    case "static_select": case "external_select": case "users_select": case "conversations_select": case "channels_select":
      return select(el, el.placeholder?.text, (event) => chosen(event, el, block, on), { disabled: dead });
    case "overflow": return h("select", { class: "bk-select small", "aria-label": "More actions", disabled: dead, onchange: (event) => chosen(event, el, block, on) },
      h("option", { value: "" }, "⋯"), flatOptions(el).map(option));
    case "checkboxes": case "radio_buttons": return h("div", { class: "bk-checks" }, flatOptions(el).map((o) => h("label", null,
      h("input", { type: el.type === "checkboxes" ? "checkbox" : "radio", name: el.action_id, value: o.value, onchange: () => press(el, block.block_id, o.value, on) }), textObject(o.text))));
    case "datepicker": return h("input", { type: "date", class: "bk-select", "aria-label": el.placeholder?.text ?? "Date", initial: el.initial_date ?? "", onchange: (event) => press(el, block.block_id, event.target.value, on) });
    case "timepicker": return h("input", { type: "time", class: "bk-select", "aria-label": el.placeholder?.text ?? "Time", initial: el.initial_time ?? "", onchange: (event) => press(el, block.block_id, event.target.value, on) });
    case "image": return picture(el);
    case undefined: return null;
    default: return h("em", { class: "bk-unknown" }, `[${el.type}]`);
  }
}

async function chosen(event, el, block, on) {
  const box = event.target;
  if (!box.value) return;
  if (!(await press(el, block.block_id, box.value, on)) || el.type === "overflow") box.value = "";
}

// Pictures of the stand-ins don't exist anywhere, and this page loads nothing from outside: the description stands for them.
const picture = (el) => h("span", { class: "bk-image", role: "img", "aria-label": el.alt_text ?? "image" }, el.alt_text ?? "image");

const section = (b, on, dead) => h("div", { class: "b-section" },
  h("div", { class: "b-body" }, b.text ? h("div", null, textObject(b.text)) : null,
    b.fields ? h("div", { class: "b-fields" }, b.fields.map((f) => h("div", null, textObject(f)))) : null),
  b.accessory ? h("div", { class: "b-accessory" }, element(b.accessory, b, on, dead)) : null);

/** One block; `dead` disables its controls (a deleted message). */
export function block(b, on, dead = false) {
  const key = b.block_id ? `b-${b.block_id}` : undefined;
  const inner = (() => {
    switch (b.type) {
      case "section": return section(b, on, dead);
      case "header": return h("div", { class: "b-header", role: "heading", "aria-level": "4" }, textObject(b.text));
      case "context": return h("div", { class: "b-context" }, (b.elements ?? []).map((el) => (el.type === "image" ? picture(el) : h("span", null, textObject(el)))));
      case "divider": return h("hr");
      case "actions": return h("div", { class: "b-actions" }, (b.elements ?? []).map((el) => element(el, b, on, dead)));
      case "image": return h("figure", { class: "b-image" }, b.title ? h("figcaption", null, textObject(b.title)) : null, picture(b));
      case "rich_text": return richText(b);
      case "markdown": return h("div", { class: "b-section" }, h("div", null, mrkdwn(String(b.text ?? "").replaceAll("**", "*"))));
      default: return h("em", { class: "bk-unknown" }, `[${b.type}]`);
    }
  })();
  return h("div", { key, class: "block" }, inner);
}
