"""Random orders of everything that happens around a call, a few of them: `make races` plays thousands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tierline.bench.races import scene
from tierline.bench.races.judge import Verdict
from tierline.bench.races.run import arena, many, one
from tierline.channels.phone import Ask, Go, HangUp, Heard, Meet, Pause
from tierline.queue.client import Client
from tierline.router.called_back import CalledBack
from tierline.router.ringing import Ringing
from tierline.router.screening import Screening, room_of
from tierline.router.switchboard import Switchboard


@pytest.fixture
async def races() -> AsyncIterator[Client]:
    async with arena() as client:
        yield client


async def played(client: Client, first: int, n: int) -> list[Verdict]:
    found: list[Verdict] = []
    await many(range(first, first + n), client, found.append)
    return found


@pytest.mark.promise("call-one-outcome")
async def test_every_call_has_one_outcome_and_both_sides_hear_it_whatever_comes_when(races: Client) -> None:
    verdicts = await played(races, 1, 60)
    assert [(it.seed, it.wrong) for it in verdicts if it.wrong] == []
    outcomes = {name for it in verdicts for name in it.outcomes}
    assert {"abandoned: the caller hung up", "talked: the agent hung up", "pressed 1 too late"} <= outcomes


async def test_the_same_seed_is_the_same_play(races: Client) -> None:
    first = await one(7, races)
    await races.call("FLUSHALL")
    again = (await asyncio.gather(one(7, races), one(8, races)))[0]
    assert [_plain(it) for it in first.log] == [_plain(it) for it in again.log]


def _plain(line: str) -> str:
    """Without the ids of operations, which are drawn by chance and replaced before the store sees them."""
    return " ".join(word for word in line.split(" ") if "-" not in word)


async def key_takes_whoever_presses(self: Screening, call: Any, language: str) -> Heard:
    contact, offer, agent = call.about["c"], int(call.about["o"]), call.about["a"]
    await self.queue().accept(contact, offer, agent)
    return (Meet(room_of(self.book(), contact), f"agent-{agent}", {**call.about, "r": "agent"}),)


async def nothing(*_: Any) -> None:
    return None


BUGS: dict[str, tuple[type, str, Callable[..., Any], str]] = {
    "who presses 1 is let in, whoever has it": (
        Screening,
        "_takes",
        key_takes_whoever_presses,
        "let into the conference",
    ),
    "phones of offers that are over ring on": (Ringing, "_silence", nothing, "a phone rings for nothing"),
    "a customer who hangs up is not noticed": (Switchboard, "_gone", nothing, "waits without a caller"),
    "nobody's leg is ended with the contact": (Ringing, "_end", nothing, "a leg outlives its contact"),
}


@pytest.mark.parametrize("name", BUGS)
async def test_a_seeded_bug_is_found(name: str, races: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, instead, finds = BUGS[name]
    monkeypatch.setattr(where, what, instead)
    verdicts = await played(races, 1, 30)
    wrong = {words for it in verdicts for words, _ in it.wrong}
    assert any(words.startswith(finds) for words in wrong), wrong


@pytest.fixture
def callbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits chooses a callback, more mailboxes answer than usual, and detection errs more often."""
    monkeypatch.setattr(scene, "ERRS", 0.4)
    monkeypatch.setattr(scene, "CHOOSES", 1.0)
    monkeypatch.setattr(scene, "WISHES", "1")
    monkeypatch.setattr(scene, "FATES", (*scene.FATES, *["machine"] * 4))


@pytest.mark.usefixtures("callbacks")
@pytest.mark.promise("call-back-alone")
@pytest.mark.promise("call-back-mailbox")
async def test_who_is_called_back_is_put_through_or_let_go_whatever_detection_says_and_when(
    races: Client,
) -> None:
    verdicts = await played(races, 101, 50)
    assert [(it.seed, it.wrong) for it in verdicts if it.wrong] == []
    outcomes = {name for it in verdicts for name in it.outcomes}
    assert {
        "called back, a person: put through",
        "called back, a mailbox: let go",
        "called back, a person, mistaken: put through",
        "called back, a person: waited",
    } <= outcomes


@pytest.mark.promise("call-back-alone")
async def test_who_presses_1_as_their_agent_has_just_hung_up_is_the_next_ones(races: Client) -> None:
    """They were put through first, so that the call was over by the agent, and heard a farewell."""
    (verdict,) = await played(races, 910_798, 1)
    assert not verdict.wrong


async def puts_through(*_: Any) -> None:
    return None


async def asks_for_ever(self: CalledBack, view: Any, jots: Any, call: Any, language: str) -> Heard:
    return (Ask((), Go("back", {**call.about, "n": "1"}), language, digits=1),)


async def looks_for_ever(self: CalledBack, view: Any, jots: Any, call: Any, language: str) -> Heard:
    return (Pause(1), Go("back", {**call.about, "n": "1"}))


async def hears_no_key(self: CalledBack, view: Any, jots: Any, call: Any, language: str) -> Heard:
    return (HangUp(),) if call.digits else await asks_for_ever(self, view, jots, call, language)


@pytest.mark.usefixtures("callbacks")
@pytest.mark.parametrize(
    ("instead", "finds"),
    [
        (puts_through, "a mailbox is put through"),
        (asks_for_ever, "owned, but not together"),
        (looks_for_ever, "owned, but not together"),
        (hears_no_key, "a customer pressed 1 and isn't put through"),
    ],
)
async def test_a_seeded_bug_of_callbacks_is_found(
    instead: Callable[..., Any], finds: str, races: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CalledBack, "_screen", instead)
    verdicts = await played(races, 101, 50)
    wrong = {words for it in verdicts for words, _ in it.wrong}
    assert finds in wrong, wrong
