"""The mail server that we send through: one connection that is kept, an answer in time, and what each answer means.

smtp://user:password@host:587 (STARTTLS where it is offered), smtps://…:465
smtp+microsoft://support@northwind.example@smtp.office365.com:587?tenant=…&client=…, smtps+google://…:465?client=…
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
from aiosmtplib.response import SMTPResponse

from ..channel import NotDelivered, OutcomeUnknown
from ..fence import check_ours
from .account import BadUrl, OAuth, oauth_of, start_tls
from .compose import Composed
from .refusals import in_words
from .tokens import NoToken

FORM = "write smtp://user:password@host:587 or smtps://host:465"

WITHIN = 30.0
"""Seconds for each answer."""
AT_MOST = 120.0
"""Seconds for one mail, whatever its size."""
KEPT = 60.0
"""Seconds of silence after which a connection is not used any more: servers hang up, some without a word."""


OPEN_WIRE = "the mail server offers no STARTTLS, and a login goes over no open wire: SMTP_URL may be smtps://… (port 465)"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is, and who we are there."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    oauth: OAuth | None = None

    @classmethod
    def of(cls, url: str) -> Address:
        """Read SMTP_URL. Raises BadUrl."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise BadUrl(FORM) from None
        scheme, _, provider = parts.scheme.partition("+")
        if (
            scheme not in ("smtp", "smtps")
            or provider not in ("", "microsoft", "google")
            or not parts.hostname
        ):
            raise BadUrl(FORM)
        tls = scheme == "smtps"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        options = dict(parse_qsl(parts.query))
        oauth = oauth_of(provider, options.get("client", ""), options.get("tenant", ""))
        if oauth is not None and not user:
            raise BadUrl("the mailbox's address is missing before the host")
        return cls(parts.hostname, port or (465 if tls else 587), tls, user, password, oauth)

    @property
    def start_tls(self) -> bool | None:
        """Whether it must be STARTTLS; None: where it is offered."""
        return start_tls(self.tls, self.host, bool(self.user or self.oauth))


@dataclass(slots=True)
class MailServer:
    """Sends one mail after the other. `tls` is for tests with authorities of their own; `token` gives one of OAuth2."""

    at: Address
    tls: ssl.SSLContext | None = None
    within: float = WITHIN
    token: Callable[[bool], Awaitable[str]] | None = None
    _refused: bool = False  # the token of the last login
    _client: aiosmtplib.SMTP | None = None
    _used: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, mail: Composed) -> str:
        """Hand `mail` over; what the server said to it. Raises NotDelivered or OutcomeUnknown."""
        async with self._turn:
            fresh = not self._ready()
            try:
                return await self._hand_over(mail)
            except _HungUp:
                # A kept connection that was closed meanwhile: nothing of this mail has left.
                if fresh:
                    raise NotDelivered("the mail server hangs up", "down") from None
                return await self._hand_over(mail)

    async def close(self) -> None:
        """Say goodbye, if there is time."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=2.0)
            client.close()

    def _ready(self) -> bool:
        silent = asyncio.get_running_loop().time() - self._used
        return self._client is not None and self._client.is_connected and silent < KEPT

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._ready() and self._client is not None:
            return self._client
        await self.close()
        client = aiosmtplib.SMTP(
            hostname=self.at.host, port=self.at.port, use_tls=self.at.tls, timeout=self.within,
            username=self.at.user or None, password=None if self.token else self.at.password or None,
            oauth_token_generator=self._token if self.token else None, start_tls=self.at.start_tls, tls_context=self.tls,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self.within * 2):
                await client.connect()
                await client.ehlo()
        except NoToken as error:
            client.close()
            raise NotDelivered(f"the mail server wants a token: {error}", "login") from None
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            self._refused = True
            # Nobody's reply is lost for a password that somebody is just changing.
            raise NotDelivered(
                f"the mail server refuses our login: {in_words(error.code, error.message)}", "login"
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise NotDelivered(
                f"the mail server refuses us: {in_words(error.code, error.message)}", str(error.code)
            ) from None
        except (aiosmtplib.SMTPException, OSError, ValueError, TimeoutError) as error:
            client.close()
            if self.at.start_tls and "STARTTLS" in str(error):  # the library tells it by no type of its own
                raise NotDelivered(OPEN_WIRE, "tls") from None
            if (no_tls := _no_tls(error)) is not None:
                raise NotDelivered(no_tls, "tls") from None
            raise NotDelivered(f"the mail server can't be reached ({type(error).__name__})", "down") from None
        self._client, self._refused = client, False
        return client

    async def _token(self) -> str:
        return await self.token(self._refused) if self.token is not None else ""

    async def _hand_over(self, mail: Composed) -> str:
        client = await self._connected()
        try:
            async with asyncio.timeout(AT_MOST):
                said = await self._envelope(client, mail)
                if said is None:
                    said = await self._data(client, mail)
        except TimeoutError:
            await self._drop()
            raise OutcomeUnknown("the mail server didn't answer in time") from None
        self._used = asyncio.get_running_loop().time()
        if said.code >= 300:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.rset()
            raise NotDelivered(in_words(said.code, said.message), str(said.code), permanent=said.code >= 500)
        return said.message

    async def _envelope(self, client: aiosmtplib.SMTP, mail: Composed) -> SMTPResponse | None:
        """From whom and to whom; the server's no, else None. Nothing has left before it is through."""
        options = [f"SIZE={len(mail.raw)}"] if client.supports_extension("size") else []
        encoding = "ascii"
        if mail.wide:
            if not client.supports_extension("smtputf8"):
                return SMTPResponse(553, "5.6.7 our mail server can't write to addresses with such letters")
            options, encoding = [*options, "SMTPUTF8", "BODY=8BITMIME"], "utf-8"
        check_ours()
        try:
            await client.mail(mail.sender, options=options, encoding=encoding)
            await client.rcpt(mail.recipient, encoding=encoding)
        except aiosmtplib.SMTPResponseException as error:
            if error.code == 421 or not client.is_connected:
                await self._drop()
                raise _HungUp from None
            return SMTPResponse(error.code, error.message)
        except (aiosmtplib.SMTPServerDisconnected, ConnectionError):
            await self._drop()
            raise _HungUp from None
        except (aiosmtplib.SMTPTimeoutError, TimeoutError):
            await self._drop()
            raise NotDelivered("the mail server doesn't answer", "down") from None
        return None

    async def _data(self, client: aiosmtplib.SMTP, mail: Composed) -> SMTPResponse:
        """The mail itself: whoever hears nothing now can't know whether it was taken."""
        check_ours()
        try:
            return await client.data(mail.raw)
        except aiosmtplib.SMTPDataError as error:
            return SMTPResponse(error.code, error.message)
        except aiosmtplib.SMTPResponseException as error:
            return SMTPResponse(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError):
            await self._drop()
            raise OutcomeUnknown("the mail server took it and said nothing") from None

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


class _HungUp(Exception):
    """The server was gone before anything of the mail had left."""


def _no_tls(error: BaseException | None) -> str | None:
    """Why no encrypted connection came about, where it was that: then nothing has been said over it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the mail server's certificate isn't trusted ({error.verify_message}): nothing was sent to it"
        if isinstance(error, ssl.SSLError):
            return f"the mail server speaks no TLS there ({error.reason or 'no handshake'}): nothing was sent to it"
        error = error.__cause__ or error.__context__
    return None
