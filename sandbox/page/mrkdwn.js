// Slack's mrkdwn as Slack shows it (docs.slack.dev, "Formatting message text"): bold, italic, strike, code, quotes,
// lists of lines, links, mentions, dates, emoji. Whatever isn't markup is text; only http, https, mailto and tel become links.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { personOf, placeOf, s } from "./state.js";
import { at, day, full, hm, hms, now, parts } from "./time.js";

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A link, or plain text where the address isn't one a reader should be led to. */
export function link(url, label) {
  const clean = unescape(url);
  if (!/^(https?:|mailto:|tel:)/i.test(clean)) return label ?? clean;
  return h("a", { href: clean, target: "_blank", rel: "noopener noreferrer nofollow" }, label ?? clean.replace(/^(mailto|tel):/i, ""));
}

export const mention = (text) => h("span", { class: "mention" }, text);
export const userName = (id) => personOf(id)?.name ?? (s.bots.has(id) ? "Tierline" : id);

/** `<!date^…>`: the tokens that Slack documents, in the site's zone. */
export function date(stamp, pattern, fallback) {
  const t = at(stamp);
  if (!Number.isFinite(t)) return fallback ?? "";
  const near = { [day(now())]: "today", [day(now() - 864e5)]: "yesterday", [day(now() + 864e5)]: "tomorrow" }[day(t)];
  const long = parts({ day: "numeric", month: "long", year: "numeric" }, t);
  const text = pattern.replace(/\{(\w+)\}/g, (whole, token) => ({
    date_num: parts({ year: "numeric", month: "2-digit", day: "2-digit" }, t), date: long, date_short: day(t),
    date_long: parts({ weekday: "long", day: "numeric", month: "long", year: "numeric" }, t),
    date_pretty: near ?? long, date_short_pretty: near ?? day(t), date_long_pretty: near ?? long,
    time: hm(t), time_secs: hms(t), ago: ago(t) }[token] ?? whole));
  return h("time", { datetime: new Date(t).toISOString(), title: full(t) }, text);
}

function ago(t) {
  const minutes = Math.round((t - now()) / 60000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  return Math.abs(minutes) < 90 ? words.format(minutes, "minute") : words.format(Math.round(minutes / 60), "hour");
}

function angle(body) {
  const [target, label] = body.includes("|") ? [body.slice(0, body.indexOf("|")), unescape(body.slice(body.indexOf("|") + 1))] : [body, undefined];
  if (target.startsWith("@")) return mention(`@${label ?? userName(target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${label ?? placeOf(target.slice(1))?.name ?? target.slice(1)}`);
  if (target.startsWith("!date^")) {
    const [, stamp, pattern] = target.split("^");
    return date(stamp, pattern ?? "", label);
  }
  if (target.startsWith("!")) return mention(`@${label ?? target.slice(1).split("^")[0]}`);
  return link(target, label);
}

// Marks count only at a word's edge, as in Slack: 2*3*4 is arithmetic.
const INLINE = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?![\s*])([^*\n]*[^\s*])\*(?![\w*])|(?<![\w_])_(?![\s_])([^_\n]*[^\s_])_(?![\w_])|(?<![\w~])~(?![\s~])([^~\n]*[^\s~])~(?![\w~])|:([a-z0-9_+'-]+(?:::[a-z0-9-]+)?):/gi;

function inline(text) {
  const out = [];
  let from = 0;
  for (const m of text.matchAll(INLINE)) {
    out.push(unescape(text.slice(from, m.index)));
    from = m.index + m[0].length;
    if (m[1] !== undefined) out.push(h("code", null, unescape(m[1])));
    else if (m[2] !== undefined) out.push(angle(m[2]));
    else if (m[3] !== undefined) out.push(h("b", null, inline(m[3])));
    else if (m[4] !== undefined) out.push(h("i", null, inline(m[4])));
    else if (m[5] !== undefined) out.push(h("s", null, inline(m[5])));
    else out.push(emoji(m[6]));
  }
  out.push(unescape(text.slice(from)));
  return out;
}

/** The whole of a mrkdwn text: code blocks, quotes, then lines. */
export function mrkdwn(text) {
  return String(text ?? "").split("```").flatMap((piece, i) => {
    if (i % 2) return [h("pre", null, unescape(piece.replace(/^\n|\n$/g, "")))];
    return piece.split(/((?:^(?:&gt;|>) ?.*(?:\n|$))+)/m).flatMap((part) => {
      if (!part) return [];
      if (/^(&gt;|>)/.test(part)) return [h("blockquote", null, lines(part.replace(/^(&gt;|>) ?/gm, "").replace(/\n$/, "")))];
      return lines(part);
    });
  });
}

function lines(text) {
  return text.split("\n").flatMap((line, i) => (i ? [h("br"), ...inline(line)] : inline(line)));
}

/** A text object: `plain_text` keeps its characters (emoji names apart), `mrkdwn` is marked up. */
export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return [object];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return String(object.text ?? "").split("\n").flatMap((line, i) => {
    const shown = line.replace(/:([a-z0-9_+-]+):/gi, (_, name) => emoji(name));
    return i ? [h("br"), shown] : [shown];
  });
}
