"""A text's life after Twilio took it: queued at the number's pace, sent, and a receipt for each step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp

from .stage import Faults
from .twilio_store import TERMINAL, Account, Media, Message, Store, new_sid
from .twilio_webhook import Answer, Caller

SEGMENT_SECONDS = 1.0  # a long code sends one segment a second (twilio.com/docs/api/errors/21611)
STEPS = (("sending", 0.02), ("sent", 0.04), ("delivered", 0.08))  # seconds after the step before
LARGEST_MEDIA = 5 * 1024 * 1024  # bytes, of all media of a message


Receipts = asyncio.Queue[tuple[str, int | None] | None]  # None ends them


class MediaLost(Exception):
    """A media URL gave nothing that can be sent."""


async def fetch_media(url: str, room: int) -> tuple[str, bytes]:
    """Content type and bytes behind an http(s) URL; raises `MediaLost` on errors and over `room` bytes."""
    timeout = aiohttp.ClientTimeout(total=15, sock_connect=5)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            content = bytearray()
            async for chunk in answer.content.iter_chunked(65536):
                content += chunk
                if len(content) > room:
                    raise MediaLost(f"{url} is larger than {LARGEST_MEDIA} bytes")
            if answer.status != 200:
                raise MediaLost(f"{url} answered {answer.status}")
            return answer.content_type, bytes(content)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise MediaLost(f"{url}: {type(error).__name__}") from error


class Carrier:
    """Moves outgoing texts on by itself; `announce` is told each message that changed."""

    def __init__(
        self,
        store: Store,
        account: Account,
        caller: Caller,
        faults: Faults,
        announce: Callable[[Message], None],
    ) -> None:
        self._store = store
        self._account = account
        self._caller = caller
        self._faults = faults
        self._announce = announce
        self._tasks: set[asyncio.Task[None]] = set()
        self._free: dict[str, float] = {}  # when a number may send again, in the loop's time
        self.queued: Counter[str] = Counter()  # segments waiting, by number

    def take(self, message: Message) -> None:
        """Start the message's life; it is already in the store as `queued`."""
        task = asyncio.create_task(self._carry(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def reset(self) -> None:
        """Drop everything under way."""
        for task in self._tasks:
            task.cancel()
        self._free.clear()
        self.queued = Counter()  # a new one: those cancelled still count themselves out of the old

    async def stop(self) -> None:
        """Drop everything under way and wait until it is gone."""
        self.reset()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is under way, at most 5 s (a webhook may take 15)."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=5.0)

    async def receipt(self, message: Message, status: str, error: int | None) -> Answer | None:
        """Tell the app a status that a script chose; the resource keeps its end once it has one."""
        if message.status not in TERMINAL:
            self._store.set_status(message, status, error)
            self._announce(message)
        return await self._tell(message, status, error)

    async def _carry(self, message: Message) -> None:
        receipts: Receipts = asyncio.Queue()
        receipts.put_nowait(("queued", None))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_all(message, receipts))
            try:
                await self._travel(message, receipts)
            finally:
                receipts.put_nowait(None)

    async def _travel(self, message: Message, receipts: Receipts) -> None:
        if not await self._load_media(message):
            self._move(message, receipts, "failed", 11200)
            return
        await self._wait_turn(message)
        for status, after in STEPS:
            await asyncio.sleep(after)
            if status == "delivered" and self._faults.receipts == "manual":
                return
            if status == "delivered" and (code := self._faults.twilio.undelivered):
                self._move(message, receipts, "undelivered", code)
                return
            if status == "delivered" and not self._account.carried(message.sender, message.to):
                self._move(message, receipts, "undelivered", 30034)
                return
            self._move(message, receipts, status)

    def _move(self, message: Message, receipts: Receipts, status: str, error: int | None = None) -> None:
        self._store.set_status(message, status, error)
        receipts.put_nowait((status, error))
        self._announce(message)

    async def _wait_turn(self, message: Message) -> None:
        """Leave the number's queue at one segment a second while limits are on."""
        loop = asyncio.get_running_loop()
        number = message.sender
        slot = max(loop.time(), self._free.get(number, 0.0))
        self._free[number] = slot + message.segments * SEGMENT_SECONDS
        queued = self.queued
        queued[number] += message.segments
        try:
            # The faults are plain data that anybody may change, so limits lifted meanwhile have no event.
            while self._faults.twilio.enforce_limits and (left := slot - loop.time()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(left, 0.1))
        finally:
            queued[number] -= message.segments
        if not self._faults.twilio.enforce_limits:
            self._free.pop(number, None)

    async def _load_media(self, message: Message) -> bool:
        room = LARGEST_MEDIA
        for url in message.media_urls:
            try:
                kind, content = await fetch_media(url, room)
            except MediaLost as lost:
                self._store.warn(11200, str(lost), message.sid, url)
                return False
            room -= len(content)
            message.media.append(Media(new_sid("ME"), kind, content, self._store.clock.now()))
        return True

    async def _tell_all(self, message: Message, receipts: Receipts) -> None:
        """One receipt after the other, so that a slow app does not hold up the text itself."""
        held: list[tuple[str, int | None]] = []
        while (receipt := await receipts.get()) is not None:
            if self._faults.twilio.out_of_order:
                held.append(receipt)
            else:
                await self._tell(message, *receipt)
        for receipt in reversed(held):
            await self._tell(message, *receipt)

    async def _tell(self, message: Message, status: str, error: int | None) -> Answer | None:
        if not message.callback:
            return None
        params = {
            "AccountSid": self._store.sid,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "To": message.to,
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
        }
        if status == "delivered":
            now = datetime.fromtimestamp(self._store.clock.now(), UTC)
            params["RawDlrDoneDate"] = now.strftime("%y%m%d%H%M")
        if error is not None:
            params["ErrorCode"] = str(error)
        answer = await self._caller.call(message.callback, params, "POST", self._faults.twilio.redeliver)
        if not answer.ok:
            self._store.warn(
                11200, f"HTTP retrieval failure ({answer.status})", message.sid, message.callback
            )
        return answer
