"""The mail server that the product sends through: a submission service with a login, as providers have them.

Answers follow RFC 5321, 3463 and 6409; what Postfix does where they leave it open.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .stage import Faults, Wire

LARGEST = 25 * 1024 * 1024  # bytes, as providers have it
PATIENCE = 300.0  # seconds that a connection may be silent (RFC 5321 4.5.3.2)
_UNROUTED = (".invalid", ".localhost")
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
Taken = Callable[[str, tuple[str, ...], bytes], Awaitable[None]]
"""(envelope sender, "" null; recipients; bytes), called before the mail is acknowledged."""


class MailServer:
    """Listens on loopback. `senders` are the domains that the login may send for; none: any."""

    def __init__(
        self,
        user: str,
        password: str,
        senders: Sequence[str],
        faults: Faults,
        wire: Wire,
        taken: Taken,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.user, self.password = user, password
        self.senders = frozenset(it.casefold() for it in senders)
        self.port = 0
        self._faults, self._wire, self._taken, self._tls = faults, wire, taken, tls
        self._server: asyncio.Server | None = None
        self.sessions: set[_Session] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self, loop, self._tls), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for each in list(self.sessions):
            each.cut()

    def hang_up(self) -> bool:
        """Whether whoever calls is cut off."""
        return self._faults.smtp.down

    # ---- what the server asks (aiosmtpd's hooks) ----------------------------------------------------------------

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Only the one login that the product was given."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        good = data.login == self.user.encode() and data.password == self.password.encode()
        who = {"user": data.login.decode(errors="replace")}
        self._note("AUTH", "", who, 235 if good else 535, 0)
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM: of an own domain, or the null sender."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        sender = "" if address == "<>" else address
        domain = sender.rpartition("@")[2].casefold()
        if sender and self.senders and domain not in self.senders:
            return self._refused(
                "MAIL", sender, f"553 5.7.1 <{sender}>: Sender address rejected: not owned by user"
            )
        if fault := self._fault("mail"):
            return self._refused("MAIL", sender, fault)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO: whoever has a domain that mail can be sent to."""
        if not _ADDRESS.fullmatch(address):
            return self._refused("RCPT", address, f"501 5.1.3 <{address}>: Bad recipient address syntax")
        if address.casefold().endswith(_UNROUTED):
            return self._refused(
                "RCPT", address, f"550 5.1.2 <{address}>: Recipient address rejected: Domain not found"
            )
        if fault := self._fault("rcpt"):
            return self._refused("RCPT", address, fault)
        if self._faults.smtp.partial and envelope.rcpt_tos:
            return self._refused(
                "RCPT", address, f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
            )
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The whole mail: kept, then acknowledged."""
        began, faults = time.monotonic(), self._faults.smtp
        sender = "" if envelope.mail_from in (None, "<>") else str(envelope.mail_from)
        raw = envelope.original_content or b""
        params = {"from": sender, "to": list(envelope.rcpt_tos), "bytes": len(raw)}
        if fault := self._fault("data"):
            return self._refused("DATA", sender, fault)
        if faults.delay:
            await asyncio.sleep(faults.delay)
        await self._taken(sender, tuple(envelope.rcpt_tos), raw)
        ms = round((time.monotonic() - began) * 1000, 3)
        if faults.drop_reply and isinstance(server, _Session):
            self._note("DATA", envelope.rcpt_tos[0], params, 0, ms)
            server.cut()
            await asyncio.sleep(PATIENCE)  # until it is noticed that the line is gone
        self._note("DATA", envelope.rcpt_tos[0], params, 250, ms)
        return "250 2.0.0 Ok: queued"

    def _fault(self, at: str) -> str:
        faults = self._faults.smtp
        if faults.fail is None or faults.at != at or faults.times < 1:
            return ""
        faults.times -= 1
        if faults.fail < 500:
            return f"{faults.fail} 4.7.1 Try again later"
        return f"{faults.fail} 5.1.1 Mailbox unavailable"

    def _refused(self, method: str, path: str, answer: str) -> str:
        self._note(method, path, {"answer": answer}, int(answer[:3]), 0)
        return answer

    def _note(self, method: str, path: str, params: object, status: int, ms: float) -> None:
        self._wire.record("out", "smtp", method, path, params, status, ms)


class _Session(SMTP):  # type: ignore[misc]  # it comes without types
    """One connection."""

    def __init__(self, at: MailServer, loop: asyncio.AbstractEventLoop, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            at, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="mail.sandbox.example", ident="ESMTP",
            tls_context=tls, require_starttls=tls is not None, timeout=PATIENCE, auth_require_tls=tls is not None,
            authenticator=at.login, loop=loop,
        )  # fmt: skip
        self._at = at

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called; while the server is down nobody answers."""
        super().connection_made(transport)
        self._at.sessions.add(self)
        if self._at.hang_up():
            self.cut()

    def connection_lost(self, error: Exception | None) -> None:
        """The line is gone."""
        self._at.sessions.discard(self)
        super().connection_lost(error)

    def cut(self) -> None:
        """Hang up without a word."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def push(self, status: str | bytes) -> None:
        """A kept connection is cut at its next command, too."""
        if self._at.hang_up():
            self.cut()
            await asyncio.sleep(PATIENCE)
        await super().push(status)
