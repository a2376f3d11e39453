"""The way of mails to the product: an SMTP conversation with its listener, as any server on the Internet has one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiosmtplib

from .stage import Wire

WITHIN = 60.0
"""Seconds for each answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the product said at the end; `code` 0: nothing at all."""

    code: int
    text: str
    refused: tuple[str, ...] = ()  # recipients that it didn't take

    @property
    def accepted(self) -> bool:
        """Whether it took the mail, for one recipient at least."""
        return 200 <= self.code < 300


@dataclass(slots=True)
class Road:
    """`listener` is where the product takes mails, None: nowhere."""

    wire: Wire
    listener: tuple[str, int] | None = None

    async def carry(self, sender: str, recipients: Sequence[str], raw: bytes) -> Answer:
        """One conversation; never raises for what the product says or does."""
        began = time.monotonic()
        answer = await self._talk(sender, recipients, raw)
        ms = round((time.monotonic() - began) * 1000, 3)
        params = {"from": sender, "to": list(recipients), "bytes": len(raw), "answer": answer.text[:500]}
        self.wire.record("in", "smtp", "DATA", recipients[0] if recipients else "", params, answer.code, ms)
        return answer

    async def _talk(self, sender: str, recipients: Sequence[str], raw: bytes) -> Answer:
        if self.listener is None:
            return Answer(0, "nobody listens for mails here")
        host, port = self.listener
        client = aiosmtplib.SMTP(
            hostname=host, port=port, timeout=WITHIN, start_tls=False, local_hostname="mx.sandbox.example"
        )
        try:
            async with client:
                await client.ehlo()
                options = ["BODY=8BITMIME"] if client.supports_extension("8bitmime") else []
                if not "".join((sender, *recipients)).isascii():
                    options.append("SMTPUTF8")
                refused, text = await client.sendmail(sender, list(recipients), raw, mail_options=options)
                return Answer(250, text, tuple(refused))
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return Answer(first.code, first.message, tuple(it.recipient for it in error.recipients))
        except aiosmtplib.SMTPResponseException as error:
            return Answer(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Answer(0, f"{type(error).__name__}: {error}")
