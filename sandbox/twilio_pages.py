"""Lists as Twilio gives them: date filters, pages, tokens (twilio.com/docs/usage/twilios-response)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from .twilio_rules import Fault


class Listed(Protocol):
    """Anything that Twilio lists has a sid."""

    sid: str


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


def page(
    request: web.Request, items: Sequence[T], key: str, uri: str, show: Callable[[T], dict[str, object]]
) -> web.Response | Fault:
    """One page of a list; the token names the last entry seen, so new ones do not shift what follows."""
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
    kept = [(k, v) for k, v in request.query.items() if k not in ("Page", "PageToken", "PageSize")]

    def link(n: int, last: str | None) -> str:
        query = [*kept, ("PageSize", str(size)), ("Page", str(n))]
        return f"{uri}?{urlencode([*query, ('PageToken', f'PA{last}')] if last else query)}"

    more = start + size < len(items)
    back = items[start - size - 1].sid if start > size else None
    return web.json_response(
        {
            "first_page_uri": link(0, None),
            "next_page_uri": link(number + 1, shown[-1].sid) if more else None,
            "previous_page_uri": link(number - 1, back) if number else None,
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + max(len(shown) - 1, 0),
            "uri": f"{uri}?{request.query_string}" if request.query_string else uri,
            key: [show(item) for item in shown],
        }
    )
