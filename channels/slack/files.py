"""A file for one person, or for a thread: the three steps of docs.slack.dev/messaging/working-with-files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from ..channel import NotDelivered
from .memory import split
from .messages import telling
from .pace import Urgency
from .people import People
from .send import DEADLINE, Sender


@dataclass(slots=True)
class Files:
    """Nobody needs a file so badly that a workspace which doesn't allow it should be in trouble: text goes then."""

    sender: Sender
    people: People

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        """`text` with the file to a person, or into the thread at a place ("C…:ts"); the text alone where the app lacks
        `files:write`. Raises NotDelivered, OutcomeUnknown."""
        channel, thread = split(to) if ":" in to else (await self.people.dm(to), "")
        try:
            given = await self.sender.call(
                "files.getUploadURLExternal", Urgency.CARD, filename=name, length=len(content)
            )
        except NotDelivered as error:
            if error.code != "missing_scope":
                raise
            if text:
                await self.sender.post(channel, telling(text), Urgency.CARD, thread)
            return
        await self._upload(str(given["upload_url"]), content)
        await self.sender.call(
            "files.completeUploadExternal", Urgency.CARD, files=[{"id": given["file_id"], "title": name}],
            channel_id=channel, initial_comment=text or None, thread_ts=thread or None,
        )  # fmt: skip

    async def _upload(self, url: str, content: bytes) -> None:
        """Bytes that nobody sees yet: whatever goes wrong, it can be done again."""
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self.sender.http.post(url, data=content, proxy=self.sender.client.proxy) as answer,
            ):
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NotDelivered(f"Slack takes no file ({type(error).__name__})", "upload") from None
        if status != 200:
            raise NotDelivered(f"Slack takes no file ({status})", "upload")
