// Slack's rich_text: sections, lists, quotes and preformatted text with styled pieces.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { date, link, mention, userName } from "./mrkdwn.js";
import { placeOf } from "./state.js";

function piece(el) {
  const style = el.style ?? {};
  let out = plain(el);
  if (style.code) out = h("code", null, out);
  if (style.bold) out = h("b", null, out);
  if (style.italic) out = h("i", null, out);
  if (style.strike) out = h("s", null, out);
  return out;
}

function plain(el) {
  switch (el.type) {
    case "text": return String(el.text ?? "").split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line]));
    case "link": return link(el.url, el.text);
    case "emoji": return emoji(el.name);
    case "user": return mention(`@${userName(el.user_id)}`);
    case "channel": return mention(`#${placeOf(el.channel_id)?.name ?? el.channel_id}`);
    case "broadcast": return mention(`@${el.range}`);
    case "usergroup": return mention(`@${el.usergroup_id}`);
    case "date": return date(el.timestamp, el.format ?? "{date} {time}", el.fallback);
    default: return el.text ?? "";
  }
}

const pieces = (el) => (el.elements ?? []).map(piece);

function part(el) {
  switch (el.type) {
    case "rich_text_preformatted": return h("pre", null, pieces(el));
    case "rich_text_quote": return h("blockquote", null, pieces(el));
    case "rich_text_list": return h(el.style === "ordered" ? "ol" : "ul", { class: `indent-${Math.min(el.indent ?? 0, 3)}` },
      (el.elements ?? []).map((item) => h("li", null, pieces(item))));
    default: return h("div", { class: "rich-section" }, pieces(el));
  }
}

/** One rich_text block. */
export const richText = (block) => h("div", { class: "b-rich" }, (block.elements ?? []).map(part));
