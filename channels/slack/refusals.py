"""Slack's error names in words, and what each means for whoever wanted something done. Pure.

Names: the "Errors" tables of docs.slack.dev/reference/methods.
"""

from __future__ import annotations

from ..channel import DeliveryError, NotDelivered, OutcomeUnknown

PERMANENT = {
    "account_not_found": "the person isn't in this Slack workspace",
    "cannot_dm_bot": "that is a bot",
    "cant_dm_bot": "that is a bot",
    "cant_update_message": "that message isn't Tierline's",
    "channel_is_archived": "the channel is archived",
    "channel_not_found": "there is no such channel, or Tierline isn't in it: invite it",
    "invalid_arguments": "Slack doesn't take this form of it",
    "invalid_blocks": "Slack doesn't take this form of it",
    "invalid_user_combination": "Slack allows no direct message to this person",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived",
    "message_not_found": "the message is gone",
    "messages_tab_disabled": "the app's messages tab is switched off: switch it on in its settings",
    "msg_blocks_too_long": "it is too long for Slack",
    "msg_too_long": "it is too long for Slack",
    "no_text": "it is empty",
    "not_in_channel": "Tierline was removed from the channel: invite it again",
    "posting_to_channel_denied": "Slack lets Tierline post nothing there",
    "restricted_action": "the workspace lets Tierline post nothing there",
    "restricted_action_read_only_channel": "the channel is read-only",
    "restricted_action_thread_locked": "the thread is locked",
    "thread_not_found": "the thread is gone",
    "user_disabled": "the person's Slack account is deactivated",
    "user_not_found": "the person isn't in this Slack workspace",
    "user_not_in_channel": "the person isn't in the channel",
    "users_not_found": "nobody in this Slack workspace has that mail address",
}
TOKEN = {
    "account_inactive": "the app was removed from the workspace",
    "access_denied": "the workspace denies access",
    "invalid_auth": "the token is wrong",
    "missing_scope": "the app lacks a permission: install it again with the present manifest",
    "not_allowed_token_type": "the token is of the wrong kind",
    "not_authed": "there is no token",
    "org_login_required": "the workspace is being moved",
    "team_access_not_granted": "the app isn't installed in this workspace",
    "token_expired": "the token has expired",
    "token_revoked": "the token was revoked",
}
"""Trouble with the app itself: it holds for everything, so no single message is to blame."""
# "It's possible some aspect of the operation succeeded before the error was raised."
MAYBE = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}


def refusal(method: str, code: str) -> DeliveryError:
    """What `{"ok": false, "error": code}` of `method` means."""
    if code in MAYBE:
        return OutcomeUnknown(f"Slack answered {code}")
    if code in TOKEN:
        return NotDelivered(f"Slack refuses us: {TOKEN[code]}", code)
    if code in ("ratelimited", "rate_limited"):
        return limited(30.0)
    if code in PERMANENT:
        return NotDelivered(PERMANENT[code], code, permanent=True)
    if code.startswith(
        ("invalid_", "cant_", "restricted_", "not_found", "too_many", "expired_", "exchanged_")
    ):
        return NotDelivered(f"Slack refused {method}: {code}", code, permanent=True)
    return NotDelivered(f"Slack refused {method}: {code}", code)


def limited(wait: float) -> NotDelivered:
    """Too much was asked of Slack lately; `wait` seconds until it may be asked again."""
    return NotDelivered("Slack asks us to slow down", "ratelimited", retry_after=max(0.1, wait))


def unavailable(method: str, status: int) -> DeliveryError:
    """A 5xx: a new message may stand there all the same; anything else is simply asked again."""
    if method in ("chat.postMessage", "chat.postEphemeral"):
        return OutcomeUnknown(f"Slack answered {status}")
    return NotDelivered(f"Slack is in trouble ({status})", f"http_{status}")
