"""What the wire of the stand-ins tells of the desk: when each message came out, in which card, and what was refused."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .desk_stage import DeskStage
from .offer_bar import seconds_of

Json = dict[str, Any]
LINE, REPLY, SENDER = re.compile(r"m-\d{6}"), re.compile(r"r-\d{6}"), re.compile(r"\+49151\d{8}")
PATHS = (
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "reactions.add",
    "reactions.remove",
    "/twilio/sms/status",
    "/response_url",
)
LOOK = 0.25


@dataclass
class Seen:
    """Follows the wire. All instants are seconds since the epoch, of the request's beginning."""

    stage: DeskStage
    lines: dict[str, float] = field(default_factory=dict)  # a customer's line → shown in its thread
    offers: dict[str, dict[str, float]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # number → dm → shown
    contacts: dict[str, str] = field(default_factory=dict)  # number → contact
    heads: dict[str, float] = field(default_factory=dict)  # contact → its thread opened
    ended: dict[tuple[str, str], float] = field(
        default_factory=dict
    )  # dm, contact → its card says so, or is gone
    lost: dict[str, float] = field(default_factory=dict)  # number → who pressed too late was told who has it
    crossed: dict[str, float] = field(default_factory=dict)  # a reply → ✗
    failed: dict[str, float] = field(
        default_factory=dict
    )  # number → the carrier said that a text never arrived
    posts: int = 0
    together: int = 0
    refused: int = 0
    at: int = 0

    async def look(self) -> None:
        """For ever."""
        query = "".join(f"&path={it}" for it in PATHS)
        while True:
            async with self.stage.http.get(f"{self.stage.api}/wire?since={self.at}{query}") as answer:
                rows = await answer.json()
                self.at = int(answer.headers.get("X-Wire-Last", self.at))
            for row in rows:
                self._row(row)
            await asyncio.sleep(LOOK)

    def _row(self, row: Json) -> None:
        begun, params, path = seconds_of(row["at"]) - row["ms"] / 1000, row["params"], str(row["path"])
        if row["direction"] == "in":
            if params.get("MessageStatus") == "undelivered":
                self.failed.setdefault(str(params["To"]), begun)
            return
        if row["status"] != 200:
            self.refused += row["status"] == 429
            return
        channel, text = str(params.get("channel")), json.dumps(params, ensure_ascii=False)
        if path.endswith("chat.postMessage"):
            self._posted(channel, params, text, begun)
        elif path == "/response_url":
            if (found := SENDER.search(text)) and "is yours" not in text:
                self.lost.setdefault(found[0], begun)
        elif channel.startswith("D"):
            self._changed(channel, str(params.get("ts")), begun)

    def _posted(self, channel: str, params: Json, text: str, begun: float) -> None:
        said = (params.get("metadata") or {}).get("event_payload") or {}
        contact = str(said.get("contact") or "")
        if channel.startswith("D"):
            if "offer" in said and (found := SENDER.search(text)):
                self.offers[found[0]].setdefault(channel, begun)
                self.contacts[found[0]] = contact
            return
        self.posts += 1
        lines = LINE.findall(text)
        if "upto" in said and not params.get("thread_ts"):
            self.heads.setdefault(contact, begun)
        elif "reply.retry" in text:
            for one in REPLY.findall(text):
                self.crossed.setdefault(one, begun)
        elif lines:
            self.together += len(set(lines)) > 1
            for one in lines:
                self.lines.setdefault(one, begun)

    def _changed(self, channel: str, ts: str, begun: float) -> None:
        self.ended.setdefault((channel, ts), begun)
