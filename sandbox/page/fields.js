// The inputs of Block Kit: how each is drawn, and what it says as Slack's own `state.values`.

import { flatOptions, optionsFor, select } from "./blocks.js";
import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";

const MANY_NEEDS_A_FILTER = 8;
const WRITTEN = { email_text_input: "email", url_text_input: "url", number_input: "text" };
const filters = new Map();

const optionOf = (el, value) => flatOptions(el).find((o) => o.value === value) ?? null;
const fieldId = (b) => `f-${b.block_id ?? b.element?.action_id}`;
const isMulti = (type) => /^multi_/.test(type ?? "");
/** Whether a field is a set of boxes, and so a group with a label of its own. */
export const isGroup = (b) => isMulti(b.element?.type) || /^(radio_buttons|checkboxes)$/.test(b.element?.type ?? "");

const initials = (el) => new Set([el.initial_option?.value, ...(el.initial_options ?? []).map((o) => o.value), ...(el.initial_users ?? []), ...(el.initial_channels ?? []), ...(el.initial_conversations ?? [])]);

// Several of many: a list of boxes that is one Tab stop, arrows move in it, and a filter where it is long.
function several(b, el, common, changed) {
  const all = optionsFor(el);
  const on = initials(el);
  const words = (filters.get(b.block_id) ?? "").toLowerCase();
  const left = all.filter((o) => o.text.toLowerCase().includes(words));
  const long = all.length >= MANY_NEEDS_A_FILTER;
  return h("div", { class: "many", role: "group", "aria-labelledby": `${fieldId(b)}-label`, "aria-describedby": common["aria-describedby"] },
    long ? h("input", { type: "search", key: "filter", class: "many-filter", "aria-label": `Filter: ${b.label?.text ?? "choices"}`, placeholder: el.placeholder?.text ?? "Filter…", oninput: (e) => { filters.set(b.block_id, e.target.value); changed.redraw(); },
      onkeydown: (e) => { if (e.key === "Enter") e.preventDefault(); } }) : null,
    h("div", { class: "many-list", key: "list", "data-rove": "both" }, all.map((o) => h("label", { key: o.value, class: left.includes(o) ? "" : "out" },
      h("input", { type: "checkbox", name: b.block_id, value: o.value, "data-item": left.includes(o), ref: (box) => { box.checked = on.has(o.value); }, onchange: changed.on }), h("span", null, o.text)))),
    left.length ? null : h("p", { class: "small-print", key: "none" }, "Nothing matches."),
    el.max_selected_items ? h("p", { class: "small-print", key: "most" }, `At most ${el.max_selected_items}.`) : null);
}

const bare = (el) => (el.options ?? []).length;

function boxes(b, el, changed) {
  const on = initials(el);
  const many = el.type === "checkboxes";
  return h("div", { class: "bk-checks", role: many ? "group" : "radiogroup", "aria-labelledby": `${fieldId(b)}-label` }, bare(el) ? el.options.map((o) => h("label", { key: o.value },
    h("input", { type: many ? "checkbox" : "radio", name: b.block_id, value: o.value, ref: (box) => { box.checked = on.has(o.value); }, onchange: changed.on }),
    h("span", null, textObject(o.text), o.description ? h("span", { class: "small-print" }, " ", textObject(o.description)) : null))) : null);
}

function field(b, error, changed) {
  const el = b.element ?? {};
  const common = { id: fieldId(b), name: b.block_id, "aria-describedby": `${fieldId(b)}-note`, "aria-invalid": error ? "true" : null, "aria-required": String(!b.optional), onchange: changed.on };
  const typed = { ...common, maxlength: el.max_length, placeholder: el.placeholder?.text, initial: el.initial_value ?? "", autocomplete: "off" };
  if (isMulti(el.type)) return several(b, el, common, changed);
  switch (el.type) {
    case "plain_text_input": return el.multiline ? h("textarea", { ...typed, rows: "4" }) : h("input", { ...typed, type: "text" });
    case "rich_text_input": return h("textarea", { ...typed, rows: "4" });
    // As text: what is no number stays there to be seen and mended, instead of turning into nothing.
    case "number_input": return h("input", { ...typed, type: "text", inputmode: el.is_decimal_allowed ? "decimal" : "numeric" });
    case "email_text_input": case "url_text_input": return h("input", { ...typed, type: WRITTEN[el.type] });
    case "datepicker": return h("input", { ...common, type: "date", initial: el.initial_date ?? "" });
    case "timepicker": return h("input", { ...common, type: "time", initial: el.initial_time ?? "" });
    case "datetimepicker": return h("input", { ...common, type: "datetime-local", initial: local(el.initial_date_time) });
    case "radio_buttons": case "checkboxes": return boxes(b, el, changed);
    default: return /_select$/.test(el.type ?? "") ? select(el, null, changed.on, common) : h("em", { class: "bk-unknown" }, `[${el.type}]`);
  }
}

// The reader's own zone, as Slack's picker has it.
function local(seconds) {
  if (!seconds) return "";
  const t = new Date(seconds * 1000);
  return new Date(t.getTime() - t.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** An input block; `wrong` are complaints by block id, `press` tells the app where a block asks for every change. */
export function inputBlock(b, wrong, press = null, redraw = () => {}) {
  const error = wrong[b.block_id];
  const group = isGroup(b);
  const told = b.dispatch_action && press ? (e) => press({ action_id: b.element.action_id, block_id: b.block_id, value: stateValue(valueOf(e.target.form ?? e.target.closest(".b-input"), b)) }) : undefined;
  return h("div", { class: `b-input ${error ? "wrong" : ""}`, key: `i-${b.block_id}` },
    h(group ? "span" : "label", { class: "label", id: `${fieldId(b)}-label`, for: group ? null : fieldId(b) }, textObject(b.label), b.optional ? h("span", { class: "optional" }, " (optional)") : null),
    field(b, error, { on: told, redraw }),
    h("p", { id: `${fieldId(b)}-note`, class: error ? "field-error" : "field-hint" }, error ?? (b.hint ? textObject(b.hint) : "")));
}

const stateValue = ({ type: _, ...rest }) => Object.values(rest)[0];

const MANY = { multi_users_select: "selected_users", multi_channels_select: "selected_channels", multi_conversations_select: "selected_conversations" };
const ONE = { users_select: "selected_user", conversations_select: "selected_conversation", channels_select: "selected_channel", datepicker: "selected_date", timepicker: "selected_time", rich_text_input: "rich_text_value" };

/** What stands in a field of `form`, as its state. */
export function valueOf(form, b) {
  const el = b.element;
  const type = el.type;
  if (isGroup(b)) {
    const picked = [...form.querySelectorAll(`[name="${CSS.escape(b.block_id)}"]:checked`)].map((box) => box.value);
    if (MANY[type]) return { type, [MANY[type]]: picked };
    if (type === "radio_buttons") return { type, selected_option: picked.length ? optionOf(el, picked[0]) : null };
    return { type, selected_options: picked.map((value) => optionOf(el, value)) };
  }
  const text = form.querySelector(`[name="${CSS.escape(b.block_id)}"]`)?.value ?? "";
  if (ONE[type]) return { type, [ONE[type]]: text || null };
  if (/_select$/.test(type)) return { type, selected_option: optionOf(el, text) };
  if (type === "datetimepicker") return { type, selected_date_time: text ? Math.floor(Date.parse(text) / 1000) : null };
  return { type, value: text === "" ? null : text };
}

/** Whether nothing was filled in there. */
export const isEmpty = ({ type: _, ...rest }) => Object.values(rest).every((v) => v === null || v === "" || (Array.isArray(v) && !v.length));
