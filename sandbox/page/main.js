// Puts the page together, draws it, and follows the stage.

import { hearCalls } from "./calls.js";
import { newcomer } from "./company.js";
import { askDialog } from "./dialogs.js";
import { h, render } from "./dom.js";
import { drawer } from "./drawer.js";
import { guide, look } from "./guide.js";
import { anyRings } from "./lines.js";
import { help, onKey, settleLists } from "./keys.js";
import { follow } from "./live.js";
import { hearMails } from "./mail.js";
import { messageMenu } from "./message.js";
import { slackModal } from "./modal.js";
import { hearTexts, phone } from "./phone.js";
import { queue } from "./queue.js";
import { afterRead, read, refresh } from "./reading.js";
import { hearSlack, shortcutMenu, slack } from "./slack.js";
import { closePanel, demoPanel, faultPanel, header, notices, timePanel, troubles, wirePanel } from "./stagebar.js";
import { draw, onDraw, personOf, s, ui } from "./state.js";
import { toasts } from "./toast.js";

const app = document.getElementById("app");
const PANELS = { time: timePanel, faults: faultPanel, wire: wirePanel };

function panel() {
  if (!ui.panel) return null;
  return h("div", { id: "panel", key: `panel-${ui.panel}`, class: `panel ${ui.panel}`, role: "region", "aria-label": { time: "Time travel", faults: "Trouble outside", wire: "Wire log" }[ui.panel] },
    PANELS[ui.panel](), h("button", { class: "icon panel-close", "aria-label": "Close (Esc)", onclick: closePanel }, "×"));
}

function bottomBar() {
  const asked = s.contacts.some((c) => c.offers?.length);
  const tabs = [["phone", "Phone", "M7 2h6a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Zm2 13h2"], ["queue", "Queue", "M3 5h14M3 10h10M3 15h6"],
    ["slack", "Slack", "M3 4h14v9H9l-4 4v-4H3Z"], ["stage", "Stage", "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 3v4l3 2"]];
  const pick = (id) => () => { ui.tab = id; draw(); };
  return h("nav", { class: "bottom", "aria-label": "Parts of the page" }, tabs.map(([id, label, path]) => h("button", { key: id, "aria-current": ui.tab === id ? "page" : null, onclick: pick(id) },
    h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: path })), label,
    id === "slack" && (asked || anyRings()) ? h("i", { class: "ping", role: "img", "aria-label": anyRings() ? "a phone rings" : "an offer stands" }) : null, id === "stage" && troubles().length ? h("i", { class: "ping", role: "img", "aria-label": "trouble is on" }) : null)));
}

const skips = () => h("nav", { class: "skips", "aria-label": "Skip to" }, [["phone", "the phone"], ["queue", "the queue"], ["slack", "Slack"]].map(([id, label]) => h("a", { key: id, href: `#${id}`, onclick: (e) => {
  e.preventDefault();
  ui.tab = id;
  draw();
  setTimeout(() => document.getElementById(id).focus(), 60);
} }, `Skip to ${label}`)));

function page() {
  if (!s.ready) {
    return [h("div", { class: "loading", key: "loading", role: "status" }, h("img", { src: "icon.svg", alt: "", width: "56", height: "56" }), h("h1", null, "Tierline"),
      h("p", null, s.trouble ? `${s.trouble} Trying again…` : "Setting the stage…"))];
  }
  const dialogs = [toasts(), help(), messageMenu(), shortcutMenu(), newcomer(), askDialog(), slackModal()];
  // One person in a window of their own: several windows are several people at once.
  if (ui.solo) return [h("div", { class: "notices", key: "notices" }, notices()), h("main", { key: "main", class: "stage solo" }, slack()), dialogs];
  return [skips(), header(), h("div", { class: "notices", key: "notices" }, notices()), guide(), panel(),
    h("main", { key: "main", class: "stage" }, phone(), queue(drawer()), slack(),
      h("section", { id: "stage-tab", class: `col stage-tab ${ui.tab === "stage" ? "on" : ""}`, "aria-label": "The stage's controls" }, ui.tab === "stage" ? [demoPanel(), timePanel(), faultPanel()] : null)),
    bottomBar(), dialogs];
}

// Logs that were read to their end stay at their end.
function paint() {
  render(app, page());
  settleLists();
  for (const el of document.querySelectorAll("[data-stick]")) {
    if (el.stuck === undefined) {
      el.stuck = true;
      el.addEventListener("scroll", () => { el.stuck = el.scrollHeight - el.scrollTop - el.clientHeight < 60; });
    }
    if (el.stuck) el.scrollTop = el.scrollHeight;
  }
  const alone = ui.solo ? `${personOf(ui.solo)?.name ?? "Slack"} · ` : "";
  document.title = `${alone}${anyRings() ? "☎ " : s.contacts.some((c) => c.offers?.length) ? "● " : ""}Tierline: the stage`;
}

async function boot() {
  onDraw(paint);
  ui.solo = new URLSearchParams(location.search).get("as") ?? "";
  if (ui.solo) ui.tab = "slack";
  try {
    const theme = localStorage.getItem("tierline-theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
    ui.guideGone = localStorage.getItem("tierline-guide") === "gone";
  } catch { ui.guideGone = false; }
  document.addEventListener("keydown", onKey);
  afterRead((name) => {
    if (name === "texts") hearTexts();
    if (name === "mails") hearMails();
    if (name === "calls") hearCalls();
    if (name === "slack") hearSlack();
    if (["contacts", "agents"].includes(name)) look();
  });
  draw();
  while (!(await read("state"))) await new Promise((done) => setTimeout(done, 1000));
  refresh();
  follow();
  setInterval(draw, 1000);
}

boot();
