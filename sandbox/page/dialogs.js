// Slack's confirm dialogs, and our own "are you sure": a native <dialog>, which keeps the focus inside by itself.

import { h } from "./dom.js";
import { draw, ui } from "./state.js";

const text = (object, fallback) => (typeof object === "string" ? object : object?.text) ?? fallback;

/** Asks; resolves to true or false. `c` is Slack's confirmation object: title, text, confirm, deny, style. */
export function confirm(c) {
  return new Promise((resolve) => {
    ui.ask = { c, resolve };
    draw();
  });
}

function answer(value) {
  ui.ask?.resolve(value);
  ui.ask = null;
  draw();
}

/** Opens the native dialog and gives the focus back to where it was when it goes. */
export function modal(el) {
  const before = document.activeElement;
  el.showModal();
  (el.querySelector("[autofocus]") ?? el.querySelector("input, select, textarea"))?.focus();
  new MutationObserver((_, watch) => {
    if (el.isConnected) return;
    watch.disconnect();
    if (before?.isConnected && document.activeElement === document.body) before.focus();
  }).observe(document.body, { childList: true, subtree: true });
}

export function askDialog() {
  if (!ui.ask) return null;
  const { c } = ui.ask;
  return h("dialog", { key: "ask", class: "ask", ref: modal, "aria-labelledby": "ask-title", oncancel: (e) => { e.preventDefault(); answer(false); } },
    h("h2", { id: "ask-title" }, text(c.title, "Are you sure?")),
    h("p", null, text(c.text, "")),
    h("div", { class: "row end" },
      h("button", { class: "quiet", onclick: () => answer(false) }, text(c.deny, "Cancel")),
      h("button", { class: c.style === "danger" ? "danger" : "primary", autofocus: true, onclick: () => answer(true) }, text(c.confirm, "Yes"))));
}
