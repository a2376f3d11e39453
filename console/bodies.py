"""What the API is sent, decoded at the border: a frozen value, or what is wrong with it in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from ..queue.engine_site import Waiting

LONGEST_NAME, LONGEST_REASON, LONGEST_FACT = 200, 2_000, 10_000  # characters
MOST_ADDRESSES, MOST_FACTS = 500, 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
CUSTOMER = '{"name": text, "language": text, "addresses": [text], "facts": {name: text}}'


class BadBody(Exception):
    """`str()` says what should have been sent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan to publish; `on` is the version it was drafted from, None: whichever is active."""

    yaml: str
    author: str
    reason: str
    on: int | None
    waiting: Waiting = "new"


@dataclass(frozen=True, slots=True)
class Rollback:
    """A version to publish again."""

    to: int
    author: str
    reason: str
    on: int | None
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class CustomerBody:
    """A customer as an operator's system writes them."""

    name: str
    language: str
    addresses: tuple[str, ...]
    facts: Mapping[str, str]


async def read_object(request: web.Request) -> dict[str, object]:
    """The JSON object in a request. Raises BadBody; HTTPRequestEntityTooLarge above the server's limit."""
    try:
        raw = await request.json()
    except (ValueError, RecursionError):
        raise BadBody("this is no JSON") from None
    except (LookupError, web.RequestPayloadError):
        raise BadBody("this can't be read: send JSON as UTF-8, unpacked or in a whole gzip") from None
    if not isinstance(raw, dict):
        raise BadBody("send a JSON object")
    return raw


async def read_field(request: web.Request, name: str) -> str:
    """A field of a form that a browser sends, "" where there is none or the form can't be read."""
    try:
        found = (await request.post()).get(name)
    except (ValueError, LookupError, web.RequestPayloadError):
        return ""
    return found if isinstance(found, str) else ""


def read_draft(raw: Mapping[str, object]) -> Draft:
    """A draft. Raises BadBody; whether the plan is right is asked later."""
    yaml, author, reason = (raw.get(k) for k in ("yaml", "author", "reason"))
    whole = 'Send {"yaml", "author", "reason", "on"?, "waiting"?}.'
    if not isinstance(yaml, str) or not yaml:
        raise BadBody(whole)
    if not plain(author, LONGEST_NAME) or not plain(reason, LONGEST_REASON) or not author or not reason:
        raise BadBody(f"{whole} `author` and `reason` are short texts.")
    return Draft(yaml, str(author), str(reason), _on(raw), _waiting(raw))


def read_rollback(raw: Mapping[str, object]) -> Rollback:
    """A version to go back to. Raises BadBody; whether there is one is asked later."""
    to, author, reason = raw.get("to"), raw.get("author"), raw.get("reason", "")
    whole = 'Send {"to", "author", "reason"?, "on"?, "waiting"?}.'
    if isinstance(to, bool) or not isinstance(to, int) or not 0 < to < 1 << 53:
        raise BadBody(f"{whole} `to` is the number of a version.")
    if not plain(author, LONGEST_NAME) or not author or not plain(reason, LONGEST_REASON):
        raise BadBody(f"{whole} `author` and `reason` are short texts.")
    return Rollback(to, str(author), str(reason), _on(raw), _waiting(raw))


def _on(raw: Mapping[str, object]) -> int | None:
    on = raw.get("on")
    if on is None:
        return None
    if isinstance(on, bool) or not isinstance(on, int) or not 0 <= on < 1 << 53:
        raise BadBody("`on` is the number of the version that the draft was made from.")
    return on


def _waiting(raw: Mapping[str, object]) -> Waiting:
    match raw.get("waiting", "new"):
        case "new":
            return "new"
        case "reevaluate":
            return "reevaluate"
        case _:
            raise BadBody('`waiting` is "new" (those who wait stay as they are) or "reevaluate".')


def read_customer(key: str, raw: Mapping[str, object]) -> CustomerBody:
    """A customer. Raises BadBody."""
    name, language = raw.get("name", ""), raw.get("language", "")
    addresses, facts = raw.get("addresses", []), raw.get("facts", {})
    if not key or not plain(key, LONGEST_NAME):
        raise BadBody(f"a key is a text of at most {LONGEST_NAME} characters")
    if not plain(name, LONGEST_NAME) or not plain(language, LONGEST_NAME):
        raise BadBody(CUSTOMER)
    if not isinstance(addresses, list) or not all(plain(it, LONGEST_NAME) for it in addresses):
        raise BadBody(CUSTOMER)
    if len(addresses) > MOST_ADDRESSES:
        raise BadBody(f"a customer has at most {MOST_ADDRESSES} addresses")
    if not isinstance(facts, dict) or len(facts) > MOST_FACTS:
        raise BadBody(f"`facts` is an object of at most {MOST_FACTS} facts")
    told = {}
    for fact, value in facts.items():
        given = str(value) if isinstance(value, bool | int | float) else value
        if not plain(fact, LONGEST_NAME) or not isinstance(given, str) or not plain(given, LONGEST_FACT):
            raise BadBody(f"a fact is a text, a number or yes/no of at most {LONGEST_FACT:,} characters")
        told[fact] = given
    return CustomerBody(str(name), str(language), tuple(str(it) for it in addresses), told)


def plain(value: object, longest: int) -> bool:
    """Whether it is a text of at most `longest` characters that store and history can take."""
    return isinstance(value, str) and len(value) <= longest and not _UNSTORABLE.search(value)
