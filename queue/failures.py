"""What can go wrong between us and the store.

::

    StoreError
    ├── StoreUnavailable            for now: try again later, with the same operation id
    │   ├── NotSent                 nothing was written to the server: certainly without effect
    │   │   ├── StoreBusy           too many calls in flight; shed load
    │   │   └── StoreIdentityChanged  the server answers, but it isn't the store that we know (F21, F32)
    │   ├── OutcomeUnknown          written, but no reply: it may have happened, once
    │   │   └── NotReplicated       it happened on one server; too few replicas said that they have it (F37)
    │   └── StoreRefused            the server answered and did not execute; `reason` is its code (READONLY,
    │       │                       NOREPLICAS, MOVED, CLUSTERDOWN, …)
    │       ├── DiskFull            MISCONF: the log can't be written
    │       ├── MemoryFull          OOM: maxmemory reached; reads and deletes still work
    │       ├── ScriptRunning       BUSY: another script is running
    │       ├── Loading             LOADING: it is reading its data
    │       └── Forbidden           NOAUTH, WRONGPASS, NOPERM: wrong password or rights (F31)
    ├── ScriptError                 a script or command answered with an error; `code` is its first word
    │   └── FunctionMissing         the server doesn't have our function library (F28)
    ├── StoreMisnamed               REDIS_URL can't be understood
    ├── StoreUnsafe                 a server on which contacts could be lost: refused at start
    └── EmbeddedError               the embedded server
        ├── EmbeddedMissing         no binary for this platform: set REDIS_URL
        ├── StoreLocked             another process owns the data directory
        ├── StoreDamaged            the log is damaged in the middle: an operator must decide
        └── EmbeddedFailed          it didn't start, or died; worth another try

Messages never carry passwords, keys' values or arguments of calls.
"""

from __future__ import annotations


class StoreError(Exception):
    """The root of everything the store can answer instead of a reply."""


class StoreUnavailable(StoreError):
    """No answer now; the same call with the same operation id may be tried again."""


class NotSent(StoreUnavailable):
    """The call never left this process: it certainly had no effect."""


class StoreBusy(NotSent):
    """Too many calls are in flight already."""


class StoreIdentityChanged(NotSent):
    """A new, empty or different store stands where ours was."""


class OutcomeUnknown(StoreUnavailable):
    """The call was written and no reply came: it ran once or not at all. Never send it without its id."""


class NotReplicated(OutcomeUnknown):
    """Too few replicas confirmed: a failover now could undo it. Asked again, it is confirmed, or done again."""


class StoreRefused(StoreUnavailable):
    """The server answered and executed nothing. `reason` is the server's code."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason} {text}".strip())
        self.reason = reason


class DiskFull(StoreRefused):
    """The server can't write its log."""


class MemoryFull(StoreRefused):
    """The server has reached its memory limit."""


class ScriptRunning(StoreRefused):
    """The server is busy with one script for too long."""


class Loading(StoreRefused):
    """The server is still reading its data."""


class Forbidden(StoreRefused):
    """Name, password or rights are not accepted."""


class ScriptError(StoreError):
    """A script or command ended with an error of its own. `code` is the first word of its text."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code} {text}".strip())
        self.code = code


class FunctionMissing(ScriptError):
    """The function isn't loaded: the server was flushed, replaced or restarted without its data."""


class StoreMisnamed(StoreError, ValueError):
    """`REDIS_URL` isn't one; in words for an operator, without its password."""


class StoreUnsafe(StoreError):
    """The server could lose contacts; the message says why, and what to change."""


class EmbeddedError(StoreError):
    """The embedded server."""


class EmbeddedMissing(EmbeddedError):
    """There is no embedded server for this platform."""


class StoreLocked(EmbeddedError):
    """Somebody else owns the data directory."""


class StoreDamaged(EmbeddedError):
    """The append-only log is damaged where it can't be mended without losing something."""


class EmbeddedFailed(EmbeddedError):
    """The server didn't start or stopped by itself."""


_REFUSALS: dict[str, type[StoreRefused]] = {
    "MISCONF": DiskFull,
    "OOM": MemoryFull,
    "BUSY": ScriptRunning,
    "LOADING": Loading,
    "NOAUTH": Forbidden,
    "WRONGPASS": Forbidden,
    "NOPERM": Forbidden,
    "READONLY": StoreRefused,
    "MASTERDOWN": StoreRefused,
    "CLUSTERDOWN": StoreRefused,
    "TRYAGAIN": StoreRefused,
    "NOREPLICAS": StoreRefused,
    "MOVED": StoreRefused,
    "ASK": StoreRefused,
    "UNBLOCKED": StoreRefused,
}


def from_reply(text: str) -> StoreError:
    """The error that a server's error reply stands for."""
    code, _, rest = text.partition(" ")
    if code in _REFUSALS:
        return _REFUSALS[code](code, rest)
    if text.startswith("ERR Function not found"):
        return FunctionMissing(code, rest)
    return ScriptError(code, rest)
