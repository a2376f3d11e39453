"""A visit as a calendar file (RFC 5545), published or cancelled (RFC 5546): nobody is asked to answer it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from .rulebook import instant
from .visit import Visit

MIME = "text/calendar; charset=utf-8"


def calendar_file(
    visit: Visit, contact: str, site: str, organizer: str, summary: str, description: str, stamp: int
) -> bytes:
    """The file. `site` names our calendar, `organizer` is a mail address, `stamp` the instant (ms) it is made.

    Times are in UTC, so that every calendar shows its own wall. A later change of the same visit has the same UID and
    a higher SEQUENCE. Loads its library: call it in a thread.
    """
    from icalendar import Alarm, Calendar, Event, vCalAddress

    calendar, event = Calendar(), Event()
    method: Literal["PUBLISH", "CANCEL"] = "CANCEL" if visit.state == "cancelled" else "PUBLISH"
    calendar.add("prodid", "-//Tierline//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event.add("uid", f"{contact}.{visit.number}@{site}.tierline")
    event.add("sequence", visit.change)
    event.add("dtstamp", instant(stamp))
    event.add("dtstart", instant(visit.at))
    event.add("dtend", instant(visit.until))
    event.add("summary", summary)
    event.add("location", visit.address)
    event.add("description", description)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    by = vCalAddress(f"mailto:{organizer}")
    by.params["CN"] = site
    event.add("organizer", by)
    if method == "PUBLISH":
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", timedelta(hours=-1))
        event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
