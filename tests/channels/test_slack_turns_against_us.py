"""People leave Slack, channels are archived, tokens revoked, answers slowed: told once, and the work goes on (F64-F70)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from helpers_app import EVA, JONAS, OPS, Inside, inside

from tierline.router import desk_watch
from tierline.sandbox.slack import SlackStandIn


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    monkeypatch.setattr(desk_watch, "LOOK", 2.0)
    monkeypatch.setattr(desk_watch, "PROBE", 0.2)
    async with inside(tmp_path) as it:
        yield it


def slack(it: Inside) -> SlackStandIn:
    return next(one for one in it.rehearsal.sandbox.standins if isinstance(one, SlackStandIn))


async def _active(it: Inside, sender: str = EVA) -> bool:
    return bool((await it.contact(sender))["state"] == "active")


@pytest.mark.promise("unreachable-agent")
async def test_who_left_slack_gets_no_more_and_their_offer_goes_to_the_next(running: Inside) -> None:
    for name in ("Ada", "Ben"):
        await running.slash(name, "available")
    space = slack(running).space
    ada = running.person("Ada")
    gone, dm = space.users.pop(ada.slack), space.channels.pop(ada.dm)
    assert await running.text("help me") == 200
    await running.accept("Ben", "help me")
    await running.until(lambda: _active(running))
    assert (await running.contact())["owner"]["name"] == "Ben"
    assert (await running.agent("Ada"))["presence"] == "away"
    assert len(await running.until(lambda: running.told("Ada cannot be reached"))) == 1
    assert (await running.agent("Ben"))["presence"] == "available"
    assert "slack" not in (await running.app.ready())["trouble"]  # type: ignore[operator]
    space.users[ada.slack], space.channels[ada.dm] = gone, dm
    await running.slash("Ben", "away 10m")
    await running.slash("Ada", "available")
    assert await running.text("another", JONAS) == 200
    await running.accept("Ada", "another")


@pytest.mark.promise("archived-channel")
async def test_a_team_whose_channel_was_archived_is_told_of_and_its_offers_go_on(running: Inside) -> None:
    await running.slash("Ada", "available")
    room = next(c for c in slack(running).space.channels.values() if c.name == "desk")
    room.is_archived = True
    for sender, text in ((EVA, "help me"), (JONAS, "me too")):
        assert await running.text(text, sender) == 200
        await running.accept("Ada", text)
        await running.until(lambda sender=sender: _active(running, sender))
    assert len(await running.until(lambda: running.told("can't be written to"))) == 1
    assert (await running.agent("Ada"))["presence"] == "available"
    assert "slack" not in (await running.app.ready())["trouble"]  # type: ignore[operator]


@pytest.mark.promise("slack-down")
async def test_a_revoked_token_is_seen_told_by_text_and_forgiven_when_it_works_again(running: Inside) -> None:
    await running.slash("Ada", "available")
    keys = slack(running).space.cast.credentials
    good = keys.bot_token
    object.__setattr__(keys, "bot_token", "xoxb-another")
    await running.until(lambda: running.got("Slack doesn't answer", OPS))
    assert "slack" in (await running.app.ready())["trouble"]  # type: ignore[operator]
    assert await running.text("help me") == 200
    assert (await running.contact())["state"] == "waiting"
    object.__setattr__(keys, "bot_token", good)
    await running.until(lambda: running.got("Slack answers again", OPS))
    await running.accept("Ada", "help me")
    assert len(await running.got("Slack doesn't answer", OPS)) == 1
    assert good not in str(await running.got("Slack", OPS))


@pytest.mark.promise("slack-slow-down")
async def test_while_slack_asks_for_thirty_seconds_nobody_is_blamed_and_it_is_not_hammered(
    running: Inside,
) -> None:
    await running.slash("Ada", "available")
    await running.call("/faults", {"slack": {"rate_limit": {"retry_after": 2}}})
    assert await running.text("help me") == 200
    wire = running.rehearsal.sandbox.wire

    def refused() -> list[str]:
        return [e.path for e in wire.exchanges if e.service == "slack" and e.status == 429]

    await running.until(refused)
    await running.call("/faults", {})
    await running.accept("Ada", "help me")
    await running.until(lambda: _active(running))
    posts = [path for path in refused() if path.endswith("chat.postMessage")]
    assert len(posts) <= 3  # each call that was refused waits for its time, and takes the others along
    assert (await running.agent("Ada"))["presence"] == "available"
    assert not [o for o in (await running.contact())["offers"] if o["state"] == "missed"]


@pytest.mark.promise("arrives-once")
async def test_every_press_and_word_that_comes_twice_counts_once(running: Inside) -> None:
    await running.slash("Ada", "available")
    await running.call("/faults", {"slack": {"redeliver": True}})
    assert await running.text("help me") == 200
    await running.accept("Ada", "help me")
    await running.until(lambda: _active(running))
    await running.slash("Ada", "away 10m lunch")
    kinds = [e["event"] for e in await running.api("/ledger?since=0-0")]
    assert kinds.count("accepted") == 1


@pytest.mark.promise("slack-retry-first")
@pytest.mark.parametrize("attempt", [1, 2, 3])
async def test_a_retry_that_is_the_first_we_see_is_done_like_any_other(running: Inside, attempt: int) -> None:
    slack(running).delivery.retry_after = (0.0, 0.1, 0.1)
    await running.call("/faults", {"slack": {"lose": attempt}})
    await running.slash("Ada", "available")
    assert await running.text("help me") == 200
    await running.accept("Ada", "help me")
    await running.until(lambda: _active(running))

    async def heads() -> list[str]:
        return [m["ts"] for m in await running.channel("desk") if "contact.close" in str(m["blocks"])]

    thread = (await running.until(heads))[0]
    room = next(p.id for p in running.rehearsal.cast.places if p.name == "desk")
    reply = {"user": running.person("Ada").slack, "channel": room, "thread_ts": thread, "text": "On it"}
    await running.call("/slack/reply", reply)
    await running.until(lambda: running.got("On it"))
    attempts = [
        e.params["retry_attempt"]
        for e in running.rehearsal.sandbox.wire.exchanges
        if e.path == "/slack/socket/events_api" and e.status == 200 and "On it" in str(e.params)
    ]
    assert set(attempts) == {attempt} and len(await running.got("On it")) == 1


@pytest.mark.promise("slack-slow-passes-over")
async def test_who_slack_lets_nobody_write_to_is_passed_over_unblamed_and_it_is_told_once_and_once_again(
    running: Inside,
) -> None:
    for name in ("Ada", "Ben"):  # Ada is the longest available: she would be asked
        await running.slash(name, "available")
    limit = {"retry_after": 30, "channel": running.person("Ada").dm}
    await running.call("/faults", {"slack": {"rate_limit": limit}})
    assert await running.text("help me") == 200
    await running.accept("Ben", "help me")
    assert await running.text("me too", JONAS) == 200
    await running.until(lambda: _active(running))
    await running.until(lambda: running.got("Slack asks us to wait 30 s", OPS))
    kinds = [(o["state"], o["agent"]["name"]) for o in (await running.contact())["offers"]]
    assert not [it for it in kinds if it[0] == "missed"]
    assert (await running.agent("Ada"))["presence"] == "available"
    assert "slack-slow" in (await running.app.ready())["trouble"]  # type: ignore[operator]
    await running.call("/faults", {})
    ahead = running.app.desk.clock() + 60
    running.app.desk.clock = lambda: ahead  # what Slack asked for is over
    await running.until(lambda: running.got("Slack takes everything again", OPS))
    assert len(await running.got("Slack asks us to wait", OPS)) == 1


async def test_a_lone_agent_whom_slack_holds_up_is_asked_when_the_time_is_over(running: Inside) -> None:
    await running.slash("Ada", "available")
    await running.call("/faults", {"slack": {"rate_limit": {"retry_after": 6}}})
    assert await running.text("help me") == 200
    await running.until(lambda: running.got("Slack asks us to wait 6 s", OPS))
    assert (await running.contact())["state"] == "waiting"
    await running.call("/faults", {})
    await running.accept("Ada", "help me")
    await running.until(lambda: _active(running))
    assert (await running.agent("Ada"))["presence"] == "available"
    assert "slack" not in (await running.app.ready())["trouble"]  # type: ignore[operator]
