"""All that can be told about a contact: why it is where it is, and how it got there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..queue.state import ENDED, Event
from .rulebook import Rulebook
from .story_parts import Story
from .why import Why

AT_CONTACT = ("offered", "declined", "missed", "accepted")


@dataclass(frozen=True, slots=True)
class Account:
    """Everything about a contact at an instant.

    `note` says what couldn't be told and why, "" when nothing is missing; `why.rows` is empty then.
    """

    why: Why
    story: Story
    note: str = ""


def accounted(
    book: Rulebook, why: Why | None, story: Story, note: str = "", at: int | None = None
) -> Account:
    """Both together: the story knows when a step opened, and how what is over ended."""
    if why is None:
        return Account(ended_why(book, story, at), story, note)
    if why.state in ENDED:
        text = why.text if story.ended is None else ended_why(book, story, at).text
        return Account(replace(why, opened=None, until=None, text=text), story, note)
    opened = story.opened if story.step == why.step else None
    return Account(replace(why, opened=opened or why.opened), story, note)


def latest(events: Iterable[Event], at: int | None = None) -> dict[tuple[str, str], int]:
    """(agent, kind of event) → its last instant (ms) at the contact, as `History.latest` says it, up to `at`."""
    found: dict[tuple[str, str], int] = {}
    for it in events:
        if it.e in AT_CONTACT and (at is None or it.t <= at):
            found[it.a, it.e] = max(it.t, found.get((it.a, it.e), 0))
    return found


def ended_why(book: Rulebook, story: Story, at: int | None = None) -> Why:
    """What *why* says of a contact from its story alone: how it ended, or where it had come to."""
    facts = story.facts
    steps = len(story.route.steps) if story.route else 0
    need = story.route.steps[story.step].need if story.route and story.step < steps else None
    by = f"rule “{facts.rule}” (line {facts.rule_line}, plan {facts.version})" if facts.rule else "its entry"
    owner = book.called(story.owner)
    how = f" ({story.how})" if story.how else ""
    text = f"{story.contact} {'is' if at is None else 'was'} {story.state}{how} in {story.service}, chosen by {by}."
    return Why(
        contact=story.contact, state=story.state, service=story.service, rule=facts.rule,
        rule_line=facts.rule_line, version=facts.version, step=story.step, steps=steps, opened=None, until=None,
        tiers=tuple(f"L{t}" for t in need.tiers) if need else (), rows=(), next=None, not_yet=(),
        text=f"{text} Owner: {owner}." if owner else text, at=at,
    )  # fmt: skip
