"""The mail listener alone, with a post that writes down what it was given, and a client that says any bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tierline.channels.channel import Taken
from tierline.channels.email.certificate import Certificate
from tierline.channels.email.conversation import mailbox_of
from tierline.channels.email.letter import Envelope
from tierline.channels.email.listener import Listener, Where
from tierline.channels.email.session import Rules

BOX = "support@inside.example"


@dataclass
class Post:
    """`fail` is raised instead; `gate` is waited for."""

    mails: list[tuple[bytes, Envelope]] = field(default_factory=list)
    fail: Exception | None = None
    gate: asyncio.Event | None = None
    waiting: int = 0

    async def __call__(self, content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        if self.gate is not None:
            self.waiting += 1
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        self.mails.append((content, envelope))
        return (Taken("new", f"C{1000 + len(self.mails)}", 1),)


class Wire:
    """A client that says what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, said: bytes) -> None:
        self.writer.write(said)
        await self.writer.drain()

    async def hear(self) -> str:
        """A whole answer, "" when the other side has hung up."""
        lines: list[str] = []
        async with asyncio.timeout(20):
            while True:
                line = (await self.reader.readline()).decode()
                lines.append(line)
                if line[3:4] != "-":
                    return "".join(lines).strip()

    async def ask(self, said: bytes | str) -> str:
        await self.say((said.encode() if isinstance(said, str) else said) + b"\r\n")
        return await self.hear()

    async def begin(self, to: str = BOX, hello: str = "EHLO") -> None:
        """As far as DATA's 354."""
        assert (await self.ask(f"{hello} mx.example"))[:3] == "250"
        assert (await self.ask("MAIL FROM:<eva@customer.example>"))[:3] == "250"
        assert (await self.ask(f"RCPT TO:<{to}>"))[:3] == "250"
        assert (await self.ask("DATA"))[:3] == "354"

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@dataclass
class ListenerStage:
    listener: Listener
    post: Post

    @contextlib.asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """A session behind its greeting."""
        it = Wire(*await asyncio.open_connection("127.0.0.1", self.listener.port))
        try:
            await it.hear()
            yield it
        finally:
            await it.close()


@contextlib.asynccontextmanager
async def listener_stage(
    rules: Rules | None = None, lmtp: bool = False, certificate: Certificate | None = None
) -> AsyncIterator[ListenerStage]:
    post = Post()
    where = Where("127.0.0.1", 0, lmtp)
    ours = (rules or Rules("mail.inside.example"), post, lambda it: bool(mailbox_of(it, {BOX})))
    listener = Listener(where, *ours, certificate=certificate)
    await listener.start()
    try:
        yield ListenerStage(listener, post)
    finally:
        await listener.stop(1.0)


async def until(holds: object) -> None:
    """Wait until a callable holds."""
    assert callable(holds)
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - a test's condition
            await asyncio.sleep(0.01)
