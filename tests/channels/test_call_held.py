"""Hold, mute and hang up: buttons and words, since a conference has no keys; who hears whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.talk_stage import talking
from tierline.router.deliver import Deliveries


@pytest.mark.promise("call-hold")
async def test_a_customer_on_hold_hears_music_and_nobody_and_then_the_agent_again(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        assert "music" in await talk.slash("Ada", "hold")
        await talk.until_hold()
        await talk.until_heard(talk.customer, "You are on hold")
        assert (await talk.it.leg(talk.customer))["with"] == []
        await talk.it.do(talk.ada, "speak", text="what a day")
        assert "what a day" not in await talk.it.heard(talk.customer)
        await talk.line("The customer is on hold")
        await talk.slash("Ada", "resume")
        await talk.until_with(talk.customer, "agent-Ada")
        await talk.says(talk.ada, "here I am", talk.customer)
        await talk.line("The customer is off hold")


@pytest.mark.promise("call-mute")
async def test_a_muted_agent_is_not_heard_and_hears(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.slash("Ada", "mute")

        async def muted() -> bool:
            return bool((await talk.it.leg(talk.ada))["muted"])

        await talk.it.inside.until(muted)
        await talk.it.do(talk.ada, "speak", text="cough")
        await talk.says(talk.customer, "are you there", talk.ada)
        assert "cough" not in await talk.it.heard(talk.customer)
        await talk.slash("Ada", "unmute")
        await talk.line("Ada is heard again")
        await talk.says(talk.ada, "I am", talk.customer)


@pytest.mark.promise("call-buttons")
async def test_the_buttons_of_a_calls_thread_do_the_same_and_only_for_its_owner(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        inside = talk.it.inside

        async def heads() -> list[dict[str, str]]:
            return [m for m in await inside.channel("desk") if '"call.hold"' in str(m).replace("'", '"')]

        head = (await inside.until(heads))[0]

        async def press(name: str, action: str) -> None:
            body = {"user": inside.person(name).slack, "channel": head["channel"], "ts": head["ts"]}
            await inside.call("/slack/act", {**body, "action_id": action})

        await press("Ben", "call.hold")
        await press("Ada", "call.mute")
        await talk.line("Ada is muted")
        assert not (await talk.it.leg(talk.customer))["on_hold"]
        await press("Ada", "call.hold")
        await talk.until_hold()
        assert [m["ts"] for m in await heads()] == [head["ts"]]
        await press("Ada", "call.hang_up")
        await talk.until_heard(talk.customer, "Goodbye")
        await talk.until_over(talk.customer)
        await talk.until_over(talk.ada)
        await talk.until_state("wrapping")


@pytest.mark.promise("call-hold-lost")
async def test_who_hangs_up_while_the_customer_is_on_hold_leaves_them_to_the_next_agent(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as talk:
        await talk.slash("Ada", "hold")
        await talk.until_hold()
        await talk.it.inside.slash("Ada", "away")
        await talk.it.do(talk.ada, "hangup")
        ben = await talk.answers("Ben")
        await talk.until_with(talk.customer, "agent-Ben")
        await talk.says(ben, "Ben here", talk.customer)
        await talk.until_state("active", "Ben")
        await talk.line("isn't on the line any more")


@pytest.mark.promise("call-customer-left")
async def test_when_the_customer_hangs_up_the_agent_hears_so(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.it.do(talk.customer, "hangup")
        await talk.until_heard(talk.ada, "The caller has hung up")
        await talk.until_over(talk.ada)
        await talk.until_state("wrapping")
        await talk.line("The customer's line ended after")


@pytest.mark.promise("call-put-right")
async def test_when_the_news_that_the_agent_is_gone_cause_nothing_the_next_look_does_it(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as talk:
        await talk.slash("Ada", "hold")
        await talk.until_hold()
        await talk.it.inside.slash("Ada", "away")
        outbox = talk.it.inside.app.outbox
        deliveries: Deliveries = outbox.jobs.__self__  # type: ignore[attr-defined]
        outbox.jobs = lambda event: [] if event.e in ("leg", "call") else deliveries.jobs(event)
        await talk.it.do(talk.ada, "hangup")

        async def noted() -> bool:
            return not any(leg.live for leg in await outbox.queue.legs(talk.contact) if leg.sid == talk.ada)

        await talk.it.inside.until(noted)
        await deliveries.ringing.talking.look_round()
        ben = await talk.answers("Ben")
        await deliveries.ringing.talking.look_round()
        await talk.until_with(talk.customer, "agent-Ben")
        await talk.says(ben, "there you are", talk.customer)
