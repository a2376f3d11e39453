"""One SMTP or LMTP session: aiosmtpd's, with our answers, our limits, and a body that only CRLF.CRLF ends.

A line end of any other kind is content (SEC13): what a relay before us let pass as content stays content, so that one
mail never becomes two. Sources: RFC 5321, RFC 2033 (LMTP), RFC 3207 (STARTTLS), RFC 3463 (enhanced codes).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

log = structlog.get_logger()

LARGEST = 25 * 1024 * 1024
"""Bytes of a mail; announced (RFC 1870)."""
IDLE = 300.0
"""Seconds between two commands, and for a whole body (RFC 5321, 4.5.3.2)."""
MOST_RECIPIENTS = 100
REFUSALS = 20
"""Recipients that we refuse before we hang up: somebody is trying names."""
COMMANDS = {"*": 50, "MAIL": 10_000, "RCPT": 100_000, "DATA": 10_000, "RSET": 10_000, "NOOP": 1_000}
"""How often each may come in one session."""
CHUNK = 64 * 1024
LEADING = 4096
"""Bytes of empty lines with which a body may begin: they are looked at one by one."""
LINE_END, END = b"\r\n", b"\r\n.\r\n"
LAST = len(b".\r\n")
NULL = "<>"
"""The null reverse-path, a bounce's sender, as aiosmtpd has it."""
_PATH = re.compile(r'<((?:"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"|[^<>"\s\x00-\x1f\x7f])*)>(.*)', re.DOTALL)
_BARE = re.compile(r'([^<>"\s\x00-\x1f\x7f]+)(.*)', re.DOTALL)


_COMMANDS: dict[type, list[str]] = {}
"""The names by which aiosmtpd finds the commands and hooks of a kind of session."""


class Takes(Protocol):
    """What a session asks of the listener."""

    def opened(self, session: Session, peer: object) -> str:
        """A session begins: "", or why it may not."""

    def closed(self, session: Session) -> None:
        """It is over; may be said twice."""

    def ours(self, address: str) -> bool:
        """Whether mail for `address` is taken."""

    def hold(self, size: int) -> bool:
        """Whether `size` more bytes of bodies fit in; `release` gives them back."""

    def release(self, size: int) -> None:
        """So many bytes are held no longer."""

    async def taken(self, content: bytes, sender: str, recipients: tuple[str, ...], session: Session) -> str:
        """The answer for a whole mail, "250 …" once it is durable. Never raises."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How sessions are held. `idle` in seconds, `largest` in bytes."""

    hostname: str
    tls: ssl.SSLContext | None = None
    require_tls: bool = False
    largest: int = LARGEST
    idle: float = IDLE


class Session(SMTP):  # type: ignore[misc]  # aiosmtpd carries no types
    """A conversation with somebody who brings mails. Made inside a running loop."""

    line_length_limit = CHUNK  # what the reader holds at once; a body's lines may be as long as they like
    for_each = False  # one answer for all recipients
    _timeout_handle: asyncio.TimerHandle | None

    def __init__(self, takes: Takes, rules: Rules) -> None:
        super().__init__(
            self, hostname=rules.hostname, ident="Tierline", loop=asyncio.get_running_loop(),
            data_size_limit=rules.largest, enable_SMTPUTF8=True, tls_context=rules.tls,
            require_starttls=rules.require_tls, timeout=rules.idle, command_call_limit=COMMANDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
        )  # fmt: skip
        self.takes, self.rules = takes, rules
        self.busy = False
        self._let_in = False
        self._ends = 0.0  # by the loop's clock: when it has been silent for too long
        self._refused = 0

    def __dir__(self) -> list[str]:
        """aiosmtpd looks through all names three times for its commands: a millisecond of each session's beginning."""
        kind = type(self)
        if kind not in _COMMANDS:
            _COMMANDS[kind] = [it for it in dir(kind) if it.startswith(("smtp_", "auth_", "handle_"))]
        return _COMMANDS[kind]

    # ---- its beginning and end ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counted in; where there are too many it is told so and hung up. After STARTTLS it is the same session."""
        if not self._let_in and (why := self.takes.opened(self, transport.get_extra_info("peername"))):
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(f"421 4.7.0 {why}\r\n".encode())
            transport.close()
            return
        self._let_in = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Counted out. A body that isn't whole is nobody's."""
        self.takes.closed(self)
        if self._let_in:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Nothing is heard of who was hung up on."""
        if self._let_in:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """The same."""
        return super().eof_received() if self._let_in else None

    def leave(self) -> None:
        """Say goodbye: we stop."""
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            transport.write(b"421 4.3.2 We stop now: come again\r\n")
            transport.close()

    async def _handle_client(self) -> None:
        """Whoever hangs up has hung up."""
        with contextlib.suppress(ConnectionResetError):
            await super()._handle_client()

    async def handle_exception(self, error: Exception) -> str:
        """A failure of ours is never the sender's: they keep the mail and come again."""
        log.error("mail.session_failed", error=type(error).__name__, exc_info=error)
        return "451 4.3.0 Something broke here: come again"

    async def handle_EHLO(
        self, server: SMTP, session: object, envelope: object, hostname: str, lines: list[str]
    ) -> list[str]:
        """What we can, without AUTH: nobody has a password here."""
        assert self.session is not None
        self.session.host_name = hostname
        can = [it for it in lines if not it.startswith("250-AUTH")]
        return [*can[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", can[-1]]

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Said at each command: one timer stands, and looks at its end whether it is time yet."""
        self._ends = self.loop.time() + (duration or self._timeout_duration)
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_at(self._ends, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._ends:
            self._timeout_handle = self.loop.call_at(self._ends, self._timeout_cb)
        else:
            super()._timeout_cb()

    # ---- for whom -----------------------------------------------------------------------------------------------

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """An address of MAIL, RCPT or VRFY as it was written, and what stands behind it. aiosmtpd would unquote it
        and leave a source route out: then what we compare isn't what was said (SEC12)."""
        found = _PATH.fullmatch(arg.strip()) or _BARE.fullmatch(arg.strip())
        if found is None or len(found[1]) > 320:
            return None, None
        return found[1] or NULL, found[2].strip()

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RCPT TO:<address>."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        said = self._strip_command_keyword("TO:", arg or "")
        address, params = self._getaddr(said) if said is not None else (None, None)
        if not self.envelope.mail_from:
            await self.push("503 5.5.1 First MAIL")
        elif address is None:
            await self.push("501 5.1.3 Syntax: RCPT TO:<address>")
        elif params:
            await self.push("555 5.5.4 RCPT takes no parameters here")
        elif not self.takes.ours(address):
            await self._refuse()
        elif len(self.envelope.rcpt_tos) >= MOST_RECIPIENTS:
            await self.push("452 4.5.3 Too many recipients: send it again to the rest")
        else:
            self.envelope.rcpt_tos.append(address)
            await self.push("250 2.1.5 Ok")

    async def _refuse(self) -> None:
        self._refused += 1
        if self._refused < REFUSALS:
            await self.push("550 5.7.1 We take no mail for that address")
            return
        await self.push("421 4.7.0 Too many addresses that aren't ours")
        if self.transport is not None:
            self.transport.close()

    # ---- the mail -----------------------------------------------------------------------------------------------

    async def smtp_DATA(self, arg: str | None) -> None:
        """DATA, and the answer once the mail is durable."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 First RCPT")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        recipients = tuple(self.envelope.rcpt_tos)
        sender = (
            str(self.envelope.mail_from).encode("utf-8", "replace").decode()
        )  # it may be bytes of no charset
        answer = await self._taken("" if sender == NULL else sender, recipients)
        self._set_post_data_state()
        for _ in recipients if self.for_each else recipients[:1]:
            await self.push(answer)

    async def _taken(self, sender: str, recipients: tuple[str, ...]) -> str:
        body = Unstuffed()
        held, size, why = 0, 0, ""
        try:
            async for piece in self._pieces():
                size += len(piece)
                if not why and not self.takes.hold(len(piece)):
                    why = "452 4.3.1 Too much at once: come again"
                if not why:
                    held += len(piece)
                    body.add(piece)
                if body.size > self.rules.largest:
                    why = why or f"552 5.3.4 At most {self.rules.largest} bytes"
                if why:
                    body.pieces.clear()
                if size > 4 * self.rules.largest and self.transport is not None:
                    self.transport.close()  # it would never end
            if why:
                return why
            self._reset_timeout()  # a slow sender has used up the body's time, and we have our own
            self.busy = True
            return await self.takes.taken(body.whole(), sender, recipients, self)
        finally:
            self.busy = False
            self.takes.release(held)

    async def _pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, up to the line that ends it."""
        tail, begun = LINE_END, bytearray()  # the end needs no other line end before it
        while tail and tail != END:
            one = await self._reader.readexactly(1)
            begun += one
            tail = _still(tail + one)
            if len(begun) > LEADING:
                raise ConnectionResetError("a body of nothing but empty lines")
        yield bytes(begun[:-LAST] if tail == END else begun)
        while tail != END:
            try:
                yield (await self._reader.readuntil(END))[:-LAST]
                return
            except asyncio.LimitOverrunError as more:
                yield await self._reader.read(more.consumed)


class LmtpSession(LMTP, Session):  # type: ignore[misc]  # the same
    """The same in LMTP: LHLO, and an answer for each recipient."""

    for_each = True


class Unstuffed:
    """A body as it was before its dots were doubled for the way (RFC 5321, 4.5.2), piece by piece: of 25 MB at once the
    loop would stand still."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = -len(LINE_END)
        self._held = LINE_END  # what a doubled dot may stand behind; at first the line end of the command

    def add(self, piece: bytes) -> None:
        """The next piece, however it was cut."""
        whole = self._held + piece
        held = 2 if whole.endswith(LINE_END) else 1 if whole.endswith(b"\r") else 0
        self._held = whole[len(whole) - held :]
        self.pieces.append(whole[: len(whole) - held].replace(LINE_END + b".", LINE_END))
        self.size += len(self.pieces[-1])

    def whole(self) -> bytes:
        """All of it."""
        begun = 0
        for i, piece in enumerate(self.pieces):  # the command's line end isn't its
            taken = min(len(LINE_END) - begun, len(piece))
            self.pieces[i], begun = piece[taken:], begun + taken
            if begun == len(LINE_END):
                break
        return b"".join([*self.pieces, self._held[len(LINE_END) - begun :]])


def _still(tail: bytes) -> bytes:
    """As much of the end of `tail` as the end of a body may begin with."""
    while not END.startswith(tail):
        tail = tail[1:]
    return tail
