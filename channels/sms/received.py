"""The texts that Twilio has taken in for a number, as its list has them (twilio.com/docs/messaging/api/message-resource).

An inbound text's `date_sent` is when Twilio received it, to the second; the list is newest first.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ...queue.contact import Arrived, Media
from ..twilio.account import span
from .webhook import ADDRESS, LONGEST_TEXT, MESSAGE_SID, storable

if TYPE_CHECKING:
    from twilio.rest import Client
    from twilio.rest.api.v2010.account.message import MessageInstance

API = "https://api.twilio.com"
A_PAGE = 200
"""Texts in one answer: a thousand long ones would be more than is read."""


async def received(client: Client, number: str, since: int, until: int, most: int) -> list[Arrived]:
    """Texts to `number` from `since` to `until` (ms), oldest first; of more than `most` the newest."""
    after, before = span(since, until)
    listed = await client.messages.list_async(
        to=number, date_sent_after=after, date_sent_before=before, limit=most, page_size=min(most, A_PAGE)
    )
    found = []
    for it in reversed(listed):
        if str(it.direction) == "inbound" and MESSAGE_SID.fullmatch(str(it.sid)):
            media = await _media(it) if str(it.num_media or "0") != "0" else ()
            if (arrived := _arrived(it, number, media)) is not None:
                found.append(arrived)
    return found


def _arrived(it: MessageInstance, number: str, media: tuple[Media, ...]) -> Arrived | None:
    sender, text = str(it.from_ or ""), str(it.body or "")
    if not ADDRESS.fullmatch(sender) or len(text) > LONGEST_TEXT:
        return None
    at = round(it.date_sent.timestamp() * 1000) if isinstance(it.date_sent, datetime) else None
    return Arrived("sms", str(it.sid), sender, number, storable(text), media, at, True, "")


async def _media(it: MessageInstance) -> tuple[Media, ...]:
    listed = await it.media.list_async(limit=10)
    found = []
    for one in listed:
        url = API + str(one.uri).removesuffix(".json")
        found.append(Media(url, str(one.content_type or ""), str(one.sid)))
    return tuple(found)
