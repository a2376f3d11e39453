"""Guests, and people of connected workspaces: what Slack lets them see and do, and what it tells the app of them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_stage import ADA, ADA_DM, LIN, ROOM, Stage, bolt_app, slack_stage, until

from tierline.sandbox.slack_company import ELSEWHERE
from tierline.sandbox.slack_state import BOT_USER, TEAM, Shortcut

pytestmark = pytest.mark.promise("sandbox-slack-company")
BUTTON = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "m",
    "title": {"type": "plain_text", "text": "Hello"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [],
}


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def customer(stage: Stage, room: str = "") -> tuple[str, str]:
    """A channel shared with a customer, and somebody of theirs in it."""
    if not room:
        room = (await stage.post("channels", name="ext-acme", shared_with=ELSEWHERE))["channel"]
    found = await stage.post("people", name="Carla Cole", kind="external", channels=[room])
    return room, str(found["user"])


async def test_who_is_of_another_workspace_is_told_by_their_team_and_is_no_stranger_where_we_meet() -> None:
    async with slack_stage() as stage:
        room, carla = await customer(stage)
        client = stage.client()
        user = (await client.users_info(user=carla))["user"]
        assert user["team_id"] == user["profile"]["team"] == ELSEWHERE and user["is_stranger"] is False
        assert not user["is_restricted"] and "carla.cole@sandbox.example" == user["profile"]["email"]
        assert (
            await refused(client.users_lookupByEmail(email="carla.cole@sandbox.example")) == "users_not_found"
        )
        listed = {one["id"]: one for one in (await client.users_list())["members"]}
        assert listed[carla]["team_id"] == ELSEWHERE and listed[ADA]["team_id"] == TEAM
        channel = (await client.conversations_info(channel=room))["channel"]
        assert channel["is_ext_shared"] and channel["is_shared"] and ELSEWHERE in channel["shared_team_ids"]
        assert not (await client.conversations_info(channel=ROOM))["channel"]["is_ext_shared"]
        dm = (await client.conversations_open(users=carla))["channel"]["id"]
        assert (await client.chat_postMessage(channel=dm, text="hello"))["ok"]
        await stage.post("leave", user=ADA, channel=room, invite=True)  # the app is taken out
        assert (await client.users_info(user=carla))["user"]["is_stranger"] is True
        assert carla not in {one["id"] for one in (await client.users_list())["members"]}
        other = await stage.post("people", name="Paul", kind="external", channels=[room])
        assert await refused(client.conversations_open(users=other["user"])) == "invalid_user_combination"


async def test_their_words_carry_their_workspace_and_the_app_is_told_by_its_own_authorization() -> None:
    heard: list[dict[str, Any]] = []

    def dress(app: AsyncApp) -> None:
        async def keep(body: dict[str, Any]) -> None:
            heard.append(body)

        app.event("message")(keep)
        app.event("reaction_added")(keep)
        app.event({"type": "message", "subtype": "file_share"})(keep)

    async with slack_stage() as stage, bolt_app(stage, dress):
        room, carla = await customer(stage)
        said = await stage.post("reply", user=carla, channel=room, text="Our line is down")
        await stage.post("react", user=carla, channel=room, ts=said["ts"], name="eyes")
        await stage.post("reply", user=ADA, channel=room, text="We look")
        await until(lambda: len(heard) == 3)
        mark = next(one for one in heard if one["event"]["type"] == "reaction_added")
        said_by = {one["event"]["user"]: one for one in heard if one["event"]["type"] == "message"}
        words, ours = said_by[carla], said_by[ADA]
        assert words["is_ext_shared_channel"] is True and words["team_id"] == ELSEWHERE
        assert words["context_team_id"] == TEAM and words["authorizations"][0]["team_id"] == TEAM
        event = words["event"]
        assert event["team"] == event["user_team"] == event["source_team"] == ELSEWHERE
        assert event["user_profile"]["real_name"] == "Carla Cole" and event["channel_type"] == "channel"
        assert mark["team_id"] == ELSEWHERE and mark["event"]["user"] == carla
        assert ours["team_id"] == TEAM and ours["is_ext_shared_channel"] and "user_team" not in ours["event"]
        sent = base64.b64encode(b"log").decode()
        file = (await stage.post("upload", user=carla, channel=room, filename="a.log", base64=sent))["file"]
        await until(lambda: len(heard) == 4)
        [shown] = heard[3]["event"]["files"]
        assert (
            shown["id"] == file and shown["file_access"] == "check_file_info" and "url_private" not in shown
        )
        full = (await stage.client().files_info(file=file))["file"]
        assert full["name"] == "a.log" and full["url_private_download"].endswith("a.log")


async def test_they_press_and_fill_in_but_have_no_commands_shortcuts_or_home() -> None:
    bodies: list[dict[str, Any]] = []

    def dress(app: AsyncApp) -> None:
        async def take(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            bodies.append(body)
            if body["type"] == "block_actions":
                await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

        app.action("go")(take)
        app.view("m")(take)

    async with slack_stage() as stage, bolt_app(stage, dress):
        room, carla = await customer(stage)
        post = await stage.client().chat_postMessage(channel=room, text="x", blocks=BUTTON)
        await stage.post("act", user=carla, channel=room, ts=post["ts"], action_id="go")
        await until(lambda: stage.slack.space.stacks.get(carla))
        [view] = await stage.get("views", user=carla)
        assert (await stage.post("submit", user=carla, view_id=view["id"], values={}))["ok"]
        pressed, sent = bodies
        assert pressed["user"]["team_id"] == ELSEWHERE and pressed["team"]["id"] == TEAM
        assert sent["team"]["id"] == sent["view"]["team_id"] == ELSEWHERE
        assert sent["view"]["app_installed_team_id"] == TEAM
        at = {"user": carla, "channel": room}
        assert (await stage.post("command", 409, **at, command="/tierline", text=""))[
            "error"
        ] == "not_allowed"
        assert (await stage.post("shortcut", 409, user=carla, callback_id="x"))["error"] == "not_allowed"
        assert (await stage.post("home", 409, user=carla))["error"] == "not_allowed"
        assert await refused(stage.client().views_publish(user_id=carla, view={"type": "home", "blocks": []}))
        await stage.post("act", 404, user=carla, channel=ROOM, ts=post["ts"], action_id="go")
        await stage.post("join", 409, user=carla, channel=ROOM)


async def test_a_single_channel_guest_has_one_channel_and_no_app() -> None:
    async with slack_stage() as stage:
        gil = (await stage.post("people", name="Gil", kind="single_channel_guest", channels=[ROOM]))["user"]
        client = stage.client()
        user = (await client.users_info(user=gil))["user"]
        assert user["is_restricted"] and user["is_ultra_restricted"] and user["team_id"] == TEAM
        assert await refused(client.conversations_open(users=gil)) == "user_not_visible"
        assert await refused(client.chat_postMessage(channel=gil, text="psst")) == "channel_not_found"
        assert (await client.chat_postEphemeral(channel=ROOM, user=gil, text="for you"))["ok"]
        seen = await stage.get("messages", channel=ROOM)
        assert seen[-1]["ephemeral_to"] == gil
        await stage.post("command", 409, user=gil, channel=ROOM, command="/tierline", text="")
        await stage.post(
            "people", 400, name="Two", kind="single_channel_guest", channels=[ROOM, "C0GENERAL1"]
        )


async def test_a_guest_of_several_channels_uses_the_app_but_sees_only_those() -> None:
    async with slack_stage() as stage:
        found = await stage.post("people", name="Gia", kind="guest", channels=[ROOM])
        user = (await stage.client().users_info(user=found["user"]))["user"]
        assert user["is_restricted"] and not user["is_ultra_restricted"]
        assert (await stage.client().conversations_open(users=found["user"]))["channel"]["id"] == found["dm"]
        await stage.post("reply", 404, user=found["user"], channel="C0GENERAL1", text="hello")
        await stage.post("join", 409, user=found["user"], channel="C0GENERAL1")
        people = {one["user"]: one for one in await stage.get("people")}
        assert people[found["user"]]["channels"] == [ROOM] and people[ADA]["kind"] == "member"


@pytest.mark.parametrize(
    ("call", "body", "error"),
    [
        ("people", {"name": "X", "kind": "king"}, "invalid_kind"),
        ("people", {"name": "X", "kind": "external", "channels": []}, "invalid_channels"),
        ("people", {"name": "X", "kind": "external", "channels": [ROOM]}, "not_shared"),
        ("people", {"name": "X", "kind": "guest", "channels": ["C0NOWHERE1"]}, "channel_not_found"),
        ("people", {"name": "X", "kind": "member", "workspace": ELSEWHERE}, "invalid_workspace"),
        ("people", {"kind": "member"}, "missing_field"),
        ("share", {"channel": "C0NOWHERE1"}, "channel_not_found"),
        ("share", {"channel": ROOM, "workspace": "acme"}, "invalid_workspace"),
        ("channels", {"name": "support"}, "name_taken"),
        ("channels", {"name": "new", "members": ["U0NOBODY01"]}, "user_not_found"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_hint(call: str, body: Any, error: str) -> None:
    async with slack_stage() as stage:
        async with stage.http.post(f"{stage.base}/sandbox/api/slack/{call}", json=body) as answer:
            said = await answer.json()
        assert answer.status in (400, 404, 409) and said["error"] == error and said["hint"]


async def test_a_channel_that_is_shared_later_is_told_and_taken_as_shared_from_then_on() -> None:
    heard: list[dict[str, Any]] = []

    def dress(app: AsyncApp) -> None:
        async def keep(body: dict[str, Any]) -> None:
            heard.append(body)

        app.event("channel_shared")(keep)

    async with slack_stage() as stage, bolt_app(stage, dress):
        assert (await stage.post("share", channel=ROOM))["shared_with"] == [ELSEWHERE]
        await until(lambda: heard)
        assert heard[0]["event"]["connected_team_id"] == ELSEWHERE and heard[0]["event"]["channel"] == ROOM
        await customer(stage, ROOM)
        info = (await stage.client().conversations_info(channel=ROOM))["channel"]
        assert info["is_ext_shared"] and BOT_USER in stage.slack.space.channels[ROOM].members


async def test_global_shortcuts_and_those_of_messages_are_the_apps_own_alone() -> None:
    bodies: list[dict[str, Any]] = []

    def dress(app: AsyncApp) -> None:
        async def take(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            bodies.append(body)

        app.shortcut("form.away")(take)

    both = [Shortcut("message", "form.away", "Away"), Shortcut("global", "form.away", "Away")]
    both.append(Shortcut("global", "form.board", "Board"))
    async with slack_stage(shortcuts=both) as stage, bolt_app(stage, dress):
        assert (await stage.post("shortcut", user=ADA, callback_id="form.away"))["ok"]
        said = await stage.post("reply", user=ADA, channel=ROOM, text="hello")
        assert (await stage.post("shortcut", user=ADA, channel=ROOM, ts=said["ts"], callback_id="form.away"))[
            "ok"
        ]
        everywhere, of_message = bodies
        assert everywhere["type"] == "shortcut" and everywhere["trigger_id"] and everywhere["action_ts"]
        assert not {"channel", "message", "response_url", "message_ts"} & set(everywhere)
        assert of_message["type"] == "message_action" and of_message["message"]["text"] == "hello"
        unknown = await stage.post("shortcut", 404, user=ADA, callback_id="another")
        assert unknown["error"] == "shortcut_not_found"
        place = {"channel": ROOM, "ts": said["ts"]}
        elsewhere = await stage.post("shortcut", 404, user=ADA, callback_id="form.board", **place)
        assert elsewhere["error"] == "shortcut_not_found", "a global one isn't in a message's menu"
        listed = (await stage.get("app"))["shortcuts"]
        assert [(it["kind"], it["callback_id"]) for it in listed] == [
            ("message", "form.away"), ("global", "form.away"), ("global", "form.board"),
        ]  # fmt: skip


async def test_an_app_without_a_home_can_publish_none() -> None:
    async with slack_stage(home_tab=False) as stage:
        home = {"type": "home", "blocks": []}
        assert await refused(stage.client().views_publish(user_id=ADA, view=home)) == "not_enabled"
        assert (await stage.post("home", 404, user=ADA))["error"] == "no_such_tab"
        assert (await stage.post("home", user=ADA, tab="messages"))["ok"]


async def test_only_who_is_where_a_file_was_shared_opens_it_and_only_pictures_are_drawn() -> None:
    async with slack_stage() as stage:
        page = base64.b64encode(b"<svg onload=alert(1)>").decode()
        files = [{"filename": "a.png", "base64": page}, {"filename": "b.svg", "base64": page}]
        said = await stage.post("upload", user=ADA, channel=ADA_DM, files=files)
        shown = await stage.get("messages", channel=ADA_DM)
        assert [it["name"] for it in shown[-1]["files"]] == ["a.png", "b.svg"]
        at = f"{stage.base}/sandbox/api/slack/file"
        kinds = []
        for one in said["files"]:
            async with stage.http.get(at, params={"user": ADA, "file": one}) as answer:
                assert answer.status == 200 and await answer.read() == b"<svg onload=alert(1)>"
                kinds.append(answer.headers["Content-Disposition"].partition(";")[0])
        assert kinds == ["inline", "attachment"], "an SVG can hold a script: it is downloaded"
        async with stage.http.get(at, params={"user": LIN, "file": said["file"]}) as answer:
            assert answer.status == 404
        assert (await stage.post("upload", 400, user=ADA, channel=ROOM, files=[]))["error"] == "invalid_files"


async def test_channels_tell_who_is_in_them_and_with_whom_they_are_shared() -> None:
    async with slack_stage() as stage:
        await stage.post("share", channel=ROOM)
        _, who = await customer(stage, ROOM)
        (room,) = [it for it in await stage.get("channels") if it["channel"] == ROOM]
        assert room["shared_with"] == [ELSEWHERE] and {ADA, LIN, who} <= set(room["members"]) and room["app"]
        assert all(not it["channel"].startswith("D") for it in await stage.get("channels"))
