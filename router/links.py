"""Links that open a page of ours for whoever has them, until an instant: the path and its end are signed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

LONGEST_UNTIL = 12
"""Digits of an end in seconds; more are nobody's."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Makes links, and tells good ones. `base` is our public address; `kind` keeps links of one page off another."""

    base: str
    kind: str
    secret: str = field(repr=False)

    def make(self, path: str, until: float) -> str:
        """A link to `path` ("/visit/C1001/1.ics") that opens until `until` (seconds since the epoch)."""
        end = int(until)
        return f"{self.base}{path}?until={end}&sig={self._sign(path, end)}"

    def good(self, path: str, until: str, given: str, now: float) -> bool:
        """Whether that is a link of ours that still opens at `now`."""
        if not (until.isascii() and until.isdigit() and len(until) < LONGEST_UNTIL):
            return False
        signed = self._sign(path, int(until))
        return hmac.compare_digest(signed.encode(), given.encode("utf-8", "replace")) and now < int(until)

    def _sign(self, path: str, until: int) -> str:
        said = f"{self.kind}:{path}:{until}".encode()
        return hmac.new(self.secret.encode(), said, hashlib.sha256).hexdigest()[:32]
