// News from the stage: server-sent events, and asking every 2 s while there are none.

import { refresh } from "./reading.js";
import { draw, forgetSlack, s } from "./state.js";

const QUEUE = ["contacts", "agents", "services", "drawer"];
const SLICES = [...QUEUE, "texts", "mails", "calls", "company", "slack", "wire", "faults"];
const ASK_EVERY = 2000;
const LISTEN_EVERY = 700; // what a call says comes without news
let wait = 1000;
let source = null;

/** Follows the stage for as long as the page is open. */
export function follow() {
  connect();
  setInterval(() => { if (s.live !== "live" && !document.hidden) refresh("state", ...SLICES); }, ASK_EVERY);
  // A stream can be silent because it is dead: look anyway, rarely.
  setInterval(() => { if (s.live === "live" && !document.hidden) refresh("state", ...SLICES); }, 10000);
  setInterval(() => { if (s.calls.length && !document.hidden) refresh("calls"); }, LISTEN_EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh("state", ...SLICES); });
}

function connect() {
  source = new EventSource("/sandbox/api/events");
  source.onopen = () => {
    wait = 1000;
    s.live = "live";
    refresh("state", ...SLICES);
  };
  source.onmessage = (event) => heard(event.data);
  source.onerror = () => {
    source.close();
    s.live = "polling";
    draw();
    setTimeout(connect, wait + Math.random() * 300);
    wait = Math.min(wait * 2, 30000);
  };
}

function heard(data) {
  let kind = "";
  try { kind = String(JSON.parse(data).kind ?? ""); } catch { kind = ""; }
  if (kind === "reset") forgetSlack();
  if (kind === "wire") refresh("wire", ...QUEUE);
  else if (kind.startsWith("slack.channel")) refresh("company", "slack");
  else if (kind.startsWith("slack")) refresh("slack", ...QUEUE);
  else if (kind.startsWith("sms")) refresh("texts", ...QUEUE);
  else if (kind.startsWith("mail")) refresh("mails", ...QUEUE);
  else if (kind.startsWith("call")) refresh("calls", ...QUEUE);
  else refresh("state", ...SLICES);
}
