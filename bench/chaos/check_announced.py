"""What a supervisor had customers told, and held: everybody whom it concerned, once, and nobody else. Pure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable

from .seen import Announced, Event, Seen, Violation
from .stage import ABOUT, SMALL

SLACK = 1_500
"""ms by which this machine's clock and the store's may be read apart."""
TIME = 5_000
"""ms within which a customer is greeted although a process died."""


def announcements(seen: Seen) -> list[Violation]:
    """Each is told to whom it concerns, once; who was told of an incident is told of its end."""
    told, said, services = _told(seen), _said(seen), _services(seen)
    found: list[Violation] = []
    for it in seen.announced:
        for text in filter(None, (it.text, it.over)):
            found += _each_once(it, text, told, said, services)
        if it.kind == "incident":
            found += _missing(seen, it, told, said)
    return [*found, *_sent_as_told(seen, told)]


def _each_once(
    it: Announced,
    text: str,
    told: dict[str, Counter[str]],
    said: dict[str, list[str]],
    services: dict[str, set[str]],
) -> Iterable[Violation]:
    for contact, texts in told.items():
        # Who was told that it is closed, and writes again, is told again.
        most = len(said[contact]) if it.kind == "closing" else 1
        if texts[text] > most:
            yield Violation("told twice", contact, f"{text!r} {texts[text]} times")
        concerns = (
            SMALL in services[contact]
            if it.kind == "closing"
            else any(ABOUT in words for words in said[contact])
        )
        if texts[text] and not concerns:
            yield Violation("told falsely", contact, f"{text!r} has nothing to do with it")


def _missing(
    seen: Seen, it: Announced, told: dict[str, Counter[str]], said: dict[str, list[str]]
) -> Iterable[Violation]:
    silent = _silent(seen)
    came = {e.c: e.t for e in seen.events if e.e == "arrived"}
    # Where deliveries are far behind, nobody is told in time: that is slow, and nobody is passed by.
    last = max((came[c] for c, texts in told.items() if texts[it.text] and c in came), default=0)
    for e in seen.events:
        if e.e != "arrived" or e.c in silent or not any(ABOUT in words for words in said[e.c]):
            continue
        texts = told.get(e.c, Counter())
        stood = any(low < it.ended and high > e.t for low, high in seen.gaps)
        meanwhile = it.known + SLACK < e.t < it.ended - SLACK - TIME
        if meanwhile and e.t < last and not stood and not e.x.get("split_from") and not texts[it.text]:
            yield Violation("not told", e.c, f"it came while {it.text!r} stood, and never heard of it")
        if texts[it.text] and not texts[it.over]:
            yield Violation("not told", e.c, f"it was told {it.text!r}, and not that it is over")


def _sent_as_told(seen: Seen, told: dict[str, Counter[str]]) -> Iterable[Violation]:
    texts = {text for it in seen.announced for text in (it.text, it.over) if text}
    address = addresses(seen)
    due = Counter((address.get(c, ""), text) for c, each in told.items() for text in each.elements())
    sent = Counter((it.to, it.text) for it in seen.sent if it.text in texts)
    for (to, text), n in sent.items():
        if n > due[to, text]:
            yield Violation("told twice", text, f"{to} got it {n} times, the history has {due[to, text]}")


def closings(seen: Seen) -> list[Violation]:
    """What comes while its service is closed at once is held, what comes before or after isn't; nobody is for ever."""
    shut, held, found = False, dict[str, str](), list[Violation]()
    for e in seen.events:
        if e.e == "alert" and e.x.get("name") == f"shut:{SMALL}":
            shut = bool(e.x.get("on"))
        elif e.e == "arrived" and e.x.get("service") == SMALL and not e.x.get("split_from"):
            if bool(e.x.get("parked")) != shut:
                found.append(Violation("held wrongly", e.c, f"it came while {'closed' if shut else 'open'}"))
        if e.e == "parked" or (e.e == "arrived" and e.x.get("parked")):
            held[e.c] = e.e
        elif e.e in ("woken", "rerouted", "queued", "closed", "accepted", "abandoned"):
            held.pop(e.c, None)
    return found + [Violation("held for ever", c, "its service is open, and it isn't queued") for c in held]


def addresses(seen: Seen) -> dict[str, str]:
    """Contact → its customer's number."""
    return {
        e.c: str(json.loads(str(e.x.get("facts") or "{}")).get("address"))
        for e in seen.events
        if e.e == "arrived"
    }


def _words(e: Event) -> str:
    body = e.x.get("body")
    found = json.loads(body) if isinstance(body, str) and body else {}
    return str(found.get("text") or "") if isinstance(found, dict) else ""


def _told(seen: Seen) -> dict[str, Counter[str]]:
    """Contact → how often it was told each of a supervisor's texts, as the history has it."""
    texts = {text for it in seen.announced for text in (it.text, it.over) if text}
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for e in seen.events:
        if e.e == "message.out" and (words := _words(e)) in texts:
            found[e.c][words] += 1
    return found


def _said(seen: Seen) -> dict[str, list[str]]:
    """Contact → what its customer wrote."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for e in seen.events:
        if e.e == "arrived" or (e.e == "message" and e.x.get("kind") == "in"):
            found[e.c].append(_words(e))
    return found


def _services(seen: Seen) -> dict[str, set[str]]:
    """Contact → every service that it was in."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for e in seen.events:
        if e.c and e.x.get("service"):
            found[e.c].add(str(e.x["service"]))
    return found


def _silent(seen: Seen) -> set[str]:
    """Contacts of whoever somebody tried to end as spam: nothing more is said to them."""
    address = addresses(seen)
    theirs = {address[c] for c in seen.spammed if c in address}
    return {c for c, it in address.items() if it in theirs}
