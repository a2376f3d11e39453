"""An App Home as Block Kit, and what it shows as a digest. Pure; how text is made safe: `blocks`.

A Home's limits: 100 blocks, 250 KB as JSON (docs.slack.dev/reference/views/home-tab-views).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from ..channel import Button
from ..home import STANDS_THERE, Clock, Entry, Home, Section
from ..house import Told
from .blocks import Json, actions, button, clean, clip, date, mrkdwn, ours, plain, small, tame

MOST_BLOCKS = 100
FOOT = 2
"""Blocks kept free for the line at the foot and its button."""
REFRESH = "home.refresh"


def home_view(home: Home, team_url: str = "", notice: Told | None = None) -> Json:
    """The view; links lead into the workspace at `team_url` ("https://x.slack.com/")."""
    blocks = [*_notice(notice), *(one for it in home.sections for one in _section(it, team_url))]
    if len(blocks) > MOST_BLOCKS - FOOT:
        blocks = [*blocks[: MOST_BLOCKS - FOOT - 1], small(["… there is more than Slack shows here."])]
    return {"type": "home", "blocks": [*blocks, _foot(home.at), *actions([button(REFRESH, "Refresh", "")])]}


def digest(view: Json) -> str:
    """What a view shows, but for the line that says as of when: equal digests need no new publishing."""
    shown: list[Any] = list(view["blocks"])[:-FOOT]
    return hashlib.blake2b(json.dumps(shown, sort_keys=True).encode(), digest_size=16).hexdigest()


def _foot(at: int) -> Json:
    words = f"As of {date(at)}. It follows what happens for 15 minutes after you have come here."
    return {"type": "context", "elements": [mrkdwn(words)]}


def _notice(told: Told | None) -> list[Json]:
    """What came of what was pressed here a moment ago."""
    if told is None or not told.text:
        return []
    sign = ":white_check_mark:" if told.ok else ":warning:"
    buttons = [one for one in told.buttons if one.action not in STANDS_THERE]
    return [ours(f"{sign} {tame(told.text)}"), *_rows(buttons), {"type": "divider"}]


def _section(it: Section, team_url: str) -> list[Json]:
    blocks: list[Json] = [{"type": "header", "text": _header(it.title)}]
    words = "\n".join(filter(None, (tame(it.text), _clocks(it.clocks))))
    if words:
        blocks.append(ours(words))
    blocks += [one for entry in it.entries for one in _entry(entry, team_url)]
    if it.more:
        blocks.append(small([f"… and {it.more} more."]))
    return [*blocks, *_rows(it.buttons)]


def _header(title: str) -> Json:
    return {"type": "plain_text", "text": clip(clean(title), 150).strip() or "…", "emoji": False}


def _entry(it: Entry, team_url: str) -> list[Json]:
    words = " · ".join(filter(None, (tame(it.title, 1500), _clocks(it.clocks))))
    block: dict[str, Any] = dict(ours(words))
    if it.about.strip():
        block["fields"] = [plain(it.about, 300)]
    if link := permalink(team_url, it.place):
        block["accessory"] = button("link.open", "Go to it", it.place, url=link)
    return [block, *_rows(it.buttons)]


def _clocks(clocks: Sequence[Clock]) -> str:
    """Each reader sees instants in their own zone; what is late is marked."""
    return " · ".join(
        f"{':red_circle: ' if it.late else ''}{tame(it.label, 100)} {date(it.at, '{date_short_pretty} {time}')}"
        for it in clocks
    )


def _rows(buttons: Sequence[Button]) -> list[Json]:
    return actions([button(one.action, one.label, one.value, one.style, one.url) for one in buttons[:25]])


def permalink(team_url: str, place: str) -> str:
    """The address of a message ("channel:ts") in the workspace, as chat.getPermalink says it; "" where it has none."""
    channel, _, ts = place.partition(":")
    if not team_url or not channel or not ts:
        return ""
    return f"{team_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
