// Drawn here, so that no font has to have them.

import { h } from "./dom.js";

const PATHS = {
  attach: "M14.5 9.2 9 14.7a3.2 3.2 0 0 1-4.5-4.5l6-6a2.2 2.2 0 0 1 3.1 3.1L7.8 13a1 1 0 0 1-1.5-1.4l5-5",
  window: "M8 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1v-3M11 4h5v5M16 4l-6.5 6.5",
  thread: "M4 4h12v9H9.5L6 16v-3H4Z",
  edit: "M4 16l.8-3.6L13 4.2l2.8 2.8-8.2 8.2L4 16Z",
  delete: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  shortcuts: "M11 3 5 11h4l-1 6 7-9h-4.4Z",
  shared: "M4 7h10m0 0-3-3m3 3-3 3M16 13H6m0 0 3-3m-3 3 3 3",
};

/** A small picture by its name, for whoever sees it: its button carries the words. */
export const icon = (name) => h("svg", { class: `ic ic-${name}`, viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: PATHS[name] }));
