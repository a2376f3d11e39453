// A modal of the app: Slack's view with its input blocks, submitted with Slack's own `state.values`.

import { act } from "./api.js";
import { block } from "./blocks.js";
import { pressIn } from "./desk.js";
import { modal as openModal } from "./dialogs.js";
import { announce, h } from "./dom.js";
import { inputBlock, isEmpty, valueOf } from "./fields.js";
import { textObject } from "./mrkdwn.js";
import { refresh } from "./reading.js";
import { draw, drawn, s } from "./state.js";

let errors = {};
let errorsFor = "";
let sending = "";
let seen = { id: "", hash: "", fields: 0 };

const top = () => s.slack.views.at(-1);
const inputsOf = (view) => (view.blocks ?? []).filter((b) => b.type === "input");

async function submit(event, view) {
  event.preventDefault();
  if (sending) return;
  const inputs = inputsOf(view);
  const empty = inputs.filter((b) => !b.optional && isEmpty(valueOf(event.target, b)));
  if (empty.length) return refuse(view, Object.fromEntries(empty.map((b) => [b.block_id, "Please fill this in."])));
  const values = {};
  for (const b of inputs) (values[b.block_id] ??= {})[b.element.action_id] = valueOf(event.target, b);
  sending = view.id;
  draw();
  const answer = await act("/slack/submit", { user: s.slack.who, view_id: view.id, values });
  sending = "";
  const body = answer?.answer ?? answer?.response ?? answer;
  if (body?.response_action === "errors" || body?.errors) return refuse(view, body.errors ?? {});
  if (answer && !body?.response_action) s.slack.gone.add(view.id);
  errors = {};
  refresh("slack", "contacts", "agents");
  draw();
}

function refuse(view, found) {
  errors = found;
  errorsFor = view.id;
  drawn(() => document.querySelector(".view .b-input.wrong :is(input, select, textarea)")?.focus());
  announce(Object.values(found).join(" "));
}

function cancel(view) {
  act("/slack/close", { user: s.slack.who, view_id: view.id }).then(() => refresh("slack"));
  s.slack.gone.add(view.id);
  s.slack.views = s.slack.views.filter((v) => v.id !== view.id);
  draw();
}

const words = (view) => [view.title?.text, ...(view.blocks ?? []).map((b) => b.text?.text)].filter(Boolean).join(". ");

// A view that says "one moment" is soon another: the first field of what it became takes the focus, and what it says is read out.
function changed(view) {
  const now = { id: view.id, hash: view.hash ?? "", fields: inputsOf(view).length };
  const before = seen;
  seen = now;
  if (before.id === now.id && before.hash === now.hash) return;
  errors = {};
  if (before.id !== now.id) return;
  announce(words(view).slice(0, 300));
  if (now.fields) drawn(() => {
    const open = document.querySelector("dialog.view[open]");
    if (open && !open.contains(document.activeElement?.closest(".b-input"))) open.querySelector(".b-input :is(input, select, textarea)")?.focus();
  });
}

/** The topmost open modal of the present person, if there is one. */
export function slackModal() {
  const view = top();
  if (!view) return null;
  if (errorsFor !== view.id) errors = {};
  changed(view);
  const on = (what) => pressIn(view, what);
  const waits = sending === view.id;
  return h("dialog", { key: `view-${view.id}`, class: "view", ref: openModal, "aria-labelledby": "view-title", oncancel: (e) => { e.preventDefault(); cancel(view); } },
    h("form", { onsubmit: (e) => submit(e, view), novalidate: true, "aria-busy": String(waits) },
      h("header", null, h("h2", { id: "view-title" }, textObject(view.title)), h("span", { class: "view-of", title: "Slack shows whose modal it is" }, "Tierline"), h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => cancel(view) }, "×")),
      h("div", { class: "view-body", key: view.callback_id, tabindex: inputsOf(view).length ? null : "0" }, (view.blocks ?? []).map((b) => (b.type === "input" ? inputBlock(b, errors, on, draw) : block(b, on)))),
      h("footer", { class: "row end" }, h("button", { type: "button", class: "quiet", onclick: () => cancel(view) }, view.close?.text ?? "Cancel"),
        view.submit ? h("button", { class: `primary ${waits ? "busy" : ""}`, disabled: waits }, textObject(view.submit)) : null)));
}
