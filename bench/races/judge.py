"""What must be true: at rest, when nothing but time can change anything, and behind the curtain."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from ...queue.contact import Arrived
from ...queue.state import ENDED, QUEUED, ContactView, Event
from ...router import spoken
from ...router.called_back import LOOKS, MACHINE, answered_by
from ...router.rulebook import agent_id
from ...router.waiting import LATER
from .exchange import KEY
from .legs import Leg
from .scene import BOOK, NAMES, Scene

LOSING = {name: spoken.line(BOOK, name, "en").text for name in ("taken", "gone", "too_late")}

SCREENED = (LOOKS + 2) * 1_000 + KEY + 10_000
"""ms after which who is called back is put through or let go, whoever they are: each look, the key, and some air."""


@dataclass
class Verdict:
    """What became of one scene: outcomes counted, and whatever was wrong, in words."""

    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    log: list[str] = field(default_factory=list)

    def blame(self, what: str, about: str) -> None:
        """One violation, once."""
        if (what, about) not in self.wrong:
            self.wrong.append((what, about))


async def at_rest(scene: Scene, found: Verdict) -> None:
    """Nobody waits for an answer, nothing is on its way: what stands now stands until somebody acts or time passes."""
    events = await scene.events()
    _place(scene, events)
    views = {it.id: it for it in await scene.free.contacts(limit=50)}
    if scene.outlet.pausing or await _not_heard_yet(scene, views):
        return  # something is tried again; or the provider's word was lost, and silent legs are looked after
    for view in views.values():
        _contact(scene, found, view, await scene.free.jots(view.id))
    for leg in scene.exchange.legs.values():
        if leg.live:
            _leg(found, leg, views.get(leg.contact or leg.about.get("c", "")))
    _cards(scene, found, views)
    _owners(found, events)


def _place(scene: Scene, events: list[Event]) -> None:
    """Whose leg is whose, as the ledger tells it: also of a call whose end was known before it became a contact."""
    for event in events:
        if event.e == "arrived" and (leg := scene.exchange.legs.get(_arrived(event).event)):
            leg.contact = event.c
        if event.e == "leg" and (leg := scene.exchange.legs.get(str(json.loads(event.x).get("sid")))):
            leg.contact = event.c


async def _not_heard_yet(scene: Scene, views: dict[str, ContactView]) -> bool:
    """Whether some leg is believed to be alive that has ended."""
    for contact in views:
        for known in await scene.free.legs(contact):
            leg = scene.exchange.legs.get(known.sid)
            if known.live and leg is not None and (not leg.live or leg.state != known.state):
                return True
    return False


def _contact(scene: Scene, found: Verdict, view: ContactView, jots: object) -> None:
    legs = [it for it in scene.exchange.legs.values() if (it.contact or it.about.get("c", "")) == view.id]
    customers = [it for it in legs if it.customer and it.live]
    later = isinstance(jots, dict) and jots.get("kind") in LATER
    if view.state == "active" and isinstance(jots, dict) and jots.get("kind") == "voicemail":
        called = any(it.state != "answered" for it in customers)
        alone = [it for it in legs if it.live and it.room and len(it.room.members) < 2]
        if alone and not called:
            found.blame(
                "a message was taken, and somebody is alone in its conference", f"{view.id}: {_told(alone)}"
            )
    elif view.state == "active":
        owner = [
            it for it in legs if not it.customer and it.live and it.about.get("a") == view.owner and it.room
        ]
        comes = any(it.state != "answered" or _screened(it, scene.loom.now) for it in customers)
        together = any(it.room and customer.room is it.room for it in owner for customer in customers)
        if not together and not comes:
            found.blame("owned, but not together", f"{view.id} of {view.owner}: {_told(legs)}")
    elif view.state in QUEUED:
        if not customers and not later:
            found.blame("waits without a caller", f"{view.id}: {_told(legs)}")
    elif view.state in (*ENDED, "wrapping"):
        if alive := [it for it in legs if it.live]:
            found.blame("a leg outlives its contact", f"{view.id} {view.state}: {_told(alive)}")


def _screened(leg: Leg, now: int) -> bool:
    """Whether they are called back and hear what goes on by itself: a hello, looks, a question. Not for ever.

    The contact may say already that they are put through: of a question that came twice they hear the other answer.
    """
    return bool(leg.about.get("b")) and leg.where == "document" and now - leg.answered < SCREENED


def _leg(found: Verdict, leg: Leg, view: ContactView | None) -> None:
    if view is None:
        found.blame("a leg without a contact", _told([leg]))
    elif not leg.customer and view.owner != leg.about.get("a"):
        live = any(
            str(it.number) == leg.about.get("o") and it.agent == leg.about.get("a") for it in view.offers
        )
        if not live:
            found.blame("a phone rings for nothing", f"{view.id} {view.state}: {_told([leg])}")


def _cards(scene: Scene, found: Verdict, views: dict[str, ContactView]) -> None:
    for (contact, offer), card in scene.wall.cards.items():
        view = views.get(contact)
        live = view is not None and any(it.number == offer for it in view.offers)
        if live and card.told:
            found.blame("a live offer's card is dead", f"{contact}.{offer}: {card.told}")
        if not live and not card.told:
            found.blame("a dead offer's card is alive", f"{contact}.{offer} of {card.agent}")


def _owners(found: Verdict, events: list[Event]) -> None:
    """Nobody is given what somebody has."""
    owner: dict[str, str] = {}
    for event in events:
        if event.e == "accepted":
            if owner.get(event.c):
                found.blame("two owners", f"{event.c}: {owner[event.c]} and {event.a}")
            owner[event.c] = event.a
        elif event.e in ("wrapping", "closed", "abandoned", "queued", "revived", "dead"):
            owner.pop(event.c, None)


async def at_the_end(scene: Scene, found: Verdict) -> None:
    """Everybody has put the phone down, and time has passed."""
    found.steps, found.log = scene.steps, scene.loom.log
    for words in scene.broken:
        found.blame("the router broke", words)
    events = await scene.events()
    _place(scene, events)
    found.events.update(it.e for it in events)
    views = {it.id: it for it in await scene.free.contacts(limit=50)}
    ends: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.e in ("wrapping", "abandoned", "closed"):
            ends[event.c].append(event)
    for view in views.values():
        kind = (await scene.free.jots(view.id)).get("kind", "")
        found.outcomes[_outcome(scene, found, view, kind, ends[view.id], events)] += 1
    for leg in scene.exchange.legs.values():
        if leg.live and leg.state == "answered":
            found.blame("a leg alive at the end", _told([leg]))
    _arrivals(scene, found, events)
    await _called_back(scene, found)
    _answers(scene, found)
    _losers(scene, found, events)


def _outcome(
    scene: Scene, found: Verdict, view: ContactView, kind: str, ends: list[Event], events: list[Event]
) -> str:
    """One contact's outcome in words; whatever contradicts it is blamed."""
    legs = [it for it in scene.exchange.legs.values() if (it.contact or it.about.get("c", "")) == view.id]
    accepted = [it for it in events if it.e == "accepted" and it.c == view.id]
    if view.state in ("waiting", "offered", "parked", "snoozed"):
        if kind not in LATER:
            found.blame("left behind", f"{view.id} {view.state}: {_told(legs)}")
        return f"kept: {kind or 'nobody on the phone'}"
    if view.state == "active" and kind == "voicemail":
        return "talked: a message, taken in Slack"
    if view.state == "active":
        found.blame("never ended", f"{view.id}: {_told(legs)}")
        return "never ended"
    if view.state == "abandoned":
        if _had(view.id, events):
            found.blame("abandoned though somebody had it", f"{view.id}: {_told(legs)}")
        if kind != "voicemail" and not any(it.hung_up for it in legs if it.customer):
            found.blame("abandoned though nobody hung up", f"{view.id}: {_told(legs)}")
        return "abandoned: the caller hung up"
    by = _by(ends)
    callers, agents = [it for it in legs if it.customer], [it for it in legs if not it.customer]
    if by == "the customer hung up" and not any(it.hung_up or it.state != "completed" for it in callers):
        found.blame("who hung up is told wrongly", f"{view.id} {by}: {_told(legs)}")
    if by == "the agent hung up" and not any(it.hung_up for it in agents):
        found.blame("who hung up is told wrongly", f"{view.id} {by}: {_told(legs)}")
    if not accepted:
        found.blame("closed though nobody had it", view.id)
    return f"talked: {by}"


def _had(contact: str, events: list[Event]) -> bool:
    """Whether somebody had it at the moment at which it was given up."""
    had = False
    for event in events:
        if event.c == contact:
            if event.e == "abandoned" and had:
                return True
            had = event.e == "accepted" or (had and event.e not in ("queued", "wrapping", "closed"))
    return False


def _by(ends: list[Event]) -> str:
    for event in ends:
        outcome = json.loads(event.x or "{}").get("outcome")
        if outcome:
            said = json.loads(outcome) if isinstance(outcome, str) else outcome
            return str(said.get("by", ""))
    return ""


def _arrivals(scene: Scene, found: Verdict, events: list[Event]) -> None:
    """Each call is one contact, however often its first webhook came (F50)."""
    arrived = Counter(_arrived(it).event for it in events if it.e == "arrived")
    for sid, often in arrived.items():
        if often > 1:
            found.blame("one call, two contacts", sid)


def _arrived(event: Event) -> Arrived:
    return Arrived.parse(str(json.loads(event.x).get("body")))


async def _called_back(scene: Scene, found: Verdict) -> None:
    """No mailbox is put through that was told to be one; who is taken for one by mistake is, once they press 1.

    Or they wait in the queue for another agent, when theirs has hung up.
    """
    for leg in scene.exchange.legs.values():
        if not leg.customer or not leg.detect or leg.state not in ("answered", "completed"):
            continue
        inside, known = leg in scene.exchange.entered, await scene.free.jots(leg.contact)
        if inside and leg.machine and known.get(answered_by(leg.sid)) == MACHINE:
            found.blame("a mailbox is put through", _told([leg]))
        who = ("mailbox" if leg.machine else "person") + (", mistaken" if leg.detected != leg.machine else "")
        found.outcomes[
            f"called back, a {who}: {'put through' if inside else 'waited' if leg.queue else 'let go'}"
        ] += 1
        if "1" in leg.pressed and not (leg.hung_up or inside or leg.queue):
            found.blame("a customer pressed 1 and isn't put through", _told([leg]))


def _answers(scene: Scene, found: Verdict) -> None:
    """Who asked twice was told of one contact."""
    for number, answers in scene.exchange.answers.items():
        named = {it.about.get("c", "") for heard in answers for it in heard if hasattr(it, "about")} - {""}
        if len(named) > 1:
            found.blame("one webhook, two contacts", f"question {number}: {sorted(named)}")


def _losers(scene: Scene, found: Verdict, events: list[Event]) -> None:
    """Whoever pressed 1 has it, or heard that they haven't; nobody else is let in (F55)."""
    had = {(it.c, it.a) for it in events if it.e == "accepted"}
    for leg in scene.exchange.entered:
        if not leg.customer and (leg.about.get("c", ""), leg.about.get("a", "")) not in had:
            found.blame("let into the conference without having it", _told([leg]))
    for leg in scene.exchange.legs.values():
        agent = agent_id(NAMES.get(leg.to, ""))
        if leg.customer or "1" not in leg.pressed or (leg.about.get("c", ""), agent) in had:
            continue
        found.outcomes["pressed 1 too late"] += 1
        if not leg.hung_up and not any(words in leg.heard for words in LOSING.values()):
            found.blame("pressed 1 and heard nothing", f"{_told([leg])} heard {leg.heard[-1:]}")
    for press in scene.presses:
        found.outcomes["button: yes" if press.told.ok else "button: too late"] += 1


def _told(legs: list[Leg]) -> str:
    return ", ".join(
        f"{it.sid} {'customer' if it.customer else it.about.get('a', '?')} {it.state} in {it.where}"
        + (" (put down)" if it.hung_up else "")
        for it in legs
    )
