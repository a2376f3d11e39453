"""A call is handed over, at once or when both have spoken: whatever goes wrong meanwhile, who hears what.

{the agent declines, no answer, busy, the customer hangs up, the first agent hangs up, the provider fails} × {cold, warm}
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, PHONES
from tests.channels.talk_stage import Talk, talking

COLD, WARM = "transfer", "speak"
UNREACHABLE = "+15005550002"
"""Twilio calls no such number, wherever it is tried."""
BOTH = pytest.mark.parametrize("way", [COLD, WARM])
DECLINED, SOMEBODY_ELSE = "somebody else will be asked", "Somebody else has taken this call"


async def hand(talk: Talk, way: str) -> None:
    """Ada hands it to Ben; the customer hears music until it is known who has them."""
    await talk.slash("Ada", f"{way} Ben cannot log in")
    await talk.until_hold()


async def back_with_ada(talk: Talk) -> None:
    """The customer is with Ada as before, and she can go on."""
    await talk.until_with(talk.customer, "agent-Ada")
    await talk.until_state("active", "Ada")
    await talk.says(talk.ada, "so, it is me again", talk.customer)
    await talk.says(talk.customer, "fine", talk.ada)


async def with_ben(talk: Talk, ben: str) -> None:
    """The customer is with Ben alone; Ada has heard that, and her line has ended."""
    await talk.until_with(talk.customer, "agent-Ben")
    await talk.until_state("active", "Ben")
    await talk.until_over(talk.ada)
    await talk.says(ben, "Ben speaking", talk.customer, but=(talk.ada,))


# ---- as it should be ----------------------------------------------------------------------------------------------


@pytest.mark.promise("call-cold")
async def test_cold_the_customer_hears_music_until_the_next_agent_has_taken_them(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, COLD)
        await talk.until_heard(talk.customer, "You are on hold")
        ben = await talk.answers("Ben")
        await with_ben(talk, ben)
        assert "Ada hands it over" in await talk.it.heard(ben)
        assert "cannot log in" in await talk.it.heard(ben)
        assert SOMEBODY_ELSE in await talk.it.heard(talk.ada)
        await talk.line("Ada hands over to Ben")
        await talk.line("With Ben now")


@pytest.mark.promise("call-warm")
async def test_warm_both_agents_speak_while_the_customer_hears_music_and_then_it_is_handed_over(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, WARM)
        ben = await talk.answers("Ben")
        await talk.until_with(ben, "agent-Ada")
        assert "Ada would like to speak with you first" in await talk.it.heard(ben)
        await talk.says(talk.ada, "they forgot the password", ben, but=(talk.customer,))
        await talk.says(ben, "give them to me", talk.ada, but=(talk.customer,))
        await talk.until_state("active", "Ada")
        await talk.line("Ben is on the line to be spoken with first")
        assert "with Ben" in await talk.slash("Ada", "hand_over")
        await with_ben(talk, ben)
        assert SOMEBODY_ELSE in await talk.it.heard(talk.ada)


@pytest.mark.promise("call-warm")
async def test_warm_the_buttons_lead_back_to_the_customer_too(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, WARM)
        ben = await talk.answers("Ben")
        await talk.until_with(ben, "agent-Ada")
        inside = talk.it.inside

        async def asked() -> list[dict[str, str]]:
            return [m for m in await inside.channel("desk") if "call.back" in str(m)]

        line = (await inside.until(asked))[0]
        body = {"user": inside.person("Ada").slack, "channel": line["channel"], "ts": line["ts"]}
        await inside.call("/slack/act", {**body, "action_id": "call.back"})
        await back_with_ada(talk)
        await talk.until_over(ben)


@pytest.mark.promise("call-warm")
async def test_the_form_behind_the_button_asks_whether_both_speak_first(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        inside = talk.it.inside
        who = inside.person("Ada").slack

        async def heads() -> list[dict[str, str]]:
            return [m for m in await inside.channel("desk") if "contact.transfer" in str(m)]

        head = (await inside.until(heads))[0]
        body = {"user": who, "channel": head["channel"], "ts": head["ts"], "action_id": "contact.transfer"}
        await inside.call("/slack/act", body)

        async def forms() -> list[dict[str, str]]:
            return [
                v for v in await inside.call(f"/slack/views?user={who}") if "Speak with them first" in str(v)
            ]

        form = (await inside.until(forms))[0]
        values = {
            "verb": option(form, "Speak with them first"),
            "to": option(form, "Ben"),
            "text": "a refund",
        }
        await inside.call("/slack/submit", {"user": who, "view_id": form["id"], "values": values})
        await talk.until_hold()
        ben = await talk.answers("Ben")
        await talk.until_with(ben, "agent-Ada")
        assert "a refund" in await talk.it.heard(ben)


def option(form: dict[str, str], text: str) -> str:
    """The value of what stands in one of the form's menus as `text`."""
    found = [
        one["value"]
        for block in form["blocks"]
        for one in block.get("element", {}).get("options", ())  # type: ignore[attr-defined]
        if one["text"]["text"] == text
    ]
    assert len(found) == 1, (text, found)
    return str(found[0])


@pytest.mark.promise("call-hold-optional")
async def test_whoever_hands_over_may_go_on_talking_with_the_customer_until_somebody_has_taken_them(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, COLD)
        await talk.slash("Ada", "resume")
        await talk.until_hold(False)
        await talk.says(talk.ada, "my colleague comes at once", talk.customer)
        await with_ben(talk, await talk.answers("Ben"))


@pytest.mark.parametrize("whom", ["team desk", "L1", "service orders"])
@pytest.mark.promise("call-cold")
async def test_a_team_a_tier_or_a_service_takes_it_too_and_says_no_too(tmp_path: Path, whom: str) -> None:
    async with talking(tmp_path, CALLS.replace("schedule: office", "schedule: always")) as talk:
        await talk.slash("Ada", f"transfer {whom} cannot log in")
        await talk.until_hold()
        first = await talk.answers("Ben", key="2")
        await talk.until_heard(first, DECLINED)
        await talk.line("Nobody else can take it now: it stays with Ada")
        assert (await talk.it.leg(talk.customer))["on_hold"]
        await talk.slash("Ada", "back")
        await back_with_ada(talk)
        await talk.slash("Ada", f"transfer {whom} cannot log in")
        await with_ben(talk, await talk.answers("Ben"))


# ---- the twelve ---------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.promise("call-handed-declined")
async def test_the_next_agent_declines_and_the_customer_is_with_the_first_again(
    tmp_path: Path, way: str
) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, way)
        ben = await talk.answers("Ben", key="2")
        await talk.until_heard(ben, DECLINED)
        await talk.until_over(ben)
        await back_with_ada(talk)
        await talk.line("They declined: it stays with Ada")
        assert "fine" not in await talk.it.heard(ben)


@BOTH
@pytest.mark.promise("call-handed-no-answer")
async def test_nobody_answers_and_the_customer_is_with_the_first_again(tmp_path: Path, way: str) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, way)
        ben = await talk.rings("Ben")
        await talk.it.inside.call("/clock", {"advance": "25s"})
        await back_with_ada(talk)
        await talk.until_over(ben)
        assert await talk.it.heard(ben) == ""
        await talk.line("They didn't answer in time: it stays with Ada")


@BOTH
@pytest.mark.promise("call-handed-busy")
async def test_the_line_is_busy_and_the_customer_is_with_the_first_again(tmp_path: Path, way: str) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, way)
        ben = await talk.rings("Ben")
        await talk.it.do(ben, "busy")
        await back_with_ada(talk)
        await talk.line("Ben's line is busy")
        assert (await talk.it.inside.agent("Ben"))["presence"] == "available"


@BOTH
@pytest.mark.promise("call-handed-customer-gone")
async def test_the_customer_hangs_up_and_both_agents_hear_so(tmp_path: Path, way: str) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, way)
        ben = await (talk.answers("Ben") if way == WARM else talk.rings("Ben"))
        if way == WARM:
            await talk.until_with(ben, "agent-Ada")
        await talk.it.do(talk.customer, "hangup")
        await talk.until_heard(talk.ada, "The caller has hung up")
        if way == WARM:
            await talk.until_heard(ben, "The caller has hung up")
        await talk.until_over(ben)
        await talk.until_over(talk.ada)
        await talk.until_state("wrapping", "Ada")


@BOTH
@pytest.mark.promise("call-handed-first-gone")
async def test_the_first_agent_hangs_up_and_the_customer_stays_and_is_taken(tmp_path: Path, way: str) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, way)
        if way == WARM:
            ben = await talk.answers("Ben")
            await talk.until_with(ben, "agent-Ada")
            await talk.it.do(talk.ada, "hangup")
        else:
            ringing = await talk.rings("Ben")
            await talk.it.do(talk.ada, "hangup")
            await talk.line("isn't on the line any more")
            assert (await talk.it.leg(talk.customer))["on_hold"]
            assert await talk.rings("Ben") == ringing
            ben = await talk.answers("Ben")
        await with_ben(talk, ben)


@BOTH
@pytest.mark.promise("call-handed-refused")
async def test_the_provider_refuses_the_number_and_the_customer_is_with_the_first_again(
    tmp_path: Path, way: str
) -> None:
    """Before it is known that nobody can be rung the customer hears music; then they are back, and Ada is told."""
    plan = CALLS.replace(PHONES["Ben"], UNREACHABLE)
    async with talking(tmp_path, plan) as talk:
        await talk.slash("Ada", f"{way} Ben cannot log in")
        await talk.line("it stays with Ada")
        await back_with_ada(talk)
        await talk.until_state("active", "Ada")


@BOTH
@pytest.mark.promise("call-handed-trouble")
async def test_the_provider_fails_for_a_while_and_everything_is_done_when_it_answers_again(
    tmp_path: Path, way: str
) -> None:
    async with talking(tmp_path) as talk:
        await talk.it.inside.call("/faults", {"twilio": {"fail": 503, "times": 3}})
        await hand(talk, way)
        ben = await talk.answers("Ben")
        if way == WARM:
            await talk.until_with(ben, "agent-Ada")
        await talk.it.inside.call("/faults", {"twilio": {"fail": 503, "times": 2}})
        if way == WARM:
            await talk.slash("Ada", "hand_over")
        await with_ben(talk, ben)


@pytest.mark.promise("call-hold-refused")
async def test_what_the_provider_refuses_for_good_is_said_in_the_thread_and_the_call_goes_on(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as talk:
        await talk.it.inside.call("/faults", {"twilio": {"fail": 400, "times": 1}})
        await talk.slash("Ada", "hold")
        await talk.line("The customer could not be put on hold")
        await talk.says(talk.ada, "I tried to put you on hold", talk.customer)
        assert not (await talk.it.leg(talk.customer))["on_hold"]
        await talk.slash("Ada", "hold")
        await talk.until_hold()


@pytest.mark.promise("call-warm")
async def test_nobody_is_let_in_to_speak_first_while_the_customer_would_hear_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await hand(talk, WARM)
        await talk.slash("Ada", "resume")
        await talk.until_hold(False)
        ben = await talk.rings("Ben")
        await talk.it.inside.call("/faults", {"twilio": {"fail": 400}})
        await talk.answers("Ben")
        await talk.line("The customer could not be put on hold")
        await talk.it.do(ben, "speak", text="who is it")
        await talk.says(talk.ada, "I am still with you", talk.customer, but=(ben,))
        assert "who is it" not in await talk.it.heard(talk.customer)
        await talk.until_over(ben)
        await talk.line("it stays with Ada")
        await talk.it.inside.call("/faults", {})
        await back_with_ada(talk)


@BOTH
@pytest.mark.promise("call-handed-trouble")
async def test_news_that_come_twice_and_out_of_order_change_nothing(tmp_path: Path, way: str) -> None:
    async with talking(tmp_path) as talk:
        faults = {"redeliver": True, "out_of_order": True, "webhook_delay": 0.2}
        await talk.it.inside.call("/faults", {"twilio": faults})
        await hand(talk, way)
        ben = await talk.answers("Ben")
        if way == WARM:
            await talk.until_with(ben, "agent-Ada")
            await talk.says(ben, "tell me", talk.ada, but=(talk.customer,))
            await talk.slash("Ada", "hand_over")
        await with_ben(talk, ben)
        await talk.slash("Ben", "hold")
        await talk.until_hold()
        await talk.slash("Ben", "resume")
        await talk.until_with(talk.customer, "agent-Ben")
        await talk.it.do(talk.customer, "hangup")
        await talk.until_over(ben)
        await talk.until_state("wrapping", "Ben")
