"""What an agent sees of an offer: who, what, why you, until when. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..channels.channel import Card
from ..channels.shared import is_shared
from ..queue.history.records import Past
from ..queue.state import ENDED, ContactView, MessageView
from ..skills.skill import Need
from .body import words_of
from .claimed import claim_line, is_vouched
from .due import solve_due
from .facts import Facts
from .first_steps import spoken_answers
from .guides import unknown
from .plan.model import AgentSpec
from .rulebook import Rulebook

ENDS: Mapping[str, str] = {
    "declined": "You declined this.",
    "missed": "Missed: the time was up. It has been offered to the next.",
    "taken": "Taken by {by}.",
    "left": "Withdrawn: you are not available.",
    "gone": "Withdrawn: the customer is gone.",
    "gap": "Withdrawn: we were interrupted. No miss is counted.",
    "not delivered": "Withdrawn: it reached you too late. No miss is counted.",
    "call": "Withdrawn for a call.",
    "rerouted": "Withdrawn: it goes to somebody else by name.",
    "no answer": "Missed: your phone rang and nobody answered. It goes to the next.",
    "no key": "Missed: your phone was answered, but nobody pressed 1. It goes to the next.",
    "machine": "Missed: a mailbox answered your phone, so nobody pressed 1. It goes to the next.",
    "busy": "Your line is busy: others are asked first.",
    "unreachable": "Your phone cannot be reached: others are asked first.",
    "claimed": "{by} is taking it.",
    "on the phone": "You declined this on your phone.",
}
"""What the card of an ended offer says, by event or reason."""
LINES, LONGEST = 5, 500
"""How many of the customer's latest messages a card shows, and how much of each."""


def card(
    book: Rulebook,
    contact: ContactView,
    offer: int,
    spec: AgentSpec,
    messages: tuple[MessageView, ...],
    past: tuple[Past, ...],
    now: int,
) -> Card:
    """The card of offer `offer` of `contact` for the agent `spec`."""
    facts = Facts.parse(contact.facts)
    words = [words_of(m) for m in messages if m.kind == "in"]
    service = book.services.get(contact.service)
    return Card(
        contact=contact.id, offer=offer, agent=spec.slack,
        service=service.called(book.plan.languages[0]) if service and book.plan.languages else contact.service,
        channel=contact.channel, customer=customer_line(facts), verified=is_vouched(facts),
        tier=f"L{spec.profile.tier_in(contact.service)}", why=why_you(contact.now_step.need, facts, spec),
        waited=max(0, now - contact.arrived), due=facts.due, until=now + contact.route.offer,
        lines=tuple(text[:LONGEST] + ("…" if len(text) > LONGEST else "") for text in words[-LINES:]),
        history=_history(contact, facts, past), handover=handover_line(facts),
        answers=(*spoken_answers(book, facts, contact.service), *unknown(book, contact)),
        room=room_of(book, spec), reasons=book.plan.decline_reasons,
        solve=solve_due(book, contact), by_itself=by_itself(book, contact, spec),
    )  # fmt: skip


def by_itself(book: Rulebook, contact: ContactView, spec: AgentSpec) -> bool:
    """Whether the plan takes it for the agent as it is shown: never a call, or what one left behind."""
    if contact.channel == "voice":
        return False
    team = book.plan.team(spec.team)
    return book.plan.channels.of(contact.channel).auto_accept or (team is not None and team.auto_accept)


def room_of(book: Rulebook, spec: AgentSpec) -> str:
    """The channel of the agent's team, the first where there are several."""
    team = book.plan.team(spec.team)
    return team.channels[0] if team is not None and team.channels else ""


def customer_line(facts: Facts) -> str:
    """Name and address of the customer, as far as known; of a conversation in Slack the channel is the address.

    With them what an agent must know of whoever writes: that they only claim to be a customer, or are a machine.
    """
    address = f"{facts.recipient} in Slack" if is_shared(facts.address) else facts.address
    machine = f"an automatic mail ({facts.robot})" if facts.robot else ""
    who = f"{facts.name}, {address}" if facts.name else address
    return ", ".join(filter(None, (who, claim_line(facts), machine)))


def _history(contact: ContactView, facts: Facts, past: tuple[Past, ...]) -> str:
    """Earlier contacts; of an unverified mail sender said to be so by their own word alone."""
    line = history_line(tuple(p for p in past if p.contact != contact.id))
    claimed = contact.channel == "email" and not is_vouched(facts)
    return f"by the address they claim: {line}" if line and claimed else line


def handover_line(facts: Facts) -> str:
    """Who hands it over and why, and whether it goes to and fro; "" for what nobody has moved."""
    if not facts.moves:
        return ""
    before = [f"before: {it.line}" for it in facts.moves[-4:-1]]
    bounced = [f"came back {facts.bounces}×"] if facts.bounces else []
    return " · ".join([facts.moves[-1].line, *bounced, *before])


def why_you(need: Need, facts: Facts, spec: AgentSpec) -> str:
    """Why this agent, in a line: the rule, the tier, the skills and languages asked for."""
    by = f"rule “{facts.rule}”" if facts.rule else "the entry"
    wanted = [f"{name} ≥ {level}" for name, level in need.skills]
    wanted += [f"speaks {name}" for name, _ in need.languages]
    return "; ".join([by, f"{need.service} at L{spec.profile.tier_in(need.service)}", *wanted])


def history_line(past: tuple[Past, ...]) -> str:
    """What else the customer has open, and earlier contacts, in one line; "" when there are none."""
    also = [f"{p.contact} {p.service} ({p.state})" for p in past if p.state not in ENDED]
    ended = [p for p in past if p.state in ENDED]
    shown = ", ".join(
        f"{p.contact} {p.service}" + (f" ({p.disposition})" if p.disposition else "") for p in ended[:3]
    )
    return " · ".join(
        filter(
            None,
            (f"also open: {', '.join(also[:3])}" if also else "", shown and f"{len(ended)} earlier: {shown}"),
        )
    )


def ended_words(kind: str, extra: Mapping[str, object], by: str) -> str:
    """What the card of an offer says that ended by the event `kind`; `by`: who has the contact."""
    reason = str(extra.get("reason") or "")
    told = ENDS.get(reason) or ENDS.get(kind) or "Withdrawn."
    return told.format(by=by)
