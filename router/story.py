"""What happened to a contact, told from its events in words for people: steps, offers, what became of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..queue.state import Event
from .call_lines import said as said_of_call
from .look import ended_so
from .rulebook import Rulebook
from .story_parts import Asked, Says, Story, Teller, X, because, outcome, said
from .whose_words import said as said_of_whose


def tell(
    book: Rulebook,
    contact: str,
    events: Iterable[Event],
    until: int | None = None,
    whys: Mapping[int, str] | None = None,
) -> Story:
    """The story of `contact` up to and with the instant `until` (ms; None: all of it).

    `events` are the contact's own, in the ledger's order; `whys` says of offers, by number, why it was they.
    """
    teller = Teller(book, contact, whys or {})
    for event in events:
        if event.c == contact and (until is None or event.t <= until):
            teller.take(event, SAYS)
    return teller.story()


# ---- what each kind of event says ---------------------------------------------------------------------------


def _arrived(it: Teller, event: Event, x: X) -> str:
    facts = it.it.facts
    it.it = replace(it.it, arrived=event.t)
    who = said(facts.name or facts.address)
    door = it.it.route.channel if it.it.route else ""
    split = f", split from {said(x['split_from'])}" if x.get("split_from") else ""
    words = " ".join(filter(None, ("arrived", f"by {door}" if door else "", f"from {who}" if who else "")))
    return f"{words}{split}: service {said(it.it.service)}, by {it.rule()}"


def _reached(it: Teller, event: Event, x: X) -> str:
    facts = it.it.facts
    it.it = replace(it.it, arrived=event.t, owner=event.a)
    return f"{it.name(event.a)} reached out to {said(facts.name or facts.address)}: service {said(it.it.service)}"


def _message(it: Teller, event: Event, x: X) -> str:
    return {"in": "the customer wrote", "note": "a note was written"}.get(str(x.get("kind")), "")


def _out(it: Teller, event: Event, x: X) -> str:
    if x.get("kind") == "reply":
        return "a reply left"
    return f"the customer was told “{said(x.get('kind')).replace('_', ' ')}”"


def _receipt(it: Teller, event: Event, x: X) -> str:
    return f"message {event.n} failed{because(x, 'error')}" if x.get("status") == "failed" else ""


BACK: Mapping[str, str] = {
    "owner left": "{who} left and didn't come back",
    "owner silent": "{who} left the customer without an answer",
    "owner removed": "{who} is no agent any more",
    "owner away": "{who} wasn't there",
    "owner full": "{who} had no room",
    "owner draining": "{who} is kept free for somebody earlier",
    "profile changed": "{who} may no longer serve it",
    "given back": "{who} gave it back",
    "line lost": "{who} was no longer on the line",
}
"""Why a contact is in the queue again, by the event's word."""


def _queued(it: Teller, event: Event, x: X) -> str:
    it.it = replace(it.it, owner="", step=0)
    why = x.get("why")
    if not why:
        return f"waits in the queue; step 1{it.tiers(0)} is open"
    who = it.name(x["from"]) if x.get("from") else "its owner"
    return f"back in the queue with its rank: {BACK.get(str(why), said(why)).format(who=who)}"


STEPS: Mapping[str, str] = {
    "age": "its time had come",
    "nobody": "nobody on shift could have served the step before",
    "exhausted": "everybody on shift in the step before had said no",
}


def _step(it: Teller, event: Event, x: X) -> str:
    to = x["to"] if isinstance(x.get("to"), int) else it.it.step + 1
    it.it = replace(it.it, step=to)
    return f"step {to + 1}{it.tiers(to)} opened: {STEPS.get(str(x.get('why')), said(x.get('why')))}"


def _offered(it: Teller, event: Event, x: X) -> str:
    step = x["step"] if isinstance(x.get("step"), int) else it.it.step
    it.it = replace(it.it, step=step)
    why, name = it.whys.get(event.n, ""), it.name(event.a)
    it.asked[event.n] = Asked(event.n, name, step + 1, event.t, why=why)
    return f"offered to {name} in step {step + 1}{f': {why}' if why else ''}"


def _shown(it: Teller, event: Event, x: X) -> str:
    if event.n in it.asked:
        asked = it.asked[event.n]
        it.asked[event.n] = replace(asked, shown=event.t if asked.shown is None else asked.shown)
    return ""


RESCINDED: Mapping[str, str] = {
    "taken": "somebody else took it",
    "left": "they were no longer available",
    "off shift": "their shift had ended",
    "call": "a call came first",
    "gap": "time stood still meanwhile, so that nobody is to blame",
    "not delivered": "it could not be shown to them in time",
    "rerouted": "it was decided anew",
    "parked": "it was laid aside",
    "gone": "the contact had ended",
    "kept": "its owner keeps it",
    "claimed": "somebody else said that they take it",
    "removed": "they are no agent any more",
}
"""Why an offer was taken back, by the event's word."""


def _claimed(it: Teller, event: Event, x: X) -> str:
    _shown(it, event, x)
    return f"{it.name(event.a)} said that they take it, and has until {it.when(x.get('due'), event.t)}"


def _over(it: Teller, event: Event, became: str, reason: str) -> str:
    asked = it.asked.get(event.n) or Asked(event.n, it.name(event.a), it.it.step + 1, event.t)
    it.asked[event.n] = replace(asked, became=became, ended=event.t, reason=reason)
    return asked.agent


def _accepted(it: Teller, event: Event, x: X) -> str:
    name = _over(it, event, "accepted", "")
    it.it = replace(it.it, owner=event.a)
    return f"{name} took it" + (f" over from {it.name(x['from'])}" if x.get("from") else "")


def _declined(it: Teller, event: Event, x: X) -> str:
    return f"{_over(it, event, 'declined', said(x.get('reason')))} declined{because(x)}"


def _missed(it: Teller, event: Event, x: X) -> str:
    return f"{_over(it, event, 'missed', '')} didn't answer in time{because(x)}"


def _rescinded(it: Teller, event: Event, x: X) -> str:
    why = RESCINDED.get(str(x.get("reason")), said(x.get("reason")))
    return f"the offer to {_over(it, event, 'rescinded', why)} was taken back: {why}"


def _parked(it: Teller, event: Event, x: X) -> str:
    if x.get("from"):
        it.it = replace(it.it, owner="", step=0)
    closed = said(it.it.facts.closed)
    why = because(x) or (f": closed ({closed})" if closed else "")
    return f"held until {it.when(x.get('wake'), event.t)}{why}"


def _wrapping(it: Teller, event: Event, x: X) -> str:
    how = outcome(x)
    until = it.when(x.get("until"), event.t)
    return f"{it.name(event.a)} completed it{f' ({how})' if how else ''}; wrap-up until {until}"


def _closed(it: Teller, event: Event, x: X) -> str:
    return f"closed{f' ({it.it.how})' if it.it.how else ''}"


def _longer(it: Teller, event: Event, x: X) -> str:
    return f"{it.name(event.a)} took more time for the wrap-up, until {it.when(x.get('until'), event.t)}"


def _remarked(it: Teller, event: Event, x: X) -> str:
    if rating := said(ended_so(event).get("rating")):
        return f"the customer rated it: {rating} of 5"
    if not (how := outcome(x)) and "visit" in ended_so(event):
        return ""  # the visit's own line says it
    return f"{it.name(event.a)} said how it had ended{f': {how}' if how else ''}"


def _rerouted(it: Teller, event: Event, x: X) -> str:
    return f"decided anew: service {said(it.it.service)}, by {it.rule()}"


def _transferring(it: Teller, event: Event, x: X) -> str:
    it.it = replace(it.it, step=0)
    by = it.name(x["by"]) if x.get("by") else "a supervisor"
    to = f" to {it.name(x['to'])}" if x.get("to") else ""
    return f"{by} hands it over{to}, service {said(it.it.service)}{because(x)}; {it.name(event.a)} keeps it until then"


def _snoozed(it: Teller, event: Event, x: X) -> str:
    until = f" until {it.when(x['wake'], event.t)}" if x.get("wake") else ""
    why = "the customer was silent after the answer" if x.get("why") == "quiet" else said(x.get("why"))
    return f"snoozed with {it.name(event.a)}{until}{f': {why}' if why else ''}"


RETURNS: Mapping[str, str] = {
    "transfer": "it was asleep and is being handed over",
    "woken": "somebody woke it",
    "message": "the customer wrote",
    "date": "its date had come",
    "reopened": "it was opened again",
    "reached": "it began with them",
}


def _returned(it: Teller, event: Event, x: X) -> str:
    it.it = replace(it.it, owner=event.a)
    return f"back with {it.name(event.a)}: {RETURNS.get(str(x.get('why')), said(x.get('why')))}"


def _reopened(it: Teller, event: Event, x: X) -> str:
    return "opened again" + (f" by {it.name(x['by'])}" if x.get("by") else "")


def _reranked(it: Teller, event: Event, x: X) -> str:
    by = f" by {it.name(x['by'])}" if x.get("by") else ""
    return f"its priority was changed{by}{because(x, 'why')}"


def _consult(it: Teller, event: Event, x: X) -> str:
    return f"{it.name(event.a)} asked {it.name(x.get('asked'))}{because(x, 'question')}"


def _call(it: Teller, event: Event, x: X) -> str:
    told = said_of_call(event.e, event.a, x, it.name).removesuffix(".")
    return f"{told[:1].lower()}{told[1:]}" if told.startswith("The ") else told


def _identified(it: Teller, event: Event, x: X) -> str:
    return said_of_whose(x).removesuffix(".")


SAYS: Says = {
    "arrived": _arrived,
    "reached": _reached,
    "message": _message,
    "message.out": _out,
    "message.receipt": _receipt,
    "reply.undone": lambda it, event, x: f"{it.name(event.a)} took a reply back before it left",
    "queued": _queued,
    "step": _step,
    "offered": _offered,
    "delivered": _shown,
    "prolonged": _shown,
    "claimed": _claimed,
    "accepted": _accepted,
    "declined": _declined,
    "missed": _missed,
    "rescinded": _rescinded,
    "exhausted": lambda it, event, x: "everybody on shift who may be asked has said no",
    "lifted": lambda it, event, x: "everybody may be asked again",
    "nobody": lambda it, event, x: "nobody on shift may take it: it waits until somebody comes",
    "recalled": lambda it, event, x: "called back so that its customer could be told something",
    "draining": lambda it, event, x: f"{it.name(event.a)} is kept free for it",
    "parked": _parked,
    "woken": lambda it, event, x: "it sleeps no longer",
    "wrapping": _wrapping,
    "wrap.longer": _longer,
    "outcome": _remarked,
    "closed": _closed,
    "abandoned": lambda it, event, x: f"the customer is gone{because(x)}",
    "dead": lambda it, event, x: f"set aside for a supervisor{because(x)}",
    "revived": lambda it, event, x: "brought back",
    "rerouted": _rerouted,
    "identified": _identified,
    "transferring": _transferring,
    "kept": lambda it, event, x: f"{it.name(event.a)} keeps it{because(x, 'why')}",
    "snoozed": _snoozed,
    "returned": _returned,
    "nudged": lambda it, event, x: f"{it.name(event.a)} was reminded: the customer waits for an answer",
    "reopened": _reopened,
    "reranked": _reranked,
    "merged": lambda it, event, x: f"merged into {said(x.get('into'))}",
    "absorbed": lambda it, event, x: f"{said(x.get('from'))} was merged into it",
    "split": lambda it, event, x: f"some of its messages became {said(x.get('to'))}",
    "consult": _consult,
    "leg": _call,
    "call": _call,
}
