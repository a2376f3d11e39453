"""What comes before a person: carries a door's script on, message by message, and hands over with every answer.

arrived ─▶ parked until its answer is due ─▶ asked ─▶ answered ─▶ … ─▶ the queue, with the answers as facts
             └──── no answer, "person", a rule that finds it urgent, a bot that fails ──▶ the queue, at once
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from ..channels.hooks import HookFailed
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Customer
from ..queue.state import QUEUED, ContactView, Event, MessageView
from .alerts import Alerts
from .body import Body
from .claimed import carry
from .classify import Verdict, classify, ranked
from .facts import Answers, Facts
from .first_steps import (
    BOT,
    KIND,
    LONGEST,
    Ask,
    End,
    SoFar,
    following,
    numbered,
    passed,
    puts,
    so_far,
    talks,
    waiting,
)  # fmt: skip
from .first_words import said
from .lanes import Job
from .look import more
from .plan.model_first import Script, Suggest, in_language
from .reconsider import Waiting
from .reconsider import said as first_words
from .rulebook import Rulebook
from .texts import closed_telling, telling
from .walk import Records, known

log = structlog.get_logger()

ITSELF = "answered by itself"
"""The disposition of what no person had to answer."""
BOT_DEADLINE = 1.0
"""Seconds that an external bot has; then a person is asked."""


class Bot(Protocol):
    """Asks an address that the plan names, signed."""

    async def ask(self, url: str, what: Mapping[str, object], within: float) -> Mapping[str, object]:
        """The answer, a JSON object. Raises HookFailed."""


@dataclass(frozen=True, slots=True)
class Found:
    """An article that may help, and where it is read."""

    title: str
    link: str


Search = Callable[[str, str, int], Awaitable[Sequence[Found]]]
"""(words, language, how many at most) → articles, the best first; () where none can be had."""


@dataclass(slots=True)
class FirstRun:
    """Jobs in the contact's own lane: one message of it after the other."""

    queue: Queue
    book: Callable[[], Rulebook]
    records: Records
    search: Search
    bot: Bot
    alerts: Alerts

    def jobs(self, event: Event) -> list[Job]:
        """A customer spoke, or has let the time go by; nothing where no door asks anything first."""
        if not self.book().plan.scripts:
            return []
        spoke = event.e == "arrived" or (event.e == "message" and more(event).get("kind") == "in")
        if spoke:
            return [Job(f"contact:{event.c}", "first", lambda t: self._spoke(event.c))]
        if event.e == "woken":
            return [Job(f"contact:{event.c}", "first is over", lambda t: self._time_is_up(event.c))]
        return []

    async def _spoke(self, contact: str) -> None:
        view = await self.queue.contact(contact)
        if view is None or not talks(view, facts := Facts.parse(view.facts)):
            return
        script = self.book().plan.script(facts.first)
        messages = await self.queue.messages(contact)
        it = await self._known(view, messages)
        if it is None:
            return
        if script is None:  # the plan has it no more
            await self._to_person(it, facts.answers, facts)
        elif script.bot:
            await self._by_bot(it, facts, script, messages)
        else:
            await self._go_on(it, facts, script, so_far(script, messages))

    async def _known(self, view: ContactView, messages: Sequence[MessageView]) -> Waiting | None:
        """As a rule sees it that is asked now: with all the words so far. Without the records its facts are unknown."""
        try:
            it = await known(self.queue, self.records, view)
        except StoreError as error:
            log.warning("records.unavailable", error=type(error).__name__)
            begun = first_words(messages)
            it = Waiting(view, *begun, Customer(begun[0].sender)) if begun is not None else None
        if it is None:
            return None
        words = "\n".join(Body.parse(m.body).text for m in messages if m.kind == "in")
        return replace(it, arrived=replace(it.arrived, text=words))

    # ---- steps --------------------------------------------------------------------------------------------------

    async def _go_on(self, it: Waiting, facts: Facts, script: Script, so: SoFar) -> None:
        answers, now = together(facts.answers, so.answers), await self.queue.now()
        verdict = classify(self.book(), it.arrived, it.customer, now, answers)
        step = End("person") if verdict.urgent else following(script, so)
        found: Sequence[Found] = ()
        while isinstance(step, Ask) and isinstance(step.step, Suggest):
            if found := await self.search(so.said, facts.language, step.step.count):
                break
            so = passed(script, so, step.key)
            step = following(script, so)
        match step:
            case Ask():
                body = puts(step, facts.language, first=not so.asked and not so.place)
                if found:
                    body = with_articles(in_language(step.step.say, facts.language), found, facts.language)
                await self._ask(it, verdict, script, f"{KIND}{step.key}", body, now)
            case End("solved"):
                await self._solved(it, facts)
            case End():
                await self._to_person(it, answers, facts)
            case None if answers != facts.answers:
                await self._keep(it, verdict, script, now)
            case None:
                return

    async def _ask(
        self, it: Waiting, verdict: Verdict, script: Script, kind: str, body: Body, now: int
    ) -> None:
        if await self._keep(it, verdict, script, now):
            await self.queue.text(it.view.id, kind, body.to_json(), unasked=False)

    async def _keep(self, it: Waiting, verdict: Verdict, script: Script, now: int) -> bool:
        """Nobody is asked until an answer is due anew; its answers so far, and what rules make of them, are kept."""
        kept = Facts.parse(it.view.facts)
        told = carry(kept, replace(verdict.facts, name=kept.name or verdict.facts.name))
        own = replace(verdict, facts=told)
        decision = replace(waiting(own, script, now), rank=rank(self.book(), it, verdict))
        return (await self.queue.reroute(it.view.id, decision)).done

    # ---- the end ------------------------------------------------------------------------------------------------

    async def _solved(self, it: Waiting, facts: Facts) -> None:
        contact = it.view.id
        outcome = json.dumps({"disposition": ITSELF, "by": "Tierline"})
        done = (await self.queue.discard(contact, "", outcome)).done
        if done and self.book().plan.texts.get("closed", facts.language) is None:
            body = Body(said(facts.language).glad, by="Tierline").to_json()
            await self.queue.text(contact, "first.end", body, unasked=False)

    async def _to_person(self, it: Waiting, answers: Answers, facts: Facts) -> None:
        """Into the queue with every answer, or until we open; whoever wrote first keeps their place."""
        book, now = self.book(), await self.queue.now()
        verdict = classify(book, it.arrived, it.customer, now, answers)
        told = carry(facts, replace(verdict.facts, name=facts.name or verdict.facts.name))
        decision = replace(verdict.decision, rank=rank(book, it, verdict), facts=told.to_json())
        if not (await self.queue.reroute(it.view.id, decision)).done:
            return
        say = telling(book, "received", it.view.id, verdict.service.name, told, now)
        if verdict.parked:
            say = closed_telling(book, it.view.id, verdict.service.name, told, now) if verdict.reply else None
        if say is not None:
            await self.queue.text(it.view.id, say.kind, Body(say.text, by="Tierline").to_json(), unasked=True)

    async def _time_is_up(self, contact: str) -> None:
        """It waits in the queue by now: what was answered goes with it, and the script is over for good."""
        view = await self.queue.contact(contact)
        if view is None or not (facts := Facts.parse(view.facts)).first:
            return
        held = view.state == "parked" and not talks(view, facts)  # our hours have ended meanwhile
        if not (view.state in QUEUED or held):
            return
        if (it := await self._known(view, await self.queue.messages(contact))) is not None:
            await self._to_person(it, facts.answers, facts)

    # ---- somebody else's bot ------------------------------------------------------------------------------------

    async def _by_bot(
        self, it: Waiting, facts: Facts, script: Script, messages: Sequence[MessageView]
    ) -> None:
        so, now = so_far(script, messages), await self.queue.now()
        verdict = classify(self.book(), it.arrived, it.customer, now, facts.answers)
        if so.person or verdict.urgent:
            await self._to_person(it, facts.answers, facts)
            return
        if not so.turn:
            return  # it has answered already
        try:
            answer = await self.bot.ask(str(script.bot), asks_bot(it, facts, messages), BOT_DEADLINE)
        except HookFailed as error:
            log.warning("bot.failed", script=script.name, reason=str(error))
            told = f"The bot of script {script.name} fails ({error}): people are asked instead."
            await self.alerts.begin(f"bot:{script.name}", told)
            await self._to_person(it, facts.answers, facts)
            return
        await self.alerts.end(f"bot:{script.name}", f"The bot of script {script.name} answers again.")
        answers, words = together(facts.answers, answers_of(answer)), text_of(answer)
        if answer.get("solved") is True:
            if words:
                body = Body(words, by="Tierline").to_json()
                await self.queue.text(it.view.id, f"{KIND}{BOT}", body, unasked=False)
            await self._solved(it, facts)
        elif answer.get("person") is True or not words:
            await self._to_person(it, answers, facts)
        else:
            verdict = classify(self.book(), it.arrived, it.customer, now, answers)
            if verdict.urgent:
                await self._to_person(it, answers, facts)
                return
            first = so.place == 0 and not so.asked
            put = of_bot(words, choices_of(answer), facts.language, first)
            await self._ask(it, verdict, script, f"{KIND}{BOT}", put, now)


# ---- pure ----------------------------------------------------------------------------------------------------------


def together(before: Answers, now: Answers) -> Answers:
    """All answers; the later one to the same question counts."""
    return tuple({**dict(before), **dict(now)}.items())


def rank(book: Rulebook, it: Waiting, verdict: Verdict) -> int:
    """Its place in the queue (ms), as from its first message: nobody loses it by answering questions."""
    return ranked(book, verdict.service, verdict.decision.route, it.view.arrived, verdict.facts.priority)[1]


def with_articles(before: str, found: Sequence[Found], language: str) -> Body:
    """Articles as customers read them, and the question whether one helped."""
    own, rows = said(language), [f"• {it.title}\n{it.link}" for it in found]
    text, brief = ("\n".join(filter(None, [before, *rows, end])) for end in (own.helped, own.did))
    return Body(text, by="Tierline", brief=brief, choices=(own.yes, own.no, own.person))


def of_bot(words: str, choices: Sequence[str], language: str, first: bool) -> Body:
    """What a bot says; `first`: it is said how to reach a person."""
    own = said(language)
    text = "\n".join([words, *numbered(choices), *([own.how] if first else [])])
    return Body(text, by="Tierline", brief=words, choices=(*choices, own.person))


def asks_bot(it: Waiting, facts: Facts, messages: Sequence[MessageView]) -> Mapping[str, object]:
    """What an external bot is asked: who says what so far; never who the customer is beyond that."""
    return {
        "contact": it.view.id,
        "channel": it.view.channel,
        "language": facts.language,
        "answers": dict(facts.answers),
        "said": [
            {"from": "customer" if m.kind == "in" else "us", "text": Body.parse(m.body).text}
            for m in messages
            if m.kind != "note"
        ],
    }


def answers_of(it: Mapping[str, object]) -> Answers:
    """The answers that a bot has found out; what is no text is left out."""
    given = it.get("answers")
    pairs = given.items() if isinstance(given, dict) else ()
    return tuple((str(k)[:60], v[:LONGEST]) for k, v in pairs if isinstance(v, str) and v)[:20]


def choices_of(it: Mapping[str, object]) -> tuple[str, ...]:
    """The answers among which a bot lets customers choose."""
    given = it.get("choices")
    found = given if isinstance(given, list) else ()
    return tuple(v.strip()[:80] for v in found if isinstance(v, str) and v.strip())[:10]


def text_of(it: Mapping[str, object]) -> str:
    """What a bot says, as long as a text may be."""
    say = it.get("say")
    return say.strip()[:1600] if isinstance(say, str) else ""
