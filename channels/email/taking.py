"""A mail kept and read: by one process in one errand, or, where it is large or was too much, by each for itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .disk import ref_of
from .glance import glanced
from .letter import Envelope, Letter
from .raw import RawStore
from .reader import PIECE, Reader


@dataclass(frozen=True, slots=True)
class Taking:
    """A `Take`. Its name is the mail's content's: whoever keeps it gives it the same."""

    raw: RawStore
    reader: Reader

    async def __call__(self, content: bytes, envelope: Envelope) -> tuple[str, Letter]:
        """The mail's name, once it is durable, and what it says. Raises NotTaken."""
        if len(content) > PIECE:
            return await asyncio.gather(self.raw.keep(content, envelope), self.reader.read(content, envelope))
        letter = await self.reader.keep(content, envelope, str(self.raw.folder))
        if letter is None:
            return await self.raw.keep(content, envelope), glanced(content, envelope, "too complex")
        return ref_of(content, envelope.at), letter
