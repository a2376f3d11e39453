"""Lists as Twilio gives them: date filters, pages, tokens (twilio.com/docs/usage/twilios-response)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from .twilio_rules import Fault


class Listed(Protocol):
    """Anything that Twilio lists has a sid."""

    @property
    def sid(self) -> str:
        """Names it for good."""


T = TypeVar("T", bound=Listed)


def parse_day(text: str) -> tuple[float, float] | None:
    """First and last second that a date, or an instant with a time, names in GMT; None if it is neither."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return at.timestamp(), (at + timedelta(days=1)).timestamp() - 1
    return at.timestamp(), at.timestamp()


def in_span(at: float, span: tuple[float, float], how: str) -> bool:
    """Whether an instant (whole seconds, as shown) is on or before, on or after, or within `span`."""
    second = int(at)
    if how == "<":
        return second <= span[1]
    return second >= span[0] and (how == ">" or second <= span[1])


@dataclass(frozen=True, slots=True)
class _Cut(Generic[T]):
    """What one page shows: its entries, its size and number, and the last entries before the next and this page."""

    shown: Sequence[T]
    size: int
    number: int
    next: str | None
    back: str | None


def _cut(request: web.Request, items: Sequence[T]) -> _Cut[T] | Fault:
    """The page that is asked for; the token names the last entry seen, so new ones do not shift what follows."""
    size_text, number_text = request.query.get("PageSize", "50"), request.query.get("Page", "0")
    if not (size_text.isascii() and size_text.isdigit() and 1 <= int(size_text[:9])):
        return Fault(400, 20001, f"Invalid PageSize: {size_text}")
    if not (number_text.isascii() and number_text.isdigit()):
        return Fault(400, 20001, f"Invalid Page: {number_text}")
    size, number = min(int(size_text[:9]), 1000), int(number_text[:9])
    start, token = 0, request.query.get("PageToken", "")
    if number and not token:
        return Fault(400, 21481, "Invalid PageToken")
    if token:
        after = [i for i, item in enumerate(items) if f"PA{item.sid}" == token]
        if not after:
            return Fault(400, 21481, "Invalid PageToken")
        start = after[0] + 1
    shown = items[start : start + size]
    return _Cut(
        shown, size, number,
        shown[-1].sid if start + size < len(items) else None,
        items[start - size - 1].sid if start > size else None,
    )  # fmt: skip


def _link(request: web.Request, uri: str, size: int, number: int, last: str | None) -> str:
    kept = [(k, v) for k, v in request.query.items() if k not in ("Page", "PageToken", "PageSize")]
    query = [*kept, ("PageSize", str(size)), ("Page", str(number))]
    return f"{uri}?{urlencode([*query, ('PageToken', f'PA{last}')] if last else query)}"


def page(
    request: web.Request, items: Sequence[T], key: str, uri: str, show: Callable[[T], dict[str, object]]
) -> web.Response | Fault:
    """One page of a list of 2010-04-01."""
    cut = _cut(request, items)
    if isinstance(cut, Fault):
        return cut
    size, number, first = cut.size, cut.number, cut.number * cut.size
    return web.json_response(
        {
            "first_page_uri": _link(request, uri, size, 0, None),
            "next_page_uri": _link(request, uri, size, number + 1, cut.next) if cut.next else None,
            "previous_page_uri": _link(request, uri, size, number - 1, cut.back) if number else None,
            "page": number,
            "page_size": size,
            "start": first,
            "end": first + max(len(cut.shown) - 1, 0),
            "uri": f"{uri}?{request.query_string}" if request.query_string else uri,
            key: [show(item) for item in cut.shown],
        }
    )


def page_v1(
    request: web.Request, items: Sequence[T], key: str, url: str, show: Callable[[T], dict[str, object]]
) -> web.Response | Fault:
    """One page of a list of the newer APIs, whose addresses are whole and stand in `meta`."""
    cut = _cut(request, items)
    if isinstance(cut, Fault):
        return cut
    size, number = cut.size, cut.number
    meta = {
        "page": number,
        "page_size": size,
        "first_page_url": _link(request, url, size, 0, None),
        "previous_page_url": _link(request, url, size, number - 1, cut.back) if number else None,
        "url": _link(request, url, size, number, None),
        "next_page_url": _link(request, url, size, number + 1, cut.next) if cut.next else None,
        "key": key,
    }
    return web.json_response({"meta": meta, key: [show(item) for item in cut.shown]})
