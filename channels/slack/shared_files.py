"""What a customer attached in a shared channel. Slack's events tell no app what such a file is: only files.info does.

Sources: docs.slack.dev/apis/slack-connect (“check_file_info”), docs.slack.dev/reference/methods/files.info.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from ...queue.contact import Media
from ..channel import DeliveryError
from ..shared import FILE
from .pace import Urgency
from .payloads import Body
from .send import Sender

log = structlog.get_logger()

MOST = 10
WITHIN = 1.2
"""Seconds for looking all of a message's files up: beyond that it is only said where they are to be seen."""


def ids_of(about: Body) -> tuple[str, ...]:
    """The ids of the files shared with a message; "" for one that has none."""
    files = about.get("files") or ()
    return tuple(str(one.get("id") or "") if isinstance(one, dict) else "" for one in files)[:MOST]


async def attached(sender: Sender, ids: Sequence[str], place: str) -> tuple[Media, ...]:
    """The files of a message in the channel `place`, each as far as Slack says what it is in time."""
    return tuple(await asyncio.gather(*(_one(sender, id, place) for id in ids)))


async def _one(sender: Sender, id: str, place: str) -> Media:
    unknown = Media("", "application/octet-stream", f"a file, to be seen in {place}")
    if not id:
        return unknown
    try:
        async with asyncio.timeout(WITHIN):
            answer = await sender.call("files.info", Urgency.CUSTOMER, patience=WITHIN, file=id)
    except (DeliveryError, TimeoutError) as error:
        log.info("slack.shared.file_unknown", file=id, error=type(error).__name__)
        return unknown
    file = answer.get("file") or {}
    url, name = str(file.get("url_private_download") or ""), str(file.get("name") or "")
    if not url:
        return unknown
    return Media(f"{FILE}{url}", str(file.get("mimetype") or "application/octet-stream"), name[:200])
