"""The Slack app as data: what it may do and why, for Socket Mode and for a Request URL. Pure.

Shape: docs.slack.dev/reference/app-manifest (schema 2.0.0).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

SCOPES: tuple[tuple[str, str], ...] = (
    ("chat:write", "show offers, threads and receipts"),
    ("commands", "`/tierline available`, `away`, `status`, `queue`, `why`"),
    ("channels:read", "find the teams' public channels by name"),
    ("channels:manage", "make a team's channel at setup where there is none yet"),
    ("channels:join", "join a team's public channel without being invited"),
    (
        "channels:history",
        "read what agents type in contacts' threads; find a message again after a lost answer",
    ),
    ("groups:read", "find the teams' private channels by name, once invited"),
    ("groups:history", "the same threads in private channels"),
    ("im:write", "open direct messages with an agent, for offers"),
    ("files:read", "send a customer the files that their agent shares in a contact's thread"),
    ("files:write", "show what customers send in their threads; send an agent our number as a contact card"),
    ("im:read", "find the direct messages that exist already, so that many can be offered work at once"),
    ("im:history", "find an offer again after a lost answer, so that nobody gets it twice"),
    ("reactions:read", "see the reaction that makes a customer's message in a shared channel a contact"),
    ("reactions:write", "put ⏳, ✓ and ✗ beside a reply"),
    ("users:read", "know an agent's name, and that a bot or a guest is none"),
    ("users:read.email", "match the people of the routing plan by their mail address"),
)
"""Every permission and its reason."""
APP_TOKEN_SCOPE = ("connections:write", "receive events over a socket, so that no address must be public")
EVENTS: tuple[tuple[str, str], ...] = (
    ("app_home_opened", "show somebody their day when they look at it"),
    ("message.channels", "what is typed in the threads of public channels"),
    ("message.groups", "what is typed in the threads of private channels"),
    ("reaction_added", "the reaction that makes a customer's message in a shared channel a contact"),
)
SHORTCUTS: tuple[tuple[str, str, str, str], ...] = ()
"""`global` or `message`, `callback_id`, name and description of each shortcut. `form.NAME` opens the house's form NAME,
for a message with its place ("channel:thread:ts") as the form's value."""
COMMAND = "/tierline"
_NEW = "https://api.slack.com/apps?new_app=1&manifest_json="


def manifest(name: str = "Tierline", request_url: str = "") -> dict[str, Any]:
    """The manifest of an app called `name` (at most 35 characters).

    With `request_url` (https://…/slack/events) Slack sends everything there; without, over sockets that we open.
    """
    shown = name.strip()[:35] or "Tierline"
    to = {"request_url": request_url} if request_url else {}
    made = _manifest(shown, to)
    if SHORTCUTS:
        made["features"]["shortcuts"] = [
            {"type": kind, "callback_id": callback, "name": words, "description": told}
            for kind, callback, words, told in SHORTCUTS
        ]
    return made


def _manifest(shown: str, to: dict[str, str]) -> dict[str, Any]:
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": shown,
            "description": "One queue for everyone who needs help, answered here",
            "background_color": "#1f2a44",
        },
        "features": {
            # Commands are typed there too, so the messages tab is not read-only.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": shown, "always_online": True},
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Your presence, the queue, and why",
                    "usage_hint": "available | away 45m lunch | offline | status | queue | why CONTACT",
                    "should_escape": True,
                    **({"url": to["request_url"]} if to else {}),
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": [scope for scope, _ in SCOPES]}},
        "settings": {
            "event_subscriptions": {**to, "bot_events": [event for event, _ in EVENTS]},
            "interactivity": {"is_enabled": True, **to},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not to,
            "token_rotation_enabled": False,
        },
    }


def create_link(name: str = "Tierline", request_url: str = "") -> str:
    """The address at which Slack creates the app from its manifest."""
    return _NEW + quote(
        json.dumps(manifest(name, request_url), separators=(",", ":"), ensure_ascii=False), safe=""
    )
