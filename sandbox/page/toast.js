// Short notices in the corner; trouble stays until dismissed.

import { h } from "./dom.js";
import { ui, draw } from "./state.js";

let count = 0;

/** Shows `text` with an optional hint; `kind` is "info" (leaves after 5 s) or "bad" (stays). A repeat is counted. */
export function toast(text, hint = "", kind = "info") {
  const twin = ui.toasts.find((t) => t.text === text);
  if (twin) { twin.times += 1; twin.hint = hint; return draw(); }
  const mine = { id: ++count, text, hint, kind, times: 1 };
  ui.toasts = [...ui.toasts.slice(-3), mine];
  if (kind === "info") setTimeout(() => drop(mine.id), 5000);
  draw();
}

export function drop(id) {
  ui.toasts = ui.toasts.filter((t) => t.id !== id);
  draw();
}

/** The newest notice goes; false where there is none. */
export function dropNewest() {
  if (!ui.toasts.length) return false;
  drop(ui.toasts.at(-1).id);
  return true;
}

export const toasts = () => h("div", { class: "toasts", role: "log", "aria-label": "Notices", "aria-live": "polite" },
  ui.toasts.map((t) => h("div", { class: `toast ${t.kind}`, key: t.id },
    h("div", { class: "toast-text" }, h("strong", null, t.text, t.times > 1 ? ` (×${t.times})` : null), t.hint ? h("span", null, t.hint) : null),
    h("button", { class: "icon", onclick: () => drop(t.id), "aria-label": "Dismiss notice" }, "×"))));
