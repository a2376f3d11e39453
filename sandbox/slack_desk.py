"""What every call of `/sandbox/api/slack/*` shares: its body, its refusals, and who may see what."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .slack_deliver import Delivery
from .slack_schema import Json
from .slack_state import Channel, Message, SlackError, User, Workspace

Work = Callable[[Json], Awaitable[Any]]


class Refused(Exception):
    """A person cannot do that: `error`, a `hint` at what they can do, and a 4xx."""

    def __init__(self, error: str, hint: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.hint, self.status = error, hint, status


_HINTS = {
    "already_reacted": "that person has put this emoji there already",
    "no_reaction": "that person has not put this emoji there",
    "too_many_reactions": "a person may put 23 emoji on a message",
    "too_many_emoji": "a message carries 50 different emoji",
}


def door(work: Work) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler: the query or the JSON body in, JSON (or a whole response) out, refusals as `{"error", "hint"}`."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body = (
                dict(request.query) if request.method == "GET" else json.loads(await request.text() or "{}")
            )
            if not isinstance(body, dict):
                raise Refused("invalid_body", "send a JSON object")
            answer = await work(body)
            return answer if isinstance(answer, web.Response) else web.json_response(answer)
        except ValueError:
            return web.json_response({"error": "invalid_json", "hint": "send a JSON object"}, status=400)
        except SlackError as refused:
            hint = _HINTS.get(refused.name, "Slack refuses this")
            return web.json_response({"error": refused.name, "hint": hint}, status=409)
        except Refused as refused:
            return web.json_response({"error": refused.error, "hint": refused.hint}, status=refused.status)

    return handle


class Desk:
    """The people's side: who they are, what they see."""

    def __init__(self, space: Workspace, delivery: Delivery) -> None:
        self.space, self.delivery = space, delivery

    @property
    def base(self) -> str:
        """The address by which the app reaches the stand-in."""
        return self.delivery.base or "http://127.0.0.1"

    def word(self, body: Json, name: str) -> str:
        """A text that must be there."""
        value = body.get(name)
        if not isinstance(value, str) or not value:
            raise Refused("missing_field", f"send {name} as text")
        if any("\ud800" <= one <= "\udfff" for one in value):
            raise Refused("half_a_character", f"{name} holds half of a surrogate pair: send whole characters")
        return value

    def up(self) -> None:
        """While Slack is down nobody does anything in it."""
        if self.delivery.faults.slack.down:
            raise Refused("slack_is_down", "the fault `down` is on: nobody can use Slack now", 409)

    def user(self, body: Json) -> User:
        """The acting person."""
        found = self.space.users.get(self.word(body, "user"))
        if found is None or found.is_bot or not found.email:
            people = [one.id for one in self.space.users.values() if one.email]
            raise Refused("user_not_found", f"people: {', '.join(people)}", 404)
        return found

    def uses_apps(self, user: User) -> None:
        """Commands, shortcuts and the app's own place are for members and guests of several channels."""
        if not user.uses_apps:
            why = "is of another workspace, where the app isn't installed" if user.kind == "external" else ""
            raise Refused(
                "not_allowed", f"{user.id} {why or 'is a single-channel guest, who uses no apps'}", 409
            )

    def channel(self, body: Json, user: User) -> Channel:
        """A channel in which that person is."""
        found = self.space.channels.get(self.word(body, "channel"))
        if found is None or user.id not in found.members:
            mine = [
                f"{one.id} ({one.name})" for one in self.space.channels.values() if user.id in one.members
            ]
            raise Refused("channel_not_found", f"{user.id} is in {', '.join(mine)}", 404)
        return found

    def message(self, body: Json, user: User) -> Message:
        """A message that the person sees."""
        channel = self.channel(body, user)
        found = self.space.message(channel.id, self.word(body, "ts"))
        if found is None or found.ephemeral_to not in (None, user.id):
            raise Refused("message_not_found", f"no message {body.get('ts')} that {user.id} sees there", 404)
        return found
