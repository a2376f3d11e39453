"""The calls that came to a number, as Twilio's list has them (twilio.com/docs/voice/api/call-resource)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..past import PastCall
from ..twilio.account import span
from ..twilio.front import BadRequest
from .webhook import CALL_SID, ENDED, sender_of

if TYPE_CHECKING:
    from twilio.rest import Client

A_PAGE = 200


async def received(client: Client, number: str, since: int, until: int, most: int) -> list[PastCall]:
    """Calls to `number` that began from `since` to `until` (ms), oldest first; of more than `most` the newest."""
    after, before = span(since, until)
    listed = await client.calls.list_async(
        to=number, start_time_after=after, start_time_before=before, limit=most, page_size=min(most, A_PAGE)
    )
    found = []
    for it in reversed(listed):
        if str(it.direction) != "inbound" or not CALL_SID.fullmatch(str(it.sid)):
            continue
        at = _ms(it.start_time) or _ms(it.date_created) or since
        ended = (_ms(it.end_time) or at) if str(it.status) in ENDED else None
        found.append(PastCall(str(it.sid), _sender(str(it._from or "")), number, at, ended))
    return found


async def forwarded(client: Client, sid: str) -> bool:
    """Whether somebody answered to whom Twilio put the call through without us."""
    children = await client.calls.list_async(parent_call_sid=sid, limit=20)
    return any(str(it.status) == "completed" and str(it.duration or "0") != "0" for it in children)


def _ms(at: object) -> int | None:
    return round(at.timestamp() * 1000) if isinstance(at, datetime) else None


def _sender(raw: str) -> str:
    try:
        return sender_of(raw)
    except BadRequest:
        return ""
