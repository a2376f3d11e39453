"""Others join a call: a third person, a supervisor who listens, whispers or speaks; who hears whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, PHONES
from tests.channels.talk_stage import Talk, talking

MIRA = "+491700000009"
BOSSES = CALLS.replace(
    "settings:",
    f'  - {{name: Mira, slack: mira@inside.example, phone: "{MIRA}", team: desk, tier: L1, channels: [sms]}}\nsettings:',
)
"""Mira supervises, and has a phone in the plan; nothing rings there of its own accord."""


@pytest.fixture(autouse=True)
def _phone_of_mira(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PHONES, "Mira", MIRA)


async def supervised(talk: Talk, verb: str) -> str:
    """Mira's phone rings, she presses 1; her leg in the conference."""
    assert "Your phone rings" in await talk.slash("Mira", verb)
    mira = await talk.answers("Mira")
    await talk.until_heard(mira, "You wanted to join a call for help")

    async def inside() -> bool:
        return await talk.it.at(mira, "conference")

    await talk.it.inside.until(inside)
    return mira


@pytest.mark.promise("call-third")
async def test_a_colleague_who_is_asked_joins_and_the_call_stays_with_its_owner(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        assert "Ben's phone rings" in await talk.slash("Ada", "invite Ben")
        ben = await talk.answers("Ben")
        await talk.until_with(talk.customer, "agent-Ada", "guest-Ben")
        assert "Ada asks you to join a call for help" in await talk.it.heard(ben)
        await talk.says(ben, "good morning", talk.customer, talk.ada)
        await talk.says(talk.customer, "so many people", talk.ada, ben)
        await talk.until_state("active", "Ada")
        await talk.line("Ben has joined the call")
        await talk.it.do(ben, "hangup")
        await talk.until_with(talk.customer, "agent-Ada")
        await talk.line("Ben's line ended after")
        await talk.until_state("active", "Ada")


@pytest.mark.promise("call-third")
async def test_an_invitation_that_nobody_takes_changes_nothing_for_anybody(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.slash("Ada", "invite Ben")
        ben = await talk.answers("Ben", key="2")
        await talk.until_over(ben)
        await talk.says(talk.ada, "still the two of us", talk.customer, but=(ben,))
        assert (await talk.it.inside.agent("Ben"))["presence"] == "available"
        await talk.slash("Ada", "invite Ben")
        again = await talk.rings("Ben")
        await talk.it.do(again, "machine")
        await talk.until_over(again)
        await talk.until_with(talk.customer, "agent-Ada")


@pytest.mark.promise("call-third-stays")
async def test_when_the_owner_leaves_the_third_person_goes_on_with_the_customer(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.slash("Ada", "invite Ben")
        ben = await talk.answers("Ben")
        await talk.until_with(talk.customer, "agent-Ada", "guest-Ben")
        await talk.it.do(talk.ada, "hangup")
        await talk.until_with(talk.customer, "guest-Ben")
        await talk.says(ben, "I am still here", talk.customer)
        await talk.it.do(ben, "hangup")
        await talk.until_heard(talk.customer, "Goodbye")
        await talk.until_state("wrapping", "Ada")


@pytest.mark.promise("call-listen")
async def test_who_listens_hears_both_and_is_heard_by_nobody(tmp_path: Path) -> None:
    async with talking(tmp_path, BOSSES) as talk:
        mira = await supervised(talk, "listen")
        await talk.says(talk.customer, "it hurts", talk.ada, mira)
        await talk.says(talk.ada, "where", talk.customer, mira)
        await talk.says(mira, "hm", but=(talk.ada, talk.customer))
        await talk.line("Mira listens")


@pytest.mark.promise("call-whisper")
async def test_who_whispers_is_heard_by_the_agent_alone(tmp_path: Path) -> None:
    async with talking(tmp_path, BOSSES) as talk:
        mira = await supervised(talk, "whisper")
        await talk.says(talk.customer, "it hurts", talk.ada, mira)
        await talk.says(mira, "offer a refund", talk.ada, but=(talk.customer,))
        await talk.line("only the agent hears them")


@pytest.mark.promise("call-whisper")
async def test_who_whispers_is_heard_by_whoever_has_the_call_by_now(tmp_path: Path) -> None:
    async with talking(tmp_path, BOSSES) as talk:
        mira = await supervised(talk, "whisper")
        await talk.slash("Ada", "transfer Ben cannot log in")
        ben = await talk.answers("Ben")
        await talk.until_with(talk.customer, "agent-Ben")

        async def told_again() -> bool:
            facts = await talk.it.inside.app.queue.jots(talk.contact)
            return facts.get("coached") == ben

        await talk.it.inside.until(told_again)
        await talk.says(mira, "be kind", ben, but=(talk.customer,))


@pytest.mark.promise("call-barge")
async def test_who_barges_in_is_heard_by_both_and_may_go_back_to_listening(tmp_path: Path) -> None:
    async with talking(tmp_path, BOSSES) as talk:
        mira = await supervised(talk, "barge")
        await talk.says(mira, "may I", talk.ada, talk.customer)
        await talk.slash("Mira", "listen")

        async def muted() -> bool:
            return bool((await talk.it.leg(mira))["muted"])

        await talk.it.inside.until(muted)
        await talk.says(mira, "quiet now", but=(talk.ada, talk.customer))
        await talk.it.do(talk.customer, "hangup")
        await talk.until_over(mira)
        await talk.until_over(talk.ada)


@pytest.mark.promise("call-supervisors-only")
async def test_only_a_supervisor_with_a_phone_listens_to_others(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        assert "Only a supervisor" in await talk.slash("Ben", "listen")
        assert "not in the plan" in await talk.slash("Mira", "listen")
        assert "is with Ada" in await talk.slash("Ben", "hold")
        assert not (await talk.it.leg(talk.customer))["on_hold"]
