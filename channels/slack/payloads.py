"""What Slack's payloads say: whose they are, where something was done, what was typed. Pure.

Shapes: docs.slack.dev/reference/interaction-payloads and docs.slack.dev/reference/events/message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...queue.contact import Media

Body = Mapping[str, Any]
SEEN_MS = 48 * 3600 * 1000
"""How long an event is remembered as done; Slack redelivers for minutes, and after an outage for hours."""


def blamed(error: Exception) -> str:
    """What failed and where. Not the traceback: with its locals it would show what people wrote."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    at = f" at {frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame is not None else ""
    return type(error).__name__ + at


def belongs(body: Body, team: str, app_id: str) -> bool:
    """Whether a payload is for our app in our workspace: by the authorization's team, not by the user's."""
    if app_id and body.get("api_app_id") not in (None, app_id):
        return False
    granted = body.get("authorizations")
    if isinstance(granted, list) and granted:
        teams = {one.get("team_id") for one in granted if isinstance(one, dict)}
    else:
        installed = (body.get("view") or {}).get("app_installed_team_id")
        teams = {installed or (body.get("team") or {}).get("id") or body.get("team_id")}
    return not team or team in teams


def doer_of(body: Body) -> str:
    """The user id of whoever did what a payload tells, "" for nobody."""
    event = body.get("event") or {}
    user = event.get("user") or (event.get("message") or {}).get("user") or body.get("user_id")
    return str((body.get("user") or {}).get("id") or user or "")


def place_of(body: Body) -> str:
    """The message that was acted on, "channel:ts"; parts that are unknown are ""."""
    container, channel = body.get("container") or {}, body.get("channel") or {}
    where = container.get("channel_id") or channel.get("id") or ""
    return f"{where}:{container.get('message_ts') or (body.get('message') or {}).get('ts') or ''}"


def chosen_message(body: Body) -> str:
    """The message whose shortcut was chosen, "channel:thread:ts" (its own thread where it is in none); "" for a global
    shortcut."""
    message = body.get("message") or {}
    channel, _, ts = place_of(body).partition(":")
    return f"{channel}:{message.get('thread_ts') or ts}:{ts}" if ts else ""


def typed_by_person(event: Body, bot_user: str) -> bool:
    """A person wrote it in a channel's thread."""
    person = (
        event.get("user") and not event.get("bot_id") and event.get("user") not in (bot_user, "USLACKBOT")
    )
    in_thread = event.get("thread_ts") and event.get("thread_ts") != event.get("ts")
    return bool(person and in_thread and str(event.get("channel") or "").startswith(("C", "G")))


def was_edited(event: Body) -> bool:
    """A person changed the words; Slack also says `message_changed` when it adds a preview or a reply."""
    now, before = event.get("message") or {}, event.get("previous_message") or {}
    return bool(now.get("user")) and not now.get("bot_id") and now.get("text") != before.get("text")


def size_of(event: Body) -> int:
    """Bytes of all of them, as far as Slack says."""
    sizes = (one.get("size") for one in event.get("files") or () if isinstance(one, dict))
    return sum(size for size in sizes if isinstance(size, int))


def files_of(event: Body) -> tuple[Media, ...]:
    """The files shared with a message."""
    files = event.get("files") or ()
    return tuple(
        Media(
            str(one.get("url_private_download") or ""),
            str(one.get("mimetype") or ""),
            str(one.get("name") or ""),
        )
        for one in files
        if isinstance(one, dict)
    )
