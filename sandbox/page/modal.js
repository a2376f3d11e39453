// A modal of the app: Slack's view with its input blocks, submitted with Slack's own `state.values`.

import { act } from "./api.js";
import { block, select } from "./blocks.js";
import { modal as openModal } from "./dialogs.js";
import { announce, h } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { refresh } from "./reading.js";
import { draw, drawn, s } from "./state.js";

let errors = {};
let errorsFor = "";
let sending = false;

const top = () => s.slack.views.at(-1);
const optionOf = (el, value) => (el.options ?? (el.option_groups ?? []).flatMap((g) => g.options)).find((o) => o.value === value) ?? null;
const fieldId = (b) => `f-${b.block_id ?? b.element?.action_id}`;

function multi(el) {
  return /^multi_/.test(el.type) ? el.type.replace(/^multi_/, "") : "";
}

function field(b) {
  const el = b.element ?? {};
  const common = { id: fieldId(b), name: b.block_id, "aria-describedby": `${fieldId(b)}-note`, "aria-invalid": errors[b.block_id] ? "true" : null, "aria-required": String(!b.optional) };
  switch (el.type) {
    case "plain_text_input":
      return el.multiline ? h("textarea", { ...common, rows: "4", maxlength: el.max_length, placeholder: el.placeholder?.text, initial: el.initial_value ?? "" })
        : h("input", { ...common, type: "text", maxlength: el.max_length, placeholder: el.placeholder?.text, initial: el.initial_value ?? "", autocomplete: "off" });
    case "email_text_input": case "url_text_input": case "number_input":
      return h("input", { ...common, type: { email_text_input: "email", url_text_input: "url", number_input: "number" }[el.type], initial: el.initial_value ?? "", autocomplete: "off" });
    case "datepicker": return h("input", { ...common, type: "date", initial: el.initial_date ?? "" });
    case "timepicker": return h("input", { ...common, type: "time", initial: el.initial_time ?? "" });
    case "datetimepicker": return h("input", { ...common, type: "datetime-local" });
    case "radio_buttons": case "checkboxes": {
      const on = new Set([el.initial_option?.value, ...(el.initial_options ?? []).map((o) => o.value)]);
      return h("div", { class: "bk-checks", role: el.type === "checkboxes" ? "group" : "radiogroup", "aria-labelledby": `${fieldId(b)}-label` }, el.options.map((o) => h("label", { key: o.value },
        h("input", { type: el.type === "checkboxes" ? "checkbox" : "radio", name: b.block_id, value: o.value, ref: (box) => { box.checked = on.has(o.value); } }), h("span", null, textObject(o.text)))));
    }
    default:
      if (multi(el)) return h("select", { ...common, multiple: true, class: "bk-select" }, (el.options ?? []).map((o) => h("option", { value: o.value }, o.text?.text)));
      return select(el, b.label?.text, undefined, common);
  }
}

function inputBlock(b) {
  const error = errors[b.block_id];
  const checks = /radio_buttons|checkboxes/.test(b.element?.type ?? "");
  return h("div", { class: "b-input", key: `i-${b.block_id}` },
    h(checks ? "span" : "label", { class: "label", id: `${fieldId(b)}-label`, for: checks ? null : fieldId(b) }, textObject(b.label), b.optional ? h("span", { class: "optional" }, " (optional)") : null),
    field(b),
    h("p", { id: `${fieldId(b)}-note`, class: error ? "field-error" : "field-hint" }, error ?? (b.hint ? textObject(b.hint) : "")));
}

function valueOf(form, b) {
  const el = b.element;
  const control = form.elements[b.block_id];
  const type = el.type;
  const text = control?.value ?? "";
  if (/radio_buttons|checkboxes/.test(type)) {
    const picked = [...form.querySelectorAll(`[name="${CSS.escape(b.block_id)}"]:checked`)].map((box) => optionOf(el, box.value));
    return type === "checkboxes" ? { type, selected_options: picked } : { type, selected_option: picked[0] ?? null };
  }
  if (multi(el)) return { type, selected_options: [...control.selectedOptions].map((o) => optionOf(el, o.value)) };
  if (type === "users_select") return { type, selected_user: text || null };
  if (type === "conversations_select") return { type, selected_conversation: text || null };
  if (type === "channels_select") return { type, selected_channel: text || null };
  if (/_select$/.test(type)) return { type, selected_option: optionOf(el, text) };
  if (type === "datepicker") return { type, selected_date: text || null };
  if (type === "timepicker") return { type, selected_time: text || null };
  if (type === "datetimepicker") return { type, selected_date_time: text ? Math.floor(Date.parse(text) / 1000) : null };
  return { type, value: text === "" ? null : text };
}

async function submit(event, view) {
  event.preventDefault();
  if (sending) return;
  const inputs = (view.blocks ?? []).filter((b) => b.type === "input");
  const empty = inputs.filter((b) => !b.optional && isEmpty(valueOf(event.target, b)));
  if (empty.length) return refuse(view, Object.fromEntries(empty.map((b) => [b.block_id, "Please fill this in."])));
  const values = {};
  for (const b of inputs) (values[b.block_id] ??= {})[b.element.action_id] = valueOf(event.target, b);
  sending = true;
  const answer = await act("/slack/submit", { user: s.slack.who, view_id: view.id, values });
  sending = false;
  const body = answer?.answer ?? answer?.response ?? answer;
  if (body?.response_action === "errors" || body?.errors) return refuse(view, body.errors ?? {});
  if (answer && !body?.response_action) s.slack.gone.add(view.id);
  errors = {};
  refresh("slack", "contacts", "agents");
  draw();
}

function isEmpty(value) {
  const { type: _, ...rest } = value;
  return Object.values(rest).every((v) => v === null || v === "" || (Array.isArray(v) && !v.length));
}

function refuse(view, found) {
  errors = found;
  errorsFor = view.id;
  drawn(() => document.querySelector('.view [aria-invalid="true"]')?.focus());
  announce(Object.values(found).join(" "));
}

function cancel(view) {
  act("/slack/close", { user: s.slack.who, view_id: view.id }).then(() => refresh("slack"));
  s.slack.gone.add(view.id);
  s.slack.views = s.slack.views.filter((v) => v.id !== view.id);
  draw();
}

/** The topmost open modal of the present person, if there is one. */
export function slackModal() {
  const view = top();
  if (!view) return null;
  if (errorsFor !== view.id) errors = {};
  const on = (what) => act("/slack/act", { user: s.slack.who, view_id: view.id, action_id: what.action_id, block_id: what.block_id, value: what.value }).then(() => refresh("slack"));
  return h("dialog", { key: `view-${view.id}`, class: "view", ref: openModal, "aria-labelledby": "view-title", oncancel: (e) => { e.preventDefault(); cancel(view); } },
    h("form", { onsubmit: (e) => submit(e, view), novalidate: true },
      h("header", null, h("h2", { id: "view-title" }, textObject(view.title)), h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => cancel(view) }, "×")),
      h("div", { class: "view-body" }, (view.blocks ?? []).map((b) => (b.type === "input" ? inputBlock(b) : block(b, on)))),
      h("footer", { class: "row end" }, h("button", { type: "button", class: "quiet", onclick: () => cancel(view) }, view.close?.text ?? "Cancel"),
        view.submit ? h("button", { class: "primary" }, textObject(view.submit)) : null)));
}
