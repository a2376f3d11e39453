"""How Slack writes its things as JSON: users, channels, messages, views, files."""

from __future__ import annotations

import re

from .slack_schema import Json
from .slack_state import (
    APP,
    BOT,
    BOT_NAME,
    BOT_USER,
    DOMAIN,
    TEAM,
    TEAM_NAME,
    Channel,
    File,
    Message,
    User,
    View,
    Workspace,
)

_AVATAR = {f"image_{size}": f"https://avatars.example/{size}.png" for size in (24, 32, 48, 72, 192, 512)}


def user_json(user: User, with_email: bool, stranger: bool = False) -> Json:
    """A person as users.info gives it; the mail needs a scope of its own.

    Who comes from another workspace is told by `team_id`; a `stranger` shares no channel with the app.
    """
    profile: Json = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.real_name.split(" ")[0],
        "display_name_normalized": user.real_name.split(" ")[0],
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": "g0",
        **_AVATAR,
        "team": user.team,
    }
    if user.email and with_email:
        profile["email"] = user.email
    if user.is_bot:
        profile |= {"api_app_id": APP, "bot_id": BOT, "always_active": False}
    return {
        "id": user.id,
        "team_id": user.team,
        **({"is_stranger": stranger} if user.kind == "external" else {}),
        "name": user.name,
        "deleted": False,
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": "Europe/Berlin",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.kind in ("guest", "single_channel_guest"),
        "is_ultra_restricted": user.kind == "single_channel_guest",
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_700_000_000,
        "is_email_confirmed": not user.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def channel_json(channel: Channel) -> Json:
    """A conversation as conversations.info gives it."""
    base: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": bool(channel.user),
        "is_org_shared": False,
        "context_team_id": TEAM,
        "updated": channel.created * 1000,
    }
    if channel.user:
        return base | {"user": channel.user, "last_read": "0000000000.000000", "is_open": True, "priority": 0}
    return base | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": channel.is_general,
        "is_shared": bool(channel.shared_with),
        "is_ext_shared": bool(channel.shared_with),
        "is_pending_ext_shared": False,
        "is_member": BOT_USER in channel.members,
        "creator": BOT_USER,
        "unlinked": 0,
        "parent_conversation": None,
        "shared_team_ids": [TEAM, *channel.shared_with],
        **(
            {
                "connected_team_ids": list(channel.shared_with),
                "internal_team_ids": [],
                "conversation_host_id": TEAM,
            }
            if channel.shared_with
            else {}
        ),
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


def bot_profile() -> Json:
    """The app's bot, as it stands in its messages."""
    icons = {f"image_{size}": f"https://avatars.example/bot_{size}.png" for size in (36, 48, 72)}
    return {
        "id": BOT,
        "deleted": False,
        "name": BOT_NAME,
        "updated": 1_700_000_000,
        "app_id": APP,
        "icons": icons,
        "team_id": TEAM,
    }


def file_json(file: File, base: str) -> Json:
    """A file; its bytes need the token and `files:read`."""
    path = f"{base}/slack/files-pri/{TEAM}-{file.id}"
    slug = re.sub(r"[^a-z0-9._-]", "_", file.name.lower())  # as Slack writes names in addresses
    ending = file.name.rpartition(".")[2] if "." in file.name else "binary"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": ending,
        "pretty_type": ending.upper(),
        "user": file.user,
        "user_team": TEAM,
        "editable": False,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{path}/{slug}",
        "url_private_download": f"{path}/download/{slug}",
        "permalink": f"https://{DOMAIN}.slack.com/files/{file.user}/{file.id}/{slug}",
        "permalink_public": f"https://slack-files.com/{TEAM}-{file.id}",
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": "visible",
    }


def message_json(message: Message, space: Workspace, base: str, metadata: bool = False) -> Json:
    """A message as history and payloads carry it."""
    out: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": space.team_of(message.user),
    }
    author = space.users.get(message.user)
    if author is not None and author.kind == "external":
        out |= {"user_team": author.team, "source_team": author.team, "user_profile": profile_json(author)}
    if message.subtype:
        out["subtype"] = message.subtype
    if message.client_msg_id:
        out["client_msg_id"] = message.client_msg_id
    if message.bot_id:
        out |= {"bot_id": message.bot_id, "app_id": APP, "bot_profile": bot_profile()}
    if message.username:
        out["username"] = message.username
    if message.blocks:
        out["blocks"] = message.blocks
    if message.attachments:
        out["attachments"] = message.attachments
    if message.files:
        out |= {
            "files": [file_json(one, base) for one in message.files],
            "upload": False,
            "display_as_bot": False,
        }
    if message.edited:
        out["edited"] = {"user": message.user, "ts": message.edited}
    if message.reactions:
        out["reactions"] = reactions_json(message)
    if metadata and message.metadata:
        out["metadata"] = message.metadata
    return out | _thread_json(message, space)


def profile_json(user: User) -> Json:
    """What a message in a shared channel says of an author from another workspace."""
    return {
        "avatar_hash": "g0",
        "image_72": _AVATAR["image_72"],
        "first_name": user.real_name.split(" ")[0],
        "real_name": user.real_name,
        "display_name": user.real_name.split(" ")[0],
        "team": user.team,
        "name": user.name,
        "is_restricted": False,
        "is_ultra_restricted": False,
    }


def hidden_file_json(file: File) -> Json:
    """A file in events of a shared channel: what it is, only files.info says."""
    return {
        "id": file.id,
        "created": 0,
        "timestamp": 0,
        "user": "",
        "mode": "file_access",
        "file_access": "check_file_info",
    }


def _thread_json(message: Message, space: Workspace) -> Json:
    if message.thread_ts and message.thread_ts != message.ts:
        parent = space.messages.get(message.channel, {}).get(message.thread_ts)
        return {"thread_ts": message.thread_ts} | ({"parent_user_id": parent.user} if parent else {})
    replies = space.replies(message.channel, message.ts)
    if not replies:
        return {}
    who = list(dict.fromkeys(one.user for one in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(who),
        "latest_reply": replies[-1].ts,
        "reply_users": who,
        "is_locked": False,
        "subscribed": False,
    }


def reactions_json(message: Message) -> list[Json]:
    """A message's reactions, oldest first."""
    return [
        {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
    ]


def view_json(view: View, team: str = TEAM) -> Json:
    """A view as answers and payloads carry it; `team` is that of whoever looks at it."""
    sent = view.document
    home = sent["type"] == "home"
    return {
        "id": view.id,
        "team_id": team,
        "type": sent["type"],
        "title": sent.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "close": sent.get("close"),
        "submit": sent.get("submit"),
        "blocks": sent["blocks"],
        "private_metadata": sent.get("private_metadata", ""),
        "callback_id": sent.get("callback_id", ""),
        "external_id": view.external_id,
        "state": {"values": view.values},
        "hash": view.hash,
        "clear_on_close": sent.get("clear_on_close", False),
        "notify_on_close": sent.get("notify_on_close", False),
        "root_view_id": view.root,
        "previous_view_id": None if home else view.previous,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT,
    }


def team_json() -> Json:
    """The workspace as team.info gives it."""
    icons: Json = {
        f"image_{size}": f"https://avatars.example/team_{size}.png" for size in (34, 44, 68, 88, 102, 132)
    }
    return {
        "id": TEAM,
        "name": TEAM_NAME,
        "url": f"https://{DOMAIN}.slack.com/",
        "domain": DOMAIN,
        "email_domain": "",
        "icon": icons | {"image_default": True},
        "avatar_base_url": "https://avatars.example/",
        "is_verified": False,
    }
