"""How `DATABASE_URL` names a PostgreSQL, and its refusals in words."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ...settings import Settings
from ..address import here
from ..failures import StoreError

SCHEMES = ("postgres", "postgresql", "postgresql+asyncpg")
IDLE = 10.0
"""Seconds that the server lets a transaction stand idle. A process that was stopped amid one (SIGSTOP, a paused
machine) keeps its locks until then, and nobody else can write the history."""
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OPTIONS = (
    "DATABASE_URL: the only options are sslmode (one of "
    + ", ".join(_MODES)
    + "), sslrootcert (the file of your"
    " own authority, for verify-ca and verify-full) and host (the folder of the server's Unix socket)"
)
_OPEN: Mapping[str, str] = {
    "disable": "isn't encrypted (sslmode=disable)",
    "require": "nobody checks its certificate (sslmode=require)",
}
REMEDY = (
    "Whoever is between could read and change every conversation. Add ?sslmode=verify-full to DATABASE_URL"
    " (&sslrootcert=FILE for an authority of your own), or say that you know with TIERLINE_DATABASE_INSECURE=yes."
)
ALLOWED = "TIERLINE_DATABASE_INSECURE allows it: whoever is between can read and change every conversation."
_STATES = {
    "28000": "the user isn't let in",
    "28P01": "the password or the user is wrong",
    "3D000": "there is no database of that name",
    "42501": "the user may not do that",
    "53300": "the server has no connection left",
    "57P03": "the server is starting or stopping",
    "25006": "the server is a standby, which takes no writes",
    "53100": "its disk is full",
}  # fmt: skip


class HistoryUnusable(StoreError):
    """The database can't be used as it is; the message says what to change."""


def read(url: URL, patience: float) -> tuple[URL, dict[str, Any]]:
    """The URL for SQLAlchemy and the driver's options; a statement has `patience` seconds.

    Raises HistoryUnusable, without the password.
    """
    if find_spec("asyncpg") is None:
        raise HistoryUnusable("DATABASE_URL needs the PostgreSQL driver: pip install 'tierline[postgres]'")
    options: dict[str, Any] = {"timeout": 10, "command_timeout": patience}
    options["server_settings"] = {"idle_in_transaction_session_timeout": str(round(IDLE * 1000))}
    query = _words(url)
    mode, authority = _mode(query), query.pop("sslrootcert", "")
    if folder := query.pop("host", ""):
        options["host"] = folder
    checked = mode.startswith("verify")
    if query or (mode and mode not in _MODES) or (folder[:1] not in "/") or (authority and not checked):
        raise HistoryUnusable(_OPTIONS)
    if checked:
        options["ssl"] = _verifying(authority, mode == "verify-full")
    elif mode:
        options["ssl"] = mode
    return url.set(drivername="postgresql+asyncpg", query={}), options


def exposed(database_url: str | None) -> str | None:
    """Why somebody on the way to the database could read or change what we say to it; None when nobody can.

    Without a host the driver takes PGHOST. What can't be read is refused where it is opened.
    """
    try:
        url = make_url(database_url or "")
    except (ArgumentError, ValueError):
        return None
    query = _words(url)
    hosts = query.get("host") or url.host or os.environ.get("PGHOST") or "localhost"
    mode = _mode(query)
    near = all(it.startswith("/") or here(it) for it in hosts.split(","))
    if url.drivername not in SCHEMES or near or mode.startswith("verify"):
        return None
    how = _OPEN.get(mode) or f"needn't be encrypted (sslmode={mode or 'prefer'})"
    return f"The database at {hosts} is on another machine and {how}"


def allowed(settings: Settings) -> tuple[str | None, tuple[str, ...]]:
    """`DATABASE_URL`, and what to remind an operator of. Raises HistoryUnusable where others could read it unsaid."""
    url = settings.database_url.get_secret_value() if settings.database_url else None
    risk = exposed(url)
    if risk and not settings.database_insecure:
        raise HistoryUnusable(f"{risk}. {REMEDY}")
    return url, (f"{risk}; {ALLOWED}",) if risk else ()


def _words(url: URL) -> dict[str, str]:
    """The options of a URL; of one that is there twice the last."""
    return {key: it if isinstance(it, str) else it[-1] for key, it in url.query.items()}


def _mode(query: dict[str, str]) -> str:
    """Take the mode of TLS out of the options."""
    return query.pop("sslmode", query.pop("ssl", ""))


def _verifying(authority: str, by_name: bool) -> ssl.SSLContext:
    """The driver would look for `~/.postgresql/root.crt` and nowhere else."""
    try:
        context = ssl.create_default_context(cafile=authority or None)
    except OSError as error:  # ssl.SSLError is one
        raise HistoryUnusable(f"DATABASE_URL: sslrootcert can't be read ({type(error).__name__})") from None
    context.check_hostname = by_name
    return context


def why(error: SQLAlchemyError | OSError | TimeoutError) -> str:
    """What is wrong, without the values that it is about: a driver's text may quote a customer."""
    cause: BaseException | None = getattr(error, "orig", None) or error
    while cause is not None:
        state = getattr(cause, "sqlstate", None)
        if state in _STATES:
            return f"the database refuses: {_STATES[state]}"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the database's certificate isn't accepted: {cause.verify_message.rstrip('.')}"
        cause = cause.__cause__
    if isinstance(error, SQLAlchemyError):
        return f"{type(error).__name__} ({type(getattr(error, 'orig', None) or error).__name__})"
    if isinstance(error, TimeoutError):
        return "the database doesn't answer in time"
    if "rejected SSL" in str(error):
        return "the database speaks no TLS, and sslmode asks for it"
    return f"the database can't be reached ({type(error).__name__})"
