"""A mail kept and read: by one process in one errand, or, where it is large or was too much, by each for itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .glance import glanced
from .letter import Envelope, Letter
from .raw import RawStore
from .reader import PIECE, Reader


@dataclass(frozen=True, slots=True)
class Taking:
    """A `Take`. A mail's name is its content's: whoever keeps it gives it the same."""

    raw: RawStore
    reader: Reader

    async def __call__(self, content: bytes, envelope: Envelope) -> tuple[str, Letter]:
        """The mail's name, once it is durable, and what it says. Raises NotTaken."""
        if len(content) > PIECE:
            return await asyncio.gather(self.raw.keep(content, envelope), self.reader.read(content, envelope))
        kept = await self.reader.keep(content, envelope, str(self.raw.folder))
        return kept or (await self.raw.keep(content, envelope), glanced(content, envelope, "too complex"))
