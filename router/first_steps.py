"""How far a script has come with a contact, read from its transcript, and what follows. Pure.

transcript ─▶ so_far ─▶ following ─▶ Ask, Suggest, Wait, ToPerson or Solved

A script's own texts have the kind "first.STEP"; the customer's next words answer it. Nothing else is remembered, so
that whoever carries on after a crash, or in another process, comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..queue.contact import Arrived, Decision
from ..queue.state import ContactView, MessageView
from .body import Body
from .classify import Verdict
from .facts import Answers, Facts
from .first_words import agrees, said, wants_person
from .plan.model import Plan
from .plan.model_first import FirstStep, Question, Script, Suggest, in_language
from .rulebook import Rulebook, span

KIND = "first."
"""Begins the kind of a script's texts."""
BOT = "bot"
TRIES = 2
"""Answers that aren't understood to one question; then a person is asked."""
LONGEST = 500
"""Characters of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """`asked`: the step that waits for an answer, "" for none; `again`: it must be asked once more.

    `place`: steps before it are done with; `said`: all of the customer's words; `turn`: the customer spoke last.
    """

    answers: Answers = ()
    asked: str = ""
    again: bool = False
    tries: int = 0
    place: int = 0
    person: bool = False
    solved: bool = False
    turn: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """The step to be asked; `again`: what was answered wasn't understood."""

    step: FirstStep
    key: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The script is over: a person is asked, or nobody needs to be."""

    how: Literal["person", "solved"]


def begins(book: Rulebook, arrived: Arrived, verdict: Verdict, now: int) -> Verdict:
    """The verdict on a new contact whose door asks something first: nobody is asked until then, and not for ever."""
    script = script_for(book.plan, arrived)
    if script is None or verdict.urgent or verdict.facts.spam or wants_person(arrived.text, script.person):
        return verdict
    return replace(verdict, decision=waiting(verdict, script, now), parked=True, reply=False)


def script_for(plan: Plan, arrived: Arrived) -> Script | None:
    """What the door asks first of a person; None for nothing, and never of a machine."""
    entry = plan.entry_for(arrived.channel, arrived.recipient)
    if entry is None or arrived.robot or arrived.channel not in ("sms", "chat"):
        return None
    return plan.script(entry.first)


def unplayed(count: int) -> str:
    """What is said where the past is decided again: `count` contacts came by doors that ask something first."""
    who = "1 contact came" if count == 1 else f"{count} contacts came"
    return (
        f"{who} by a door that asks something first. Scripts aren't run here: what decides is the first message "
        "alone, no answer, and nobody is held while questions are asked."
    )


def waiting(verdict: Verdict, script: Script, now: int) -> Decision:
    """The decision under which it waits for an answer."""
    until = now + span(script.wait)
    facts = replace(verdict.facts, first=script.name, until=until, closed="")
    return replace(verdict.decision, wake=until, facts=facts.to_json())


def talks(view: ContactView, facts: Facts) -> bool:
    """Whether the script has the contact; anything that moved it has ended that."""
    return bool(facts.first) and view.state == "parked" and view.wake == facts.until


def key_of(index: int, step: FirstStep) -> str:
    """The step's name in the kind of its texts."""
    return step.name if isinstance(step, Question) else f"articles {index + 1}"


def so_far(script: Script, messages: Sequence[MessageView]) -> SoFar:
    """What the transcript says."""
    steps = {key_of(i, step): (i, step) for i, step in enumerate(script.steps)}
    so = SoFar()
    for it in messages:
        if it.kind.startswith(KIND):
            key = it.kind.removeprefix(KIND)
            place = steps[key][0] if key in steps else so.place
            tries = so.tries if key == so.asked else 0
            so = replace(so, asked=key, again=False, tries=tries, place=max(so.place, place), turn=False)
        elif it.kind == "in":
            so = _heard(script, so, steps.get(so.asked), it)
    return so


def _heard(script: Script, so: SoFar, open_: tuple[int, FirstStep] | None, it: MessageView) -> SoFar:
    body = Body.parse(it.body)
    so = replace(so, said=f"{so.said}\n{body.text}".strip(), turn=True)
    if wants_person(body.text, script.person):
        return replace(so, person=True)
    if open_ is None or so.again:
        return so
    index, step = open_
    if isinstance(step, Suggest):
        return replace(so, solved=agrees(body.text), asked="", place=index + 1)
    value = understood(step, body.text or (f"{len(body.media)} files" if body.media else ""))
    if not value:
        return replace(so, again=True, tries=so.tries + 1)
    others = tuple(pair for pair in so.answers if pair[0] != step.name)
    return replace(so, answers=(*others, (step.name, value)), asked="", tries=0, place=index + 1)


def understood(it: Question, text: str) -> str:
    """The answer's value, "" for none: a number, the words of a choice, or any words where there are no choices."""
    if not it.choices:
        return text.strip()[:LONGEST]
    bare = text.strip().strip(".)(").casefold()
    if bare.isdecimal():
        return it.choices[int(bare) - 1].value if 1 <= int(bare[:3]) <= len(it.choices) else ""
    names = {
        one.value: {one.value.casefold(), *(label.casefold() for _, label in one.say)} for one in it.choices
    }
    exact = [value for value, known in names.items() if bare in known]
    within = [value for value, known in names.items() if any(f" {one} " in f" {bare} " for one in known)]
    found = exact or within
    return found[0] if len(found) == 1 else ""


def following(script: Script, so: SoFar) -> Ask | End | None:
    """What the script does next; None: it waits for an answer."""
    if so.person:
        return End("person")
    if so.solved:
        return End("solved")
    steps = [(key_of(i, step), step) for i, step in enumerate(script.steps)]
    if so.asked:
        step = dict(steps).get(so.asked)
        if step is None or (so.again and so.tries >= TRIES):
            return End("person")
        return Ask(step, so.asked, again=True) if so.again else None
    answers = dict(so.answers)
    for key, step in steps[so.place :]:
        if all(answers.get(name) in values for name, values in step.when):
            return Ask(step, key)
    return End("person")


def passed(script: Script, so: SoFar, key: str) -> SoFar:
    """The same without the step `key`, for which there is nothing to show."""
    place = next(i for i, step in enumerate(script.steps) if key_of(i, step) == key)
    return replace(so, place=place + 1)


def asked(it: Ask, language: str, first: bool) -> str:
    """A question as customers read it; `first`: it is said how to reach a person."""
    own = said(language)
    lines = [own.unclear if it.again else in_language(it.step.say, language)]
    lines += numbered(labels(it.step, language))
    return "\n".join([*lines, own.how] if first else lines)


def puts(it: Ask, language: str, first: bool) -> Body:
    """The question as a message: written out, and with the answers as a door with buttons shows them."""
    own = said(language)
    brief = own.choose if it.again else in_language(it.step.say, language)
    choices = (*labels(it.step, language), own.person)
    return Body(asked(it, language, first), by="Tierline", brief=brief, choices=choices)


def labels(it: FirstStep, language: str) -> tuple[str, ...]:
    """The answers that can be chosen."""
    return tuple(in_language(one.say, language) for one in it.choices) if isinstance(it, Question) else ()


def numbered(choices: Sequence[str]) -> list[str]:
    """Answers to choose, where there are no buttons."""
    return [f"{n}  {one}" for n, one in enumerate(choices, 1)]


def spoken_answers(book: Rulebook, facts: Facts, service: str) -> tuple[str, ...]:
    """Every answer in a line, as agents read it: "device: My router"."""
    language = next(iter(book.plan.languages), "en")
    spec = book.services.get(service)
    known = [step for script in book.plan.scripts for step in script.steps if isinstance(step, Question)]
    named = {it.name: it for it in (*(spec.ask if spec else ()), *known)}
    return tuple(
        f"{name}: {named[name].label(value, language) if name in named else value}"
        for name, value in facts.answers
    )
