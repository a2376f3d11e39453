"""How the sandbox's own API reads requests and refuses them: always `{"error", "hint"}` with a 4xx."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Nobody embeds, sniffs, caches or reads across origins what the stage serves.
SHIELD = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Refused(Exception):
    """A request that the sandbox does not carry out; nothing was changed.

    `error` says what is wrong, `hint` what to do instead; `status` is a 4xx (or 503 before readiness).
    """

    def __init__(self, error: str, hint: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.hint = hint
        self.status = status


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a JSON body: its Python type, and whether it must be there."""

    kind: type | tuple[type, ...]
    required: bool = True


def refusal(error: str, hint: str, status: int) -> web.Response:
    """The one shape in which the sandbox says no."""
    return web.json_response({"error": error, "hint": hint}, status=status)


def check_fields(body: object, fields: Mapping[str, Field], what: str = "the body") -> dict[str, Any]:
    """`body` as a dict that holds exactly the known fields with the right types; raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused(f"{what} must be a JSON object", f"fields: {', '.join(fields) or 'none'}")
    if unknown := sorted(set(body) - set(fields)):
        raise Refused(f"unknown field {unknown[0]!r} in {what}", f"known: {', '.join(fields) or 'none'}")
    for name, field in fields.items():
        if name not in body:
            if field.required:
                raise Refused(f"{name!r} is missing in {what}", f"fields: {', '.join(fields)}")
            continue
        check_type(name, body[name], field.kind)
    return body


def check_type(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    """Raise `Refused` unless `value` is of `kind`; a bool is no number, a lone surrogate no text."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(k.__name__ for k in kinds)
        raise Refused(f"{name!r} is a {type(value).__name__}", f"it must be a {wanted}")
    if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        raise Refused(f"{name!r} holds half of a surrogate pair", "send whole Unicode characters")


async def read_fields(request: web.Request, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The request's JSON object, checked against `fields`; an empty body counts as `{}`."""
    raw = await request.read()
    if not raw.strip():
        return check_fields({}, fields)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON", f"send a JSON object ({error})") from error
    return check_fields(body, fields)


def read_count(request: web.Request, name: str, default: int) -> int:
    """A whole number ≥ 0 from the query; raises `Refused` on anything else."""
    raw = request.query.get(name, "")
    if not raw:
        return default
    if not raw.isascii() or not raw.isdigit() or len(raw) > 15:
        raise Refused(f"{name}={raw!r} is not a whole number", f"send {name}=0 or more")
    return int(raw)


def host_of(netloc: str) -> str:
    """The host name in `host[:port]`, lower case, without brackets; "" when it cannot be read."""
    try:
        return (urlsplit("//" + netloc).hostname or "").lower()
    except ValueError:
        return ""


def check_caller(request: web.Request) -> None:
    """Raise `Refused` for a foreign Host (DNS rebinding) or a foreign Origin that wants to change something.

    A page of another site can make a browser send requests to loopback; it can neither forge Host nor
    leave out Origin on a POST or a WebSocket handshake.
    """
    host = request.headers.get("Host", "")
    if host_of(host) not in LOOPBACK:
        raise Refused("this host name is not the sandbox's", "use http://127.0.0.1 and the port", 403)
    changes = request.method not in ("GET", "HEAD", "OPTIONS")
    upgrade = "upgrade" in request.headers.get("Connection", "").lower()
    origin = request.headers.get("Origin")
    if (changes or upgrade) and origin is not None and origin != f"http://{host}":
        raise Refused("another site's page may not act here", "open the sandbox's own page", 403)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check who calls, and turn every refusal into `{"error", "hint"}`."""
    try:
        check_caller(request)
        response = await handler(request)
    except Refused as refused:
        response = refusal(refused.error, refused.hint, refused.status)
    except web.RequestPayloadError:
        response = refusal("the body cannot be read", "send it whole and without Content-Encoding", 400)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        hint = "see docs/sandbox.md for the calls" if error.status != 413 else "send less at once"
        response = refusal(f"{request.method} {request.path}: {error.reason}", hint, error.status)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    if not response.prepared:
        for name, value in SHIELD.items():
            response.headers.setdefault(name, value)
    return response
