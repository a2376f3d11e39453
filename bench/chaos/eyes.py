"""What people see of a chaos run while it happens: texts that reach phones, and what Slack shows."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .seen import Card, Receipt, Sent
from .stage import Stage

Json = dict[str, Any]
MARK = re.compile(r"rx\d+x")
"""Every reply has a word of its own."""
TAKEN = re.compile(r"A\d{3} has (C\d+)\.")
"""What a customer is told when somebody has taken their contact."""
LOOK = 0.15
WATCHED = ("/twilio/sms/status", "Messages.json", "chat.postMessage")
"""Paths of the wire that show something to somebody."""


@dataclass
class Eyes:
    """Follows the wire and reads the channels in which something was posted; `offered` hears each new offer."""

    stage: Stage
    offered: Callable[[str, str, str, Json], None]
    trouble: list[str]
    sent: list[Sent] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    heads: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Where a contact's newest thread begins: channel and ts."""
    undoable: dict[str, tuple[str, str]] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    """Contact → its customer's number, as far as they were told whose it is."""
    glances: list[Card] = field(default_factory=list)
    """Cards as they stood just after *accept* was pressed."""
    wire: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _read: dict[str, str] = field(default_factory=dict)
    _dirty: set[str] = field(default_factory=set)

    async def look(self) -> None:
        """For ever."""
        self._names = {dm: name for name, (_, dm) in self.stage.people.items()}
        path = "".join(f"&path={it}" for it in WATCHED)
        while True:
            rows, first, last = await self.stage.wire(f"since={self.wire}{path}")
            if last:
                if first > self.wire + 1:
                    self.trouble.append(f"the wire jumped from {self.wire} to {first}")
                self.wire = last
            for row in rows:
                self._heard(row)
            channels, self._dirty = self._dirty, set()
            for channel in sorted(channels):
                with suppress(AssertionError):
                    await self._look(channel)
            await asyncio.sleep(LOOK)

    def _heard(self, row: Json) -> None:
        path, status = str(row["path"]), int(row["status"])
        if row["direction"] != "out":
            if path == "/twilio/sms/status" and 200 <= status < 300:
                said = row["params"]
                self.receipts.append(Receipt(said["MessageSid"], said["MessageStatus"]))
        elif row["service"] == "twilio":
            if row["method"] == "POST" and status in (0, 201):
                at = round(datetime.fromisoformat(row["at"]).timestamp() * 1000)
                to, text = row["params"]["To"], row["params"]["Body"]
                self.sent.append(Sent(at, to, text))
                if found := TAKEN.fullmatch(text):
                    self.phones[found[1]] = to
        elif status == 200:
            self._dirty.add(str(row["params"].get("channel")))

    async def _look(self, channel: str) -> None:
        since = self._read.get(channel, "")
        for message in await self.stage.get(f"/slack/messages?channel={channel}&since={since}"):
            self._read[channel] = ts = str(message["ts"])
            said = payload(message)
            if "offer" in said and channel in self._names:
                self.offered(self._names[channel], channel, ts, said)
            elif said.get("undo"):
                for mark in MARK.findall(json.dumps([message["text"], message["blocks"]])):
                    self.undoable.setdefault(mark, (channel, ts))
            elif "contact" in said and not message.get("thread_ts"):
                self.heads.setdefault(str(said["contact"]), (channel, ts))

    async def glance(self, name: str, channel: str, ts: str) -> None:
        """What a card says a moment after it was pressed."""
        await asyncio.sleep(0.3)
        for it in await self.stage.get(f"/slack/messages?channel={channel}&since={ts[:-6]}"):
            if it["ts"] == ts and "offer" in payload(it):
                self.glances.append(card(name, it))

    async def head(self, contact: str, within: float = 20.0) -> tuple[str, str] | None:
        """Where the contact's thread begins, as soon as there is one."""
        for _ in range(round(within / LOOK)):
            if contact in self.heads:
                return self.heads[contact]
            await asyncio.sleep(LOOK)
        return None


def card(agent: str, it: Json) -> Card:
    """An offer as it stands there."""
    said, shown = payload(it), json.dumps(it["blocks"], ensure_ascii=False)
    text = f"{it['text']} {shown}"
    there = "offer.accept" in shown and not it.get("deleted")
    return Card(agent, str(said["contact"]), int(said["offer"]), text, there)


def payload(message: Json) -> Json:
    """What the product wrote behind a message."""
    found: Json = message.get("metadata") or {}
    return dict(found.get("event_payload", found))
