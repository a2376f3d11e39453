"""What the desk's commands answer, in Slack's mrkdwn. Names and texts from outside are escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..queue.state import AgentView, ContactView
from .account import Account
from .facts import Facts
from .rulebook import Rulebook
from .texts import spoken


def escape(text: str) -> str:
    """Text from outside in mrkdwn: nothing in it comes alive (docs.slack.dev, "Escaping text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def lasted(ms: int) -> str:
    """A duration as people say it: 40 s, 12 min, 3 h 05."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def queue_lines(book: Rulebook, contacts: Iterable[ContactView], now: int) -> str:
    """Who waits, earliest rank first, by service."""
    ordered = sorted(contacts, key=lambda c: (c.state == "parked", c.rank, c.id))
    if not ordered:
        return "Nobody waits. :palm_tree:"
    rows = []
    for it in ordered[:20]:
        facts = Facts.parse(it.facts)
        due = f", due {spoken(facts.due, now, book.plan.timezone, 'en')}" if facts.due else ""
        held = f", held until {spoken(it.wake, now, book.plan.timezone, 'en')}" if it.wake else ""
        what = f"{escape(it.service)} · {it.channel} · {escape(facts.name or facts.address)}"
        rows.append(f"• *{it.id}* {what} · {it.state} {lasted(now - it.arrived)}{held or due}")
    more = f"\n… and {len(ordered) - 20} more." if len(ordered) > 20 else ""
    return "\n".join(rows) + more


def status_lines(book: Rulebook, me: AgentView, held: list[ContactView], now: int) -> str:
    """An agent's own state, load and contacts."""
    shift = "on shift" if me.on_shift else "off shift"
    load = f"{me.live + me.deferred} of {me.capacity.budget}"
    first = f"You are *{me.presence}*, {shift}; load {load}."
    rows = []
    for it in held:
        facts = Facts.parse(it.facts)
        rows.append(f"• *{it.id}* {escape(it.service)} · {it.state} · {escape(facts.name or facts.address)}")
    return "\n".join([first, *rows]) if rows else f"{first} You have nothing open."


LAST = 6
"""Moments of a contact's story that the desk is shown: the latest."""


def why_lines(book: Rulebook, it: Account, now: int) -> str:
    """The explanation as a table, and the latest of how it came there."""
    zone, why = book.plan.timezone, it.why
    rows = []
    for row in why.rows:
        until = f" – until {spoken(row.until, now, zone, 'en')}" if row.until else ""
        rows.append(f"• {escape(row.agent)}: {escape(row.reason)}{until}")
    nxt = (
        f"\nNext change: {spoken(why.next.at, now, zone, 'en')}, {escape(why.next.what)}." if why.next else ""
    )
    way = [f"{spoken(m.at, now, zone, 'en')}: {escape(m.text)}" for m in it.story.moments[-LAST:]]
    earlier = len(it.story.moments) - len(way)
    before = [f"_… {earlier} earlier; `tierline why {why.contact}` tells all_"] if earlier > 0 else []
    later = (
        f"\n_{len(why.not_yet)} settings of the plan are not acted on yet: `tierline plan check` lists them._"
        if why.not_yet
        else ""
    )
    note = [f"_{escape(it.note)}_"] if it.note else []
    return "\n".join([escape(why.text), *note, *rows]) + nxt + "\n".join(["", *before, *way]) + later
