"""`POST /chat/files`: a form with the visitor's `token`, an `id` of their browser's and the `file`, in this order."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

import structlog
from aiohttp import BodyPartReader, web

from ...queue.contact import Arrived, Media
from ..channel import NotTaken
from .door import ChatDoor
from .files import LARGEST, ChatFiles, Full, named, sniffed
from .hub import Visitor
from .talk import WEB

log = structlog.get_logger()

WITHIN = 60.0
"""Seconds for the whole form: a phone in a tunnel sends it again."""
LONGEST = 300
"""Bytes of a field that is no file."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was sent."""

    conversation: str
    id: str
    name: str
    content: bytes


class NoFile(Exception):
    """It isn't taken: `status`, and why in words."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass(frozen=True, slots=True)
class Upload:
    """The one route; answers with CORS for the page that asked, and for no other."""

    door: ChatDoor
    files: ChatFiles

    def routes(self) -> list[web.RouteDef]:
        """Behind origin, token and limits."""
        return [web.post("/chat/files", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        if (refused := self.door.refusal(request)) is not None:
            return refused
        headers = {
            "Access-Control-Allow-Origin": self.door.where.origin(request) or "null",
            "Vary": "Origin",
            "Cache-Control": "no-store",
        }
        try:
            seq = await self._take(request)
        except NoFile as no:
            return web.json_response({"error": no.why}, status=no.status, headers=headers)
        except (NotTaken, TimeoutError) as error:
            log.warning("chat.file_not_taken", error=type(error).__name__)
            return web.json_response({"error": "send it again"}, status=503, headers=headers)
        return web.json_response({"seq": seq}, headers=headers)

    async def _take(self, request: web.Request) -> int:
        if not self.door.limits.files(self.door.where.address(request)):
            raise NoFile(429, "too many files: wait a moment")
        async with asyncio.timeout(WITHIN):
            sent = await self._read(request)
        kind = sniffed(sent.content)
        if not kind:
            raise NoFile(415, "this kind of file isn't taken: pictures, PDF, text, MP4 and MP3 are")
        try:
            url = await self.files.keep(sent.conversation, sent.content)
        except (Full, OSError) as error:
            log.error("chat.file_not_kept", error=type(error).__name__)
            raise NoFile(507, "there is no room for files just now") from None
        media = (Media(url, kind, named(sent.name)),)
        event = f"chat:{sent.conversation}:{sent.id}"
        arrived = Arrived("chat", event, f"{WEB}{sent.conversation}", "", "", media)
        visitor = self.door.hub.here.get(sent.conversation) or Visitor(sent.conversation)
        return (await self.door.taken(visitor, arrived, _nobody))[1]

    async def _read(self, request: web.Request) -> Sent:
        """The form, no more of it than fits."""
        if not request.content_type.startswith("multipart/form-data"):
            raise NoFile(400, "a form with token, id and file is wanted")
        fields: dict[str, str] = {}
        conversation = ""
        try:
            reader = await request.multipart()
            for _ in range(3):
                part = await reader.next()
                if not isinstance(part, BodyPartReader):
                    break
                if part.name == "file":
                    if not conversation:
                        raise NoFile(403, "no token of ours")
                    return Sent(
                        conversation, _id(fields), part.filename or "", await _bytes(part, LARGEST, 413)
                    )
                fields[str(part.name)] = (await _bytes(part, LONGEST, 400)).decode("utf-8", "replace")
                conversation = conversation or self.door.tokens.conversation(
                    fields.get("token", ""), time.time()
                )
        except (ValueError, AssertionError, LookupError) as error:
            raise NoFile(400, f"the form can't be read ({type(error).__name__})") from None
        raise NoFile(400, "a form with token, id and file is wanted")


def _id(fields: dict[str, str]) -> str:
    if not _ID.fullmatch(fields.get("id", "")):
        raise NoFile(400, "a file has an id of 1 to 64 letters and digits")
    return fields["id"]


async def _bytes(part: BodyPartReader, most: int, status: int) -> bytes:
    """A part's bytes as they are on the wire: an encoding that unpacks itself isn't followed."""
    found = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        found += chunk
        if len(found) > most:
            raise NoFile(status, f"a file has {LARGEST // 1024 // 1024} MB at most")
    return bytes(found)


async def _nobody(n: int) -> None:
    """Whoever sent a file is answered by the form's own answer."""
