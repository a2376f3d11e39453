// Small parts of the page: everything that is said is text, never markup.
const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  chat: "M4 4h16v12H9l-5 4z",
  close: "M5 5l14 14M19 5L5 19",
  send: "M4 12l16-8-6 16-3-6z",
  clip: "M8 12l6-6a3 3 0 0 1 4 4l-8 8a5 5 0 0 1-7-7l8-8",
  more: "M5 12h.01M12 12h.01M19 12h.01",
};

function make(tag, { text, on, ...attributes } = {}, ...children) {
  const it = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) it.setAttribute(name, "");
    else if (value !== false && value != null) it.setAttribute(name, String(value));
  }
  if (text !== undefined) it.textContent = text;
  for (const [name, act] of Object.entries(on || {})) it.addEventListener(name, act);
  it.append(...children.filter(Boolean));
  return it;
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function iconButton(name, label, act, attributes = {}) {
  return make("button", { type: "button", class: `icon ${name}`, "aria-label": label, title: label, on: { click: act }, ...attributes }, icon(name));
}

// Words with the web addresses in them as links; nothing else becomes one.
function linked(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g)) {
    found.push(document.createTextNode(text.slice(end, match.index)), link(match[0], match[0]));
    end = match.index + match[0].length;
  }
  return [...found, document.createTextNode(text.slice(end))];
}

function link(url, label) {
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", text: label });
}

// Black or white, whichever is read better on a colour (WCAG 2.2, relative luminance).
function inkOn(colour) {
  const part = (i) => {
    const c = parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const light = 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2);
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#ffffff" : "#000000";
}

// A time of day, with the day where it isn't today, and the date where the day alone would mislead.
function when(iso, language) {
  const at = new Date(iso);
  const local = navigator.languages.find((it) => it.slice(0, 2) === language) || language;
  const clock = { hour: "2-digit", minute: "2-digit" };
  if (new Date().toDateString() === at.toDateString()) return at.toLocaleTimeString(local, clock);
  const days = Math.abs(at - new Date()) / 86400000;
  if (days < 6) return at.toLocaleString(local, { weekday: "long", ...clock });
  return at.toLocaleString(local, { day: "numeric", month: "long", ...(days > 300 ? { year: "numeric" } : {}), ...clock });
}
