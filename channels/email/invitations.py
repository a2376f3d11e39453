"""A calendar invitation (RFC 5545, 5546) in one line for whoever answers the mail. Total: a broken one says less."""

from __future__ import annotations

import re
from datetime import date, datetime

from .charsets import one_line

_DO = {
    "REQUEST": "Invitation", "PUBLISH": "Event", "CANCEL": "Cancelled", "REPLY": "Answer",
    "COUNTER": "Other time proposed",
        "DECLINECOUNTER": "Proposal declined", "REFRESH": "Asked for an update", "ADD": "Added dates",
}  # fmt: skip
_ANSWERS = {"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Maybe", "DELEGATED": "Delegated"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 256 * 1024


def invitation(text: str) -> str:
    """`Invitation: Review, 2026-12-01 10:00 to 11:00 (Europe/Berlin), Room 5, from ann@example.org`, or ""."""
    lines = re.sub(r"\r?\n[ \t]", "", text[:_LONGEST]).splitlines()
    it, method = _event(lines)
    if not it:
        return ""
    kind = _DO.get(method, "Event")
    if method == "REPLY":
        kind = next((_ANSWERS[word] for word in _ANSWERS if f"PARTSTAT={word}" in it.get("answer", "")), kind)
    said = [
        f"{kind}: {it.get('SUMMARY') or 'without a title'}",
        _when(it.get("DTSTART", ""), it.get("DTEND", ""), it.get("zone", "")),
        "repeats" if "RRULE" in it else "",
        it.get("LOCATION", ""),
        f"from {it['ORGANIZER']}" if it.get("ORGANIZER") else "",
    ]
    return one_line(", ".join(word for word in said if word), 500)


def _event(lines: list[str]) -> tuple[dict[str, str], str]:
    """The first event's fields and the calendar's method."""
    found: dict[str, str] = {}
    method, inside = "", False
    for line in lines:
        head, _, value = line.partition(":") if '"' not in line else _outside_quotes(line)
        name = head.partition(";")[0].strip().upper()
        if name == "METHOD" and not inside:
            method = value.strip().upper()
        elif name == "BEGIN" and value.strip().upper() in ("VEVENT", "VTODO"):
            if found:
                break
            inside = True
            found["SUMMARY"] = ""
        elif name == "BEGIN" and inside:
            inside = False  # an alarm's own fields are none of the event's
        elif name == "END" and found:
            inside = value.strip().upper() not in ("VEVENT", "VTODO")
        elif inside:
            _note(found, name, head, value)
    return found, method


def _note(found: dict[str, str], name: str, head: str, value: str) -> None:
    if name == "ATTENDEE":
        found.setdefault("answer", head.upper())
    elif name == "ORGANIZER":
        found[name] = re.sub(r"(?i)^mailto:", "", value.strip())
    elif name in ("SUMMARY", "LOCATION"):
        found[name] = one_line(_ESCAPED.sub(lambda it: " " if it[1] in "nN" else it[1], value), 200)
    elif name in ("DTSTART", "DTEND", "RRULE"):
        found[name] = value.strip()
        zone = re.search(r'TZID="?([^";:]{1,60})', head)
        if zone and name == "DTSTART":
            found["zone"] = zone[1]


def _outside_quotes(line: str) -> tuple[str, str, str]:
    """A parameter's value may hold a colon within quotes."""
    quoted = False
    for i, it in enumerate(line):
        quoted ^= it == '"'
        if it == ":" and not quoted:
            return line[:i], ":", line[i + 1 :]
    return line.partition(":")


def _when(start: str, end: str, zone: str) -> str:
    first, last = _instant(start), _instant(end)
    if first is None:
        return ""
    zone = "UTC" if start.endswith("Z") else zone
    if not isinstance(first, datetime):
        return f"{first:%Y-%m-%d}"
    said = f"{first:%Y-%m-%d %H:%M}"
    if isinstance(last, datetime) and last > first:
        said += f" to {last:%H:%M}" if last.date() == first.date() else f" to {last:%Y-%m-%d %H:%M}"
    return f"{said} ({zone})" if zone else said


def _instant(text: str) -> datetime | date | None:
    for form in ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M"):
        try:
            return datetime.strptime(text.removesuffix("Z"), form)
        except ValueError:
            continue
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
