"""The calls that go on now, all at once: what a page with everybody's phones asks for."""

from __future__ import annotations

from voice_stage import ADA, open_voice


async def test_without_a_number_the_calls_that_go_on_are_listed_and_no_others() -> None:
    async with open_voice(
        voice="<Say>Hello.</Say><Pause length='60'/>", agent="<Pause length='60'/>"
    ) as stage:
        customer = await stage.ring()
        agent = await stage.answered(ADA)
        await stage.said(customer, "Hello.")
        assert {it["sid"] for it in await stage.api("/calls")} == {customer, agent}
        await stage.act(customer, "hangup")
        assert [it["sid"] for it in await stage.api("/calls")] == [agent]
        await stage.act(agent, "hangup")
        assert await stage.api("/calls") == []
