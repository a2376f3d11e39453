"""Our SMTP or LMTP server: it takes mail for our own mailboxes, and says 250 only when the mail is durable.

    sender ─ MAIL, RCPT, DATA ─▶ session ─▶ post (bytes fsynced, contact stored) ─▶ 250, or 451: the sender keeps it

It relays nothing (SEC12): whoever isn't in the plan's entries is refused, whatever their address looks like.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from ..channel import NotTaken, Taken
from .certificate import Certificate
from .letter import Envelope, Post
from .session import LmtpSession, Rules, Session

log = structlog.get_logger()

WITHIN = 60.0
"""Seconds in which a whole mail is answered, or it is 451: senders wait for ten minutes (RFC 5321, 4.5.3.2.6)."""
PER_ADDRESS, MOST = 50, 500
"""Sessions at a time: of one address, and of all."""
HELD = 256 * 1024 * 1024
"""Bytes of bodies that are in hand at a time."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where it listens: `host:port`, or `lmtp://host:port`; port 0 is any free one."""

    host: str
    port: int
    lmtp: bool = False

    @classmethod
    def parse(cls, text: str) -> Where:
        """Raises ValueError, in words."""
        lmtp = text.startswith("lmtp://")
        host, _, port = text.removeprefix("lmtp://").removeprefix("smtp://").rpartition(":")
        if not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"TIERLINE_SMTP_LISTEN is host:port or lmtp://host:port, not {text[:80]!r}")
        return cls(host.strip("[]") or "127.0.0.1", int(port), lmtp)


class Listener:
    """`start`, `stop`. `ours` says whether mail for an address is taken; asked at each RCPT. `relayed` says whether a
    client's address is that of our own mail server, which may vouch for senders. `certificate` is before `rules.tls`."""

    def __init__(
        self, where: Where, rules: Rules, post: Post, ours: Callable[[str], bool],
        relayed: Callable[[str], bool] = lambda address: False, certificate: Certificate | None = None,
    ) -> None:  # fmt: skip
        self.where, self.rules, self.post, self._ours, self._relayed = where, rules, post, ours, relayed
        self.certificate, self.port = certificate, where.port
        self.server: asyncio.Server | None = None
        self.refused = 0  # recipients
        self._sessions: dict[Session, str] = {}
        self._per_address: Counter[str] = Counter()
        self._held = 0
        self._in_hand: set[asyncio.Task[tuple[Taken, ...]]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError, in words, where the port can't be had."""
        kind = LmtpSession if self.where.lmtp else Session
        try:
            self.server = await asyncio.get_running_loop().create_server(
                lambda: kind(self, self._rules_now()), self.where.host, self.where.port
            )
        except OSError as error:
            place = f"{self.where.host}:{self.where.port}"
            raise OSError(error.errno, f"mail can't be taken at {place}: {error.strerror or error}") from None
        self.port = int(self.server.sockets[0].getsockname()[1])
        if self.certificate is not None:
            self.certificate.start()
        log.info("mail.listens", host=self.where.host, port=self.port, lmtp=self.where.lmtp)

    async def stop(self, grace: float = 10.0) -> None:
        """Take no more; what is whole is answered, within `grace` seconds. Everybody else keeps what they have."""
        if self.certificate is not None:
            await self.certificate.stop()
        if self.server is not None:
            self.server.close()
        for session in list(self._sessions):
            if not session.busy:
                session.leave()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=grace)
            await asyncio.sleep(0)  # the answers are written
        for task in list(self._in_hand):
            task.cancel()
        await asyncio.gather(*self._in_hand, return_exceptions=True)
        for session in list(self._sessions):
            session.leave()

    def _rules_now(self) -> Rules:
        return self.rules if self.certificate is None else replace(self.rules, tls=self.certificate.context)

    # ---- what sessions ask --------------------------------------------------------------------------------------

    def opened(self, session: Session, peer: object) -> str:
        """Counted in by the address it comes from, or why not."""
        address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        if len(self._sessions) >= MOST or self._per_address[address] >= PER_ADDRESS:
            log.warning("mail.too_many_sessions", open=len(self._sessions))
            return "Too many sessions at a time: come again"
        self._sessions[session] = address
        self._per_address[address] += 1
        return ""

    def closed(self, session: Session) -> None:
        """Counted out, once."""
        address = self._sessions.pop(session, None)
        if address is not None:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def ours(self, address: str) -> bool:
        """Whether mail for `address` is taken."""
        good = self._ours(address)
        if not good:
            self.refused += 1
            log.info("mail.refused_recipient", domain=address.rpartition("@")[2][:100])
        return good

    def hold(self, size: int) -> bool:
        """Whether so many more bytes fit in."""
        if self._held + size > HELD:
            return False
        self._held += size
        return True

    def release(self, size: int) -> None:
        """So many are free again."""
        self._held -= size

    async def taken(self, content: bytes, sender: str, recipients: tuple[str, ...], session: Session) -> str:
        """250 with the contacts that it became, once all of it is durable; else 451. Whoever hangs up meanwhile hears
        nothing and sends it again: it is finished all the same, and known by then (F72)."""
        by = "relay" if self._relayed(self._sessions.get(session, "")) else "smtp"
        envelope = Envelope(sender, recipients, time.time_ns() // 1_000_000, by)
        task = asyncio.create_task(self._post(content, envelope), name="mail in hand")
        self._in_hand.add(task)
        task.add_done_callback(self._over)
        await asyncio.wait((task,), timeout=WITHIN)
        try:
            if not task.done():
                raise TimeoutError
            taken = task.result()
        except (NotTaken, TimeoutError) as error:
            log.warning("mail.not_taken", error=type(error).__name__, why=str(error))
            return "451 4.3.0 Not durable here: come again"
        except Exception:
            log.exception("mail.failed")
            return "451 4.3.0 Something broke here: come again"
        return f"250 2.0.0 Ok: {', '.join(dict.fromkeys(it.contact for it in taken))}"[:500]

    async def _post(self, content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        return await self.post(content, envelope)

    def _over(self, task: asyncio.Task[tuple[Taken, ...]]) -> None:
        self._in_hand.discard(task)
        with contextlib.suppress(asyncio.CancelledError):
            task.exception()  # said above, or its sender has hung up and comes again
