"""What a service promises beyond its first answer, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ...skills.skill import CHANNELS, Channel
from .shape_promises import Promising, Within


@dataclass(frozen=True, slots=True)
class Each:
    """One promise, by channel; None where there is none."""

    voice: timedelta | None = None
    chat: timedelta | None = None
    sms: timedelta | None = None
    email: timedelta | None = None

    def on(self, channel: Channel) -> timedelta | None:
        """That of `channel`."""
        return {"voice": self.voice, "chat": self.chat, "sms": self.sms, "email": self.email}[channel]

    def __bool__(self) -> bool:
        return any(self.on(channel) is not None for channel in CHANNELS)

    @classmethod
    def of(cls, given: Within | None) -> Each:
        """As the document says it."""
        if given is None:
            return cls()
        usual = given.default
        return cls(given.voice or usual, given.chat or usual, given.sms or usual, given.email or usual)


@dataclass(frozen=True, slots=True)
class Promises:
    """In open hours of the service: within which each later message is answered (None: as the first), and within which a
    contact ends (None: nothing is promised)."""

    next_answer: Each = Each()
    resolve: Each = Each()

    @classmethod
    def of(cls, given: Promising) -> Promises:
        """As the document says it."""
        return cls(Each.of(given.next_answer_within), Each.of(given.resolve_within))
