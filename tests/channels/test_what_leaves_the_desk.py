"""Random acts at the desk through real Slack sockets: what the customers' phones show is what the rule released.

The rule is DESIGN §6's, told here once more in a few lines; `make leak` has many more acts, and races.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from helpers_app import EVA, JONAS, PLAN, Inside, inside

TEAMS = {"Ada": "desk", "Ben": "desk", "Eve": "careful"}
PLAY = (
    PLAN.replace(
        'teams: {desk: {channel: "#desk"}}',
        'teams: {desk: {channel: "#desk"}, careful: {channel: "#careful", replies: explicit}}',
    )
    .replace("steps: [{tiers: [L1], until: 30m}", "steps: [{tiers: [L1], teams: any, until: 30m}")
    .replace(
        "settings: {hold_reply: 1s}",
        "  - {name: Eve, slack: eve@inside.example, team: careful, tier: L1}\nsettings: {hold_reply: 2s}",
    )
)
FORMS = {
    "plain": "{t} will do",
    "slashes": "// {t} what now",
    "note": "note: {t} careful",
    "bold note": "*note* {t}",
    "shout": "<!here> {t} help",
    "mention": "<@{mira}> {t} look",
}


@dataclass
class Play:
    """One contact of one customer, and what they may get."""

    it: Inside
    rng: random.Random
    customer: str
    contact: str
    owner: str
    thread: dict[str, str]
    released: list[str] = field(default_factory=list)
    inside_only: list[str] = field(default_factory=list)
    old: list[dict[str, str]] = field(default_factory=list)

    async def type(self, who: str, text: str, thread: dict[str, str]) -> dict[str, Any]:
        user = self.it.person(who).slack
        found = await self.it.call("/slack/reply", {"user": user, "text": text, **thread})
        return {"user": user, "channel": thread["channel"], "ts": found["ts"]}

    async def stands(self, token: str, *states: str) -> None:
        """Until what was typed is in the record: as a note, or a reply in one of these states."""

        async def found() -> bool:
            said = [m for m in await self.it.app.queue.messages(self.contact) if token in m.body]
            return bool(said) and (said[-1].status or said[-1].kind) in states

        await self.it.until(found)

    async def whispered(self, who: str, text: str) -> None:
        """Until they were told so, for them alone."""
        user = self.it.person(who).slack

        async def told() -> bool:
            found = await self.it.call(f"/slack/messages?channel={self.thread['channel']}")
            return any(m.get("ephemeral_to") == user and text in str(m) for m in found)

        await self.it.until(told)


async def begun(it: Inside, rng: random.Random, customer: str, owner: str) -> Play:
    await it.slash(owner, "available")
    await it.text(f"help {customer}", customer)
    await it.accept(owner, customer)

    async def thread() -> dict[str, str] | None:
        return await newest(it, contact)

    contact = str((await it.contacts(customer))[0]["id"])
    found = await it.until(thread)
    return Play(it, rng, customer, contact, owner, found)


async def newest(it: Inside, contact: str) -> dict[str, str] | None:
    """The thread of a contact that was opened last."""
    heads = [
        {"channel": place.id, "thread_ts": str(m["ts"])}
        for place in it.rehearsal.cast.places
        for m in await it.call(f"/slack/messages?channel={place.id}")
        if (m.get("metadata") or {}).get("event_payload", {}).get("contact") == contact
        and "thread_ts" not in m
    ]
    return max(heads, key=lambda one: one["thread_ts"], default=None)


async def types(play: Play, token: str) -> None:
    """Somebody writes something, somewhere in the contact's threads."""
    rng = play.rng
    who = play.owner if rng.random() < 0.75 else rng.choice(("Ada", "Ben", "Eve", "Mira"))
    form = rng.choice((*["plain"] * 7, *FORMS))
    thread = rng.choice(play.old) if play.old and rng.random() < 0.25 else play.thread
    text = FORMS[form].format(t=token, mira=play.it.person("Mira").slack)
    typed = await play.type(who, text, thread)
    leaves = form == "plain" and who == play.owner and thread == play.thread and TEAMS[who] == "desk"
    if not leaves:
        play.inside_only.append(token)
        await play.stands(token, "note")
        return
    fate = rng.choice(("sent", "sent", "edited", "deleted", "undone"))
    if fate == "sent":
        await play.stands(token, "sent", "delivered")
        play.released.append(token)
        return
    play.inside_only.append(token)
    await play.stands(token, "held")
    if fate == "undone":
        await undo(play)
    else:
        how = "edit" if fate == "edited" else "delete"
        await play.it.call(
            f"/slack/{how}", {**typed, **({"text": f"{token} changed"} if how == "edit" else {})}
        )
        await play.whispered(who, f"You {fate} it before it left")


async def undo(play: Play) -> None:
    """Press Undo where it stands."""

    async def button() -> Any:
        found = await play.it.call(f"/slack/messages?channel={play.thread['channel']}")
        return next(
            (m for m in found if '"reply.undo"' in str(m).replace("'", '"') and not m.get("deleted")), None
        )

    message = await play.it.until(button)
    user = play.it.person(play.owner).slack
    await play.it.call(
        "/slack/act",
        {"user": user, "channel": message["channel"], "ts": message["ts"], "action_id": "reply.undo"},
    )


async def moves(play: Play) -> None:
    """Somebody else takes it over."""
    to = play.rng.choice([name for name in TEAMS if name != play.owner])
    await play.it.slash(to, "available")
    await play.it.slash(play.owner, f"transfer {play.contact} {to} over to you")
    await play.it.accept(to, play.contact)
    if TEAMS[to] != TEAMS[play.owner]:
        before = play.thread

        async def another() -> dict[str, str] | None:
            found = await newest(play.it, play.contact)
            return found if found != before else None

        play.thread = await play.it.until(another)
        play.old.append(before)
    play.owner = to

    async def bound() -> bool:
        at = await play.it.app.queue.places(play.contact)
        view = await play.it.app.queue.contact(play.contact)
        return at[-1] == ":".join(play.thread.values()) and view is not None and view.owner == to

    await play.it.until(bound)


@pytest.mark.promise("reply-only-released")
@pytest.mark.parametrize("seed", [1])
async def test_phones_show_only_what_the_rule_released(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    async with inside(tmp_path, PLAY) as it:
        plays = [await begun(it, rng, EVA, "Ada"), await begun(it, rng, JONAS, "Ben")]
        for step in range(16):
            play = rng.choice(plays)
            await (moves(play) if step % 8 == 7 else types(play, f"w{step}x"))
        for play in plays:
            await it.slash("Mira", f"done {play.contact} solved all")

            async def over(play: Play = play) -> bool:
                view = await it.app.queue.contact(play.contact)
                return view is None or view.state in ("wrapping", "closed")

            await it.until(over)
            await play.type(play.owner, "w99x too late", play.thread)
        for play in plays:
            await play.stands("w99x", "note")
            texts = [m["text"] for m in await it.got("w", play.customer)]
            assert sorted(texts) == sorted(f"{token} will do" for token in play.released)
        assert sum(len(play.released) for play in plays) >= 2
        assert sum(len(play.inside_only) for play in plays) >= 4
