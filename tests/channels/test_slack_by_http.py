"""HTTP mode: Slack calls us, signed; what is not Slack's is refused before it is read (SEC5, SEC6, F61, F62)."""

from __future__ import annotations

import asyncio
import io
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from desk_stage import DeskStage, card, desk_stage, eventually, head, shown
from helpers_app import inside
from slack_stage import ADA, ADA_DM, LIN, ROOM, until

from tierline.channels.house import Wrote
from tierline.channels.slack import events
from tierline.console.slack_side import challenged
from tierline.sandbox.slack_requests import signature
from tierline.sandbox.slack_state import APP, TEAM

SECRET = "sandbox"


def signed(body: str, at: int | None = None, secret: str = SECRET, **more: str) -> dict[str, str]:
    """The headers with which Slack sends `body`."""
    now = int(time.time()) if at is None else at
    kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
    made = {"X-Slack-Request-Timestamp": str(now), "X-Slack-Signature": signature(secret, now, body)}
    return {"Content-Type": kind} | made | more


async def post(on: DeskStage, body: str | bytes, headers: dict[str, str]) -> tuple[int, str]:
    data = body.encode() if isinstance(body, str) else body
    async with on.stage.http.post(on.url, data=data, headers=headers) as answer:
        return answer.status, await answer.text()


def typed(place: str, text: str, event_id: str = "Ev1", **more: Any) -> str:
    """A message event for a reply in the thread at `place`."""
    channel, ts = place.split(":")
    event = {"type": "message", "user": ADA, "text": text, "channel": channel, "channel_type": "channel",
             "ts": "1800000000.000100", "thread_ts": ts, "team": TEAM}  # fmt: skip
    body = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": event_id,
        "event": event,
    }
    return json.dumps(body | more)


def test_the_stand_in_signs_as_slacks_own_example_says() -> None:
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        "trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    made = signature("8f742231b10e8888abcd99yyyzzz85a5", 1531420618, body)
    assert made == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


@pytest.mark.promise("slack-http")
async def test_buttons_words_modals_and_commands_come_by_request_as_by_socket() -> None:
    async with desk_stage(http=True) as on:
        assert on.stage.slack.sockets.count == 0
        place = await on.desk.offer(card())
        pressed = await on.press(place, "offer.accept")
        assert pressed["ack_ms"] < 1000
        await until(lambda: on.house.verbs("accept"))
        thread = await on.desk.open(head())
        await on.type(thread, "We look into it")
        await until(lambda: on.house.verbs("typed"))
        said = await on.stage.post("command", user=ADA, channel=ADA_DM, command="/tierline", text="status")
        assert "command done" in json.dumps(said)
        await on.press(thread, "contact.note")

        async def opened() -> Any:
            return await on.stage.get("views", user=ADA)

        [view] = await eventually(opened)
        done = await on.stage.post("submit", user=ADA, view_id=view["id"], values={"text": "seen before"})
        assert done["ok"], done
        await until(lambda: on.house.verbs("note"))
        ways = {(one.direction, one.path) for one in on.stage.wire.exchanges if one.direction == "in"}
        assert ways == {("in", "/slack/events")}


HOSTILE = {
    "no signature": {"X-Slack-Signature": None},
    "no time": {"X-Slack-Request-Timestamp": None},
    "another signature": {"X-Slack-Signature": "v0=" + "0" * 64},
    "a signature that is no ASCII": {"X-Slack-Signature": "v0=\u00e9"},
    "an empty signature": {"X-Slack-Signature": ""},
    "a time that is no number": {"X-Slack-Request-Timestamp": "abc"},
    "a time of 5000 digits": {"X-Slack-Request-Timestamp": "9" * 5000},
    "a negative time": {"X-Slack-Request-Timestamp": "-1"},
    "no time at all": {"X-Slack-Request-Timestamp": ""},
}


@pytest.mark.promise("slack-signed")
@pytest.mark.parametrize("what", HOSTILE)
async def test_what_slack_did_not_sign_is_refused_and_nothing_of_it_is_done(what: str) -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.open(head())
        body = typed(place, "from a stranger")
        headers = {k: v for k, v in (signed(body) | HOSTILE[what]).items() if v is not None}
        status, _ = await post(on, body, headers)
        assert status == 401
        assert (await post(on, typed(place, "from Slack", "Ev2"), signed(typed(place, "from Slack", "Ev2"))))[
            0
        ] == 200
        await until(lambda: on.house.verbs("typed"))
        assert [call[1].text for call in on.house.verbs("typed")] == ["from Slack"]


@pytest.mark.promise("slack-signed")
@pytest.mark.parametrize("seconds", [-600, -310, 310, 600])
async def test_a_request_of_more_than_five_minutes_ago_or_ahead_is_refused(seconds: int) -> None:
    async with desk_stage(http=True) as on:
        body = typed(await on.desk.open(head()), "again")
        assert (await post(on, body, signed(body, int(time.time()) + seconds)))[0] == 401
        assert (await post(on, body, signed(body, int(time.time()) + seconds // 3)))[0] == 200
        await until(lambda: len(on.house.verbs("typed")) == 1)


@pytest.mark.promise("slack-signed")
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"\xff\xfe{}", 401), (b"{" * 50_000, 400), (b"payload=%7B%22", 400), (b"payload=", 400), (b"", 200)],
)
async def test_odd_bodies_are_answered_at_once(body: bytes, status: int) -> None:
    async with desk_stage(http=True) as on:
        headers = signed(body.decode("utf-8", "replace"))
        began = time.monotonic()
        found, _ = await post(on, body, headers)
        assert time.monotonic() - began < 3
        assert found == status
        assert (await post(on, body, headers | {"X-Slack-Signature": "v0=0"}))[0] == 401
        await on.desk.ping()


@pytest.mark.promise("slack-signed")
async def test_a_body_that_is_huge_or_never_ends_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "READ_WITHIN", 0.2)
    async with desk_stage(http=True) as on:
        huge = "x" * (events.LARGEST + 1)
        async with on.stage.http.post(on.url, data=io.BytesIO(huge.encode()), headers=signed(huge)) as answer:
            assert answer.status == 413

        async def slowly() -> Any:
            yield b"{"
            await asyncio.sleep(30)

        async with on.stage.http.post(on.url, data=slowly(), headers=signed("{")) as answer:
            assert answer.status == 408


@pytest.mark.promise("slack-signed")
async def test_slacks_challenge_is_answered_when_it_is_signed_and_no_other() -> None:
    async with desk_stage(http=True) as on:
        body = json.dumps({"token": "x", "challenge": "3eZbrw1aB", "type": "url_verification"})
        status, said = await post(on, body, signed(body))
        assert status == 200 and json.loads(said) == {"challenge": "3eZbrw1aB"}
        assert (await post(on, body, signed(body, secret="another")))[0] == 401
        check = urlencode({"ssl_check": "1", "token": "x"})
        assert (await post(on, check, signed(check, secret="another")))[0] == 401


@pytest.mark.promise("slack-signed")
@pytest.mark.parametrize(
    "change",
    [
        {"api_app_id": "A0ANOTHER1"},
        {"team_id": "T0ANOTHER1"},
        {"authorizations": [{"team_id": "T0ANOTHER1", "user_id": "U1", "is_bot": True}]},
    ],
)
async def test_what_slack_signed_for_another_app_or_workspace_is_dropped(change: dict[str, Any]) -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.open(head())
        other, ours = typed(place, "theirs", **change), typed(place, "ours", "Ev2")
        assert (await post(on, other, signed(other)))[0] == 200
        assert (await post(on, ours, signed(ours)))[0] == 200
        await until(lambda: on.house.verbs("typed"))
        assert [call[1].text for call in on.house.verbs("typed")] == ["ours"]


@pytest.mark.promise("slack-signed")
async def test_a_press_of_a_person_from_a_connected_workspace_is_ours_by_its_authorization() -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.open(head())
        grant = [{"team_id": TEAM, "user_id": "U0SANDBOXB", "is_bot": True}]
        body = typed(place, "from the customer's workspace", team_id="T0CUSTOMER", authorizations=grant)
        assert (await post(on, body, signed(body)))[0] == 200
        await until(lambda: on.house.verbs("typed"))


@pytest.mark.promise("slack-http-once")
async def test_what_is_sent_again_counts_once_whichever_try_comes_first() -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.open(head())
        body = typed(place, "only once")
        for number in (2, 1, 3):
            tries = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"}
            assert (await post(on, body, signed(body, **tries)))[0] == 200
        await until(lambda: len(on.house.verbs("typed")) == 1)
        assert len([key for key in on.once.seen if key.startswith("slack:typed:")]) == 1
        captured = await captured_press(on, place)
        headers = signed(captured)
        assert [(await post(on, captured, headers))[0] for _ in range(3)] == [200, 200, 200]
        await until(lambda: on.house.verbs("undo"))
        await on.desk.ping()
        assert len(on.house.verbs("undo")) == 1


async def captured_press(on: DeskStage, place: str) -> str:
    """A press as it goes over the wire."""
    channel, ts = place.split(":")
    action = {
        "type": "button",
        "action_id": "reply.undo",
        "block_id": "b",
        "value": "C1001.2",
        "action_ts": "1.2",
    }
    payload = {
        "type": "block_actions", "user": {"id": ADA, "team_id": TEAM}, "api_app_id": APP, "team": {"id": TEAM},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel}, "channel": {"id": channel},
        "trigger_id": "1.2.3", "actions": [action], "message": {"ts": ts},
    }  # fmt: skip
    return urlencode({"payload": json.dumps(payload)})


@pytest.mark.promise("slack-http-once")
async def test_an_edit_that_is_told_twice_is_answered_once() -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.open(head())
        on.stage.faults.slack.redeliver = True
        on.house.answers["wrote"] = Wrote("C1001", 2, "left")
        said = await on.type(place, "We look")
        await on.stage.post("edit", user=ADA, channel=ROOM, ts=said.split(":")[1], text="We look into it")
        edits = await until(lambda: requests(on, "message_changed", 2))
        assert [one.params["retry_attempt"] for one in edits] == [0, 1]
        await on.find(ROOM, "it had left already")
        await on.type(place, "and more")
        await until(lambda: len(on.house.verbs("typed")) == 2)
        assert len([m for m in await on.messages(ROOM) if "it had left already" in shown(m)]) == 1


def requests(on: DeskStage, what: str, count: int) -> list[Any]:
    """The requests that told of `what`, once there are so many."""
    found = [
        one
        for one in on.stage.wire.exchanges
        if one.direction == "in" and what in json.dumps(one.params.get("payload", ""))
    ]
    return found if len(found) >= count else []


@pytest.mark.promise("slack-http")
async def test_a_press_is_acknowledged_while_the_store_stands_still() -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.offer(card())
        frozen = asyncio.Event()

        async def once(key: str, ms: int) -> bool:
            await frozen.wait()
            return True

        on.desk._listen.once = once  # type: ignore[attr-defined]
        pressed = await on.press(place, "offer.accept")
        assert pressed["ack_ms"] < 1000 and not on.house.verbs("accept")
        frozen.set()
        await until(lambda: on.house.verbs("accept"))


@pytest.mark.promise("slack-http")
async def test_the_whole_product_works_with_requests_alone(tmp_path: Path) -> None:
    async with inside(tmp_path, slack="http") as it:
        assert it.rehearsal.slack.sockets.count == 0
        assert await challenged(it.product, events.PATH, it.rehearsal.cast.credentials.signing_secret) == ""
        assert "another signing secret" in await challenged(it.product, events.PATH, "another")
        ready: Any = await it.app.ready()
        assert ready["doors"]["slack"] == "on, takes Slack's requests"
        await it.slash("Ada", "available")
        assert await it.text("My server is down") == 200
        await it.accept("Ada", "My server is down")

        async def thread() -> Any:
            found = [m for m in await it.channel("desk") if "My server is down" in shown(m)]
            return found[0] if found else None

        place = await it.until(thread)
        who = it.person("Ada")
        body = {
            "user": who.slack,
            "channel": place["channel"],
            "thread_ts": place["ts"],
            "text": "We are on it",
        }
        await it.call("/slack/reply", body)
        await it.until(lambda: it.got("We are on it"))
        assert (await it.contact())["owner"]["name"] == "Ada"


@pytest.mark.promise("slack-http")
async def test_nobody_is_asked_while_no_request_would_be_heard() -> None:
    async with desk_stage(http=True) as on:
        place = await on.desk.offer(card("C9", agent="lin@northwind.example"))
        assert await on.press(place, "offer.accept", user=LIN)

        async def nobody() -> bool:
            return False

        on.desk._ears._elsewhere = nobody  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="no process takes Slack's requests"):
            await on.desk.ping()
