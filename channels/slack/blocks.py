"""What the desk shows, as Block Kit. Pure.

Text from outside stands in `plain_text` only, without emoji codes; our own words are mrkdwn with `verbatim`, and
whatever they quote is escaped. So nothing that a customer writes becomes a mention, a link or a button. Limits of
docs.slack.dev/reference/block-kit are kept by cutting with "…". Slack refuses blocks of a message that are longer
than about 13,200 characters as JSON (slackapi/bolt-js#2509).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .words import unescape

Json = Mapping[str, Any]

SECTION, LABEL, VALUE, OPTION = 2900, 75, 2000, 75
WEIGHT = 11_000
"""How long one message's blocks may be as JSON, with room for what Slack adds."""
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Controls and marks of direction: they can make a line read as something that it isn't."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks, the fallback text that notifications show, and metadata."""

    text: str
    blocks: tuple[Json, ...]
    metadata: Json | None = None

    def args(self) -> dict[str, Any]:
        """The arguments of chat.postMessage and chat.update."""
        more = {"metadata": self.metadata} if self.metadata is not None else {}
        return {"text": self.text, "blocks": list(self.blocks), "link_names": False, "parse": "none", **more}


# ---- text ------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Text from outside without what would hide or turn it; lone surrogates become "?"."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub("", text).encode("utf-8", "replace").decode()


def clip(text: str, most: int) -> str:
    """At most `most` UTF-16 units, as Slack counts; the last is "…" when something was cut."""
    if len(text) <= most and len(text.encode("utf-16-le")) // 2 <= most:
        return text
    cut = text.encode("utf-16-le")[: (most - 1) * 2].decode("utf-16-le", "ignore")
    return cut + "…"


def escape(text: str) -> str:
    """Text from outside in mrkdwn or in a message's fallback."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def tame(text: str, most: int = SECTION) -> str:
    """Our own mrkdwn, which escapes what it quotes: whatever slipped through is escaped now. Never longer."""
    words, shown = unescape(clean(text)), ""
    while len(shown := escape(clip(words, most))) > most:
        words = clip(words, max(1, len(words) * 9 // 10 - 1))
    return shown


def fallback(text: str) -> str:
    """A message's own `text`: one line for notifications, nothing in it alive."""
    return tame(" ".join(clean(text).split()), 300).strip() or "…"


def plain(text: str, most: int = SECTION) -> Json:
    """Outside text as an object; `emoji` off, so that :codes: stay as they were typed."""
    return {"type": "plain_text", "text": clip(clean(text), most).strip() or "(empty)", "emoji": False}


def weigh(block: object) -> int:
    """Length as JSON."""
    return len(json.dumps(block, ensure_ascii=False, separators=(",", ":")))


# ---- blocks ----------------------------------------------------------------------------------------------------


def mrkdwn(text: str) -> Json:
    """Our own words as an object; `verbatim`, so that Slack makes no links and mentions of bare words."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def ours(text: str) -> Json:
    """A section of our own words. `text` must be escaped where it quotes; `<!date^…>` may stand in it."""
    return {"type": "section", "text": mrkdwn(text[:3000].strip() or "…")}


def theirs(text: str, most: int = SECTION) -> Json:
    """A section of outside text."""
    return {"type": "section", "text": plain(text, most)}


def small(texts: Iterable[str]) -> Json:
    """A line of small print; outside text is welcome."""
    return {"type": "context", "elements": [plain(text, 500) for text in texts if text.strip()][:10]}


def sections(text: str, weight: int) -> list[Json]:
    """A long outside text in as many sections as `weight` allows, cut with "…"."""
    rest, out = clean(text).strip(), list[Json]()
    while rest:
        part = rest[: SECTION // 2]  # a character may be two of Slack's
        if len(rest) > len(part) and (at := part.rfind("\n")) > SECTION // 4:
            part = part[:at]
        block = theirs(part)
        if weight - weigh(block) < 0:
            break
        weight -= weigh(block)
        out.append(block)
        rest = rest[len(part) :].lstrip("\n")
    if rest:
        out.append(small(["… the message is longer than Slack shows."]))
    return out or [theirs("(empty)")]


def button(action: str, label: str, value: str, style: str = "", url: str = "") -> Json:
    """One button."""
    made = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": clip(clean(label), LABEL).strip() or "…"},
    }
    more = {"value": value[:VALUE], "style": style, "url": url}
    return {**made, **{name: it for name, it in more.items() if it}}


def menu(action: str, label: str, options: Sequence[tuple[str, str]]) -> Json:
    """A menu of (words, value) among the buttons; a value may come twice, so its place stands behind it."""
    made = [
        {"text": plain(words, OPTION), "value": f"{value}:{n}"[:150]}
        for n, (words, value) in enumerate(options[:100])
    ]
    return {"type": "static_select", "action_id": action, "placeholder": plain(label, 150), "options": made}


def actions(buttons: Sequence[Json]) -> list[Json]:
    """Rows of buttons: an action id may stand only once in a row."""
    rows: list[list[Json]] = []
    for one in buttons:
        row = next(
            (r for r in rows if len(r) < 5 and all(b["action_id"] != one["action_id"] for b in r)), None
        )
        if row is None:
            rows.append([one])
        else:
            row.append(one)
    return [{"type": "actions", "elements": row} for row in rows]


def without_buttons(blocks: Iterable[Json]) -> tuple[Json, ...]:
    """The same message with nothing to press."""
    return tuple(block for block in blocks if block.get("type") != "actions")


def date(at: int, form: str = "{time}") -> str:
    """An instant (ms) that each reader sees in their own zone; the fallback is UTC."""
    seconds = at // 1000
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"<!date^{seconds}^{form}|{hours:02}:{minutes:02} UTC>"


def lasting(ms: int) -> str:
    """A duration as people say it."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h {seconds // 60 % 60:02}"
