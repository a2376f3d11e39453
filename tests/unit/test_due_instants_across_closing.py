"""A promise that crosses closing time is kept in open hours, and the customer hears the true instant in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tierline.router.classify import ranked
from tierline.router.facts import Facts
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook, instant, millis
from tierline.router.texts import telling

ZONE = ZoneInfo("Europe/Berlin")
PLAN = """
site: office
timezone: Europe/Berlin
languages: [en, de]
schedules: {office: {hours: "Mo-Fr 08:00-18:00", holidays: DE-BE, overrides: [{on: 2026-12-24, hours: "08:00-12:00", why: Christmas Eve}]}}
teams: {desk: {channel: "#desk"}}
services: {help: {schedule: office, answer_within: 10m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}}
entry: [{channel: sms, to: "+4930100", service: help}]
agents: [{name: Ada, slack: ada@office.example, team: desk, languages: {de: 3, en: 3}}]
texts: {received: {en: "by {due}", de: "bis {due}"}}
"""


def facts(language: str, due: int) -> Facts:
    return Facts("eva", "Eva", "+4915112345678", "+4930100", True, language, 1, "", 0, 0, due)


BOOK = Rulebook(parse(PLAN), 1)


@pytest.mark.promise("due-in-words")
@pytest.mark.parametrize(
    ("arrives", "due", "en", "de"),
    [
        ("2026-11-24 17:49", "2026-11-24 17:59", "by today at 17:59", "bis heute um 17:59 Uhr"),
        # Just as long as it is open: at closing time, not when it opens again.
        ("2026-11-24 17:50", "2026-11-24 18:00", "by today at 18:00", "bis heute um 18:00 Uhr"),
        ("2026-11-24 17:55", "2026-11-25 08:05", "by tomorrow at 08:05", "bis morgen um 08:05 Uhr"),
        ("2026-11-27 17:55", "2026-11-30 08:05", "by Monday at 08:05", "bis Montag um 08:05 Uhr"),
        ("2026-12-24 11:55", "2026-12-28 08:05", "by Monday at 08:05", "bis Montag um 08:05 Uhr"),
        # Arrived while it was closed: counted from the opening.
        ("2026-11-24 23:00", "2026-11-25 08:10", "by tomorrow at 08:10", "bis morgen um 08:10 Uhr"),
    ],
)
def test_the_due_instant_is_counted_in_open_hours_and_said_in_words(
    arrives: str, due: str, en: str, de: str
) -> None:
    now, wanted = (millis(datetime.fromisoformat(it).replace(tzinfo=ZONE)) for it in (arrives, due))
    service = BOOK.services["help"]
    found, _ = ranked(BOOK, service, BOOK.route(service, "sms", (), "en"), now, 0)
    assert found is not None and instant(found) == instant(wanted)
    for language, words in (("en", en), ("de", de)):
        told = telling(BOOK, "received", "C1001", "help", facts(language, found), now)
        assert told is not None and told.text == words
