"""Modals, choices and ephemeral messages in the Slack stand-in, driven by the real Bolt app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from slack_bolt.async_app import AsyncApp
from slack_stage import ADA, ADA_DM, LIN, ROOM, Stage, bolt_app, slack_stage, until

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value.upper()), "value": value}


def button(action_id: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(action_id), **more}


def select(action_id: str = "pick") -> Json:
    return {"type": "static_select", "action_id": action_id, "options": [option("a"), option("b")]}


def actions(*elements: Json, block_id: str = "acts") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def field(block_id: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


def words(action_id: str = "words") -> Json:
    return {"type": "plain_text_input", "action_id": action_id}


def modal(name: str, *blocks: Json, **more: Any) -> Json:
    head = {"type": "modal", "callback_id": name, "title": plain(name), "submit": plain("Send")}
    return head | {"blocks": list(blocks)} | more


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with slack_stage() as made:
        yield made


class Recorder:
    """A Bolt app that opens a modal on `open` and answers submissions as the test says."""

    def __init__(self, first: Json) -> None:
        self.first = first
        self.answer: Json = {}
        self.seen: list[Json] = []

    def dress(self, app: AsyncApp) -> None:
        async def on_open(ack: Any, body: Json, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=self.first)

        async def on_any(ack: Any, body: Json) -> None:
            await ack()
            self.seen.append(body)

        async def on_view(ack: Any, body: Json) -> None:
            self.seen.append(body)
            await ack(**self.answer)

        app.action("open")(on_open)
        app.action("pick")(on_any)
        app.action("who")(on_any)
        app.view("first")(on_view)
        app.view("second")(on_view)
        app.view_closed("first")(on_any)

    async def opened(self, stage: Stage) -> Json:
        post = await stage.client().chat_postMessage(
            channel=ADA_DM, text="x", blocks=[actions(button("open"))]
        )
        await stage.post("act", user=ADA, channel=ADA_DM, ts=post["ts"], action_id="open")
        await until(lambda: stage.slack.space.stacks.get(ADA))
        return (await stage.get("views", user=ADA))[-1]


async def test_submissions_can_update_push_and_clear(stage: Stage) -> None:
    app = Recorder(modal("first", field("a", words())))
    async with bolt_app(stage, app.dress):
        first = await app.opened(stage)
        app.answer = {
            "response_action": "update",
            "view": modal("first", field("a", words()), field("b", words())),
        }
        done = await stage.post("submit", user=ADA, view_id=first["id"], values={"a": "kept"})
        assert done["response_action"] == "update" and done["view"]["hash"] != first["hash"]
        assert done["view"]["state"]["values"]["a"]["words"]["value"] == "kept"
        app.answer = {"response_action": "push", "view": modal("second", field("c", words()))}
        pushed = await stage.post("submit", user=ADA, view_id=first["id"], values={"b": "x"})
        stack = await stage.get("views", user=ADA)
        assert [one["callback_id"] for one in stack] == ["first", "second"]
        assert pushed["view"]["previous_view_id"] == first["id"] == pushed["view"]["root_view_id"]
        covered = await stage.post("submit", 409, user=ADA, view_id=first["id"])
        assert covered["error"] == "view_covered"
        app.answer = {"response_action": "clear"}
        assert (await stage.post("submit", user=ADA, view_id=stack[1]["id"], values={"c": "x"}))["ok"]
        assert await stage.get("views", user=ADA) == []


async def test_a_wrong_answer_to_a_submission_shows_trouble_and_keeps_the_form(stage: Stage) -> None:
    app = Recorder(modal("first", field("a", words())))
    async with bolt_app(stage, app.dress):
        first = await app.opened(stage)
        long_title = modal("second", field("c", words()), title=plain("x" * 25))
        for answer in (
            {"response_action": "errors", "errors": {"nowhere": "x"}},
            {"response_action": "update", "view": long_title},
        ):
            app.answer = answer
            shown = await stage.post("submit", 409, user=ADA, view_id=first["id"], values={"a": "x"})
            assert "We had some trouble connecting" in shown["hint"]
        assert len(await stage.get("views", user=ADA)) == 1
        wrong = await stage.post("submit", 404, user=ADA, view_id=first["id"], values={"z": "x"})
        assert "a (words)" in wrong["hint"]


async def test_closing_is_told_where_asked_for_and_choices_in_a_view_carry_it(stage: Stage) -> None:
    blocks = (
        actions(select()),
        field("n", {"type": "number_input", "action_id": "n", "is_decimal_allowed": False}),
    )
    app = Recorder(modal("first", *blocks, notify_on_close=True, private_metadata="c1"))
    async with bolt_app(stage, app.dress):
        view = await app.opened(stage)
        acted = await stage.post("act", user=ADA, view_id=view["id"], action_id="pick", value="b")
        assert acted["dispatched"]
        [body] = app.seen
        assert body["container"] == {"type": "view", "view_id": view["id"]} and "message" not in body
        assert body["actions"][0]["selected_option"]["value"] == "b"
        assert body["view"]["state"]["values"]["acts"]["pick"]["selected_option"]["value"] == "b"
        unknown = await stage.post("act", 404, user=ADA, view_id=view["id"], action_id="pick", value="z")
        assert unknown["hint"] == "pick offers a, b"
        letters = await stage.post("submit", user=ADA, view_id=view["id"], values={"n": "many"})
        assert letters["errors"] == {"n": "Please enter a valid number."}
        await stage.post("act", 404, user=LIN, view_id=view["id"], action_id="pick", value="a")
        await stage.post("close", user=ADA, view_id=view["id"])
        await until(lambda: len(app.seen) == 2)
        assert app.seen[1]["type"] == "view_closed" and app.seen[1]["view"]["private_metadata"] == "c1"
        assert await stage.get("views", user=ADA) == []


async def test_an_ephemeral_message_is_one_persons_and_its_payload_has_no_message(stage: Stage) -> None:
    app = Recorder(modal("first", field("a", words())))
    async with bolt_app(stage, app.dress):
        blocks = [actions(select(), {"type": "users_select", "action_id": "who"})]
        sent = await stage.client().chat_postEphemeral(channel=ROOM, user=ADA, text="only you", blocks=blocks)
        at = {"channel": ROOM, "ts": sent["message_ts"], "action_id": "who", "value": LIN}
        await stage.post("act", 404, user=LIN, **at)
        await stage.post("act", user=ADA, **at)
        [body] = app.seen
        assert body["container"]["is_ephemeral"] is True and "message" not in body and body["response_url"]
        assert body["actions"][0]["selected_user"] == LIN
        assert body["state"]["values"]["acts"]["who"]["selected_user"] == LIN
        history = await stage.client().conversations_history(channel=ROOM)
        assert history["messages"] == []
        async with stage.http.post(body["response_url"], json={"delete_original": True}) as answer:
            assert answer.status == 200
        assert (await stage.get("messages", channel=ROOM))[0]["deleted"] is True
        async with stage.http.post(body["response_url"], json={"text": ""}) as answer:
            assert (answer.status, await answer.text()) == (400, "no_text")


async def test_homes_are_published_seen_and_refused_when_stale(stage: Stage) -> None:
    client = stage.client()
    assert await stage.get("home", user=ADA) is None
    done = await client.views_publish(user_id=ADA, view={"type": "home", "blocks": [actions(select())]})
    home = await stage.get("home", user=ADA)
    assert home["id"] == done["view"]["id"] and home["blocks"][0]["elements"][0]["action_id"] == "pick"
    again = {"type": "home", "blocks": [{"type": "divider"}]}
    newer = await client.views_publish(user_id=ADA, view=again, hash=home["hash"])
    assert newer["view"]["id"] == home["id"] and newer["view"]["hash"] != home["hash"]


async def test_a_reset_forgets_everything_but_the_sockets(stage: Stage) -> None:
    app = Recorder(modal("first", field("a", words())))
    async with bolt_app(stage, app.dress):
        await app.opened(stage)
        await stage.client().conversations_join(channel="C0GENERAL1")
        await stage.slack.settle()
        stage.slack.reset()
        assert await stage.get("messages", user=ADA) == [] and await stage.get("views", user=ADA) == []
        assert not (await stage.client().conversations_info(channel="C0GENERAL1"))["channel"]["is_member"]
        assert stage.slack.sockets.count == 1
        await app.opened(stage)
