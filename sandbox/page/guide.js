// Four steps for a first visit; each ticks itself off by looking at what is so, whoever did it.

import { product } from "./api.js";
import { h } from "./dom.js";
import { prefill } from "./phone.js";
import { answerAs, openThreadOf } from "./desk.js";
import { everybody } from "./stagebar.js";
import { draw, s, ui } from "./state.js";

const owned = () => [...s.contacts, ...s.closed].filter((c) => c.owner);
let looking = false;

const STEPS = [
  ["available", "Make somebody available", () => s.agents.some((a) => a.presence === "available" || a.state === "available"), everybody],
  ["text", "Send a text", () => s.contacts.length + s.closed.length > 0, () => { ui.tab = "phone"; draw(); setTimeout(() => prefill("My server is down"), 60); }],
  ["accept", "Accept the offer", () => owned().length > 0, () => {
    const asked = s.contacts.flatMap((c) => c.offers ?? [])[0];
    ui.tab = "slack";
    answerAs(asked?.agent?.slack ?? s.slack.who);
  }],
  ["reply", "Reply in the thread", () => ui.guideDone.has("reply"), () => { const mine = s.contacts.find((c) => c.owner); if (mine) openThreadOf(mine); }],
];

/** Looks at the state and ticks off; asks for one transcript only while the last step is open. */
export async function look() {
  for (const [id, , done] of STEPS) if (done()) ui.guideDone.add(id);
  if (looking || ui.guideGone || !ui.guideDone.has("accept") || ui.guideDone.has("reply")) return;
  looking = true;
  try {
    for (const c of owned().slice(0, 3)) {
      const whole = await product(`/contacts/${encodeURIComponent(c.id)}`);
      if ((whole.transcript ?? []).some((m) => m.direction === "out" && m.author === c.owner.name)) ui.guideDone.add("reply");
    }
  } catch (trouble) {
    s.trouble ||= trouble.message;
  } finally {
    looking = false;
    draw();
  }
}

export function hide() {
  ui.guideGone = true;
  try { localStorage.setItem("tierline-guide", "gone"); } catch { ui.guideGone = true; }
  draw();
}

export function guide() {
  if (ui.guideGone || !s.ready) return null;
  const next = STEPS.findIndex(([id]) => !ui.guideDone.has(id));
  return h("section", { class: "guide", "aria-label": "First steps" },
    h("ol", null, STEPS.map(([id, label, , go], i) => {
      const done = ui.guideDone.has(id);
      return h("li", { key: id, class: done ? "done" : i === next ? "next" : "" },
        h("button", { onclick: go, disabled: done, "aria-current": i === next ? "step" : null }, h("i", { "aria-hidden": "true" }, done ? "✓" : i + 1), label, done ? h("span", { class: "sr" }, " (done)") : null));
    })),
    h("span", { class: "guide-end" }, next < 0 ? "That was the way. Try mail and chat next, or “Trouble”." : null),
    h("button", { class: "icon", "aria-label": "Hide the first steps", onclick: hide }, "×"));
}
