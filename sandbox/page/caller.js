// The customer's telephone as one calls with it: dialling, what is heard, keys, words, hanging up.

import { act } from "./api.js";
import { answer, decline, hangUp, hasKeys, holder, keypad, lasted, line, lines, nameAt, ringing, speakForm, talking, typedKeys, whereabouts } from "./calls.js";
import { announce, h } from "./dom.js";
import { refresh } from "./reading.js";
import { draw, s } from "./state.js";
import { when } from "./time.js";

/** The chosen customer's call that goes on, either way, or nothing. */
export const goingOn = () => s.calls.find((c) => holder(c) === s.phone.me);

/** Calls the chosen number from the chosen phone. */
export async function dial() {
  if (goingOn()) return;
  const done = await act("/calls", { from: s.phone.me, to: s.phone.to });
  if (!done) return;
  s.phone.last = done.sid;
  announce("Calling");
  refresh("calls", "contacts");
}

// The call on the screen: the one that goes on, else the last one that was made from here.
function shown() {
  const going = goingOn();
  if (going) s.phone.last = going.sid;
  return going ?? s.phone.calls.find((c) => c.sid === s.phone.last);
}

function recent() {
  const past = s.phone.calls.filter((c) => c.where === "ended").slice(-4).reverse();
  const look = (c) => () => { s.phone.last = c.sid; draw(); };
  if (!past.length) return null;
  return h("div", { class: "recents" }, h("h3", null, "Recent"), h("ul", { "data-rove": "vertical" }, past.map((c) => h("li", { key: c.sid },
    h("button", { class: "recent", "data-item": true, "aria-pressed": String(c.sid === s.phone.last), onclick: look(c) }, h("span", null, c.direction === "inbound" ? "↗ " : "↙ ", c.direction === "inbound" ? c.to : c.from), h("span", null, `${when(c.at)} · ${lasted(c)}`))))));
}

function idle() {
  return h("div", { class: "phone-empty" }, h("p", null, h("b", null, `This is ${nameAt(s.phone.me)}'s phone.`)),
    h("p", null, "A call goes the whole way: menu, queue, an agent's phone, a conference. You hear it as text, line by line."));
}

export function caller() {
  const call = shown();
  const going = call && call.where !== "ended";
  const me = nameAt(s.phone.me);
  return h("div", { class: "caller", id: "caller", key: "caller", "data-phone": call?.sid ?? null, tabindex: "-1", onkeydown: going ? typedKeys(call) : null },
    call ? h("div", { class: `call-state ${going ? "going" : "over"} ${call.on_hold ? "hold" : ""}`, key: "state", role: "status" }, h("b", null, whereabouts(call)), h("span", { "aria-hidden": "true" }, lasted(call))) : null,
    h("div", { class: "phone-thread", key: `log${call?.sid ?? ""}`, "data-stick": "call", tabindex: "0", role: "log", "aria-label": `What ${me} hears` }, call ? lines(call).map((it) => line(it, me)) : idle(), going ? null : recent()),
    going && hasKeys(call) ? keypad(call, `Keys of ${me}'s phone`) : null,
    going && talking(call) ? speakForm(call, "call-words", `Words of ${me}`) : null,
    h("div", { class: "call-acts", key: "acts" }, going && ringing(call) && call.direction !== "inbound"
      ? [h("button", { class: "call-button", key: "answer", id: "answer-call", onclick: () => answer(call) }, "Answer"), h("button", { class: "call-button end", key: "decline", onclick: () => decline(call) }, "Decline")]
      : going ? h("button", { class: "call-button end", key: "end", id: "hang-up", onclick: () => hangUp(call) }, "Hang up")
      : h("button", { class: "call-button", key: "dial", id: "dial", onclick: dial, disabled: !s.phone.to }, `Call ${s.phone.to}`)));
}
