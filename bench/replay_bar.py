"""The bar of replaying: a day of 100,000 contacts, 20 rules, 100 needs, 200 agents, done again on the reference model."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Iterator
from random import Random
from time import process_time

from ..queue.contact import Arrived, Decision
from ..queue.history.records import Customer
from ..queue.state import Event
from ..router.classify import classify
from ..router.plan.load import parse
from ..router.roster import midnights
from ..router.rulebook import Rulebook
from ..router.simulate.cases import Case, lognormal, poisson
from ..router.simulate.crew import Human, planned
from ..router.simulate.record import entries
from ..router.simulate.reproduce import SELDOM, Again
from ..router.simulate.simulation import Simulation, Virtual
from .bars import Bar

DAY, START = 86_400_000, 1_795_129_200_000  # a midnight in Berlin
SERVICES, LANGUAGES, RULES, AGENTS, CONTACTS = 10, ("de", "en", "fr", "it", "es"), 20, 200, 100_000
PROFILE = (1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 9, 9, 10, 10, 9, 8, 6, 5, 4, 3, 2, 1)


def plan() -> str:
    """Ten services of two steps in five languages: a hundred needs, when every contact draws its language."""
    spoken = ", ".join(f"{it}: 2" for it in LANGUAGES)
    steps = "[{tiers: [L1], until: 2m}, {tiers: [L1, L2], then: hold}]"
    lines = [
        "site: bench", "timezone: Europe/Berlin", f"languages: [{', '.join(LANGUAGES)}]",
        "supervisors: [m@bench.example]", 'schedules: {always: {hours: "24/7"}}',
        "channels: {sms: {offer: 60s, wrap_up: 15s}}", "teams:",
        *(f'  t{i}: {{channel: "#t{i}"}}' for i in range(4)),
        'entry: [{channel: sms, to: "+4930100", service: s0}]', "services:",
    ]  # fmt: skip
    for i in range(SERVICES):
        lines += [f"  s{i}:", "    schedule: always", f"    answer_within: {2 + i}m", f"    steps: {steps}"]
        lines += [f"    languages: {{{spoken}}}", f"    skills: {{k{i % 5}: {1 + i % 3}}}"]
    lines.append("rules:")
    for i in range(RULES):
        gets = f"{{service: s{i % SERVICES}}}"
        lines.append(f"  - {{name: r{i}, when: {{text: {{any: [word{i}]}}}}, set: {gets}}}")
    lines.append("agents:")
    for i in range(AGENTS):
        skills = ", ".join(f"k{k}: {1 + (i + k) % 4}" for k in range(5))
        tongues = ", ".join(f"{LANGUAGES[(i + k) % 5]}: {3 + k % 2}" for k in range(3))
        who = f"name: A{i}, slack: a{i}@bench.example, team: t{i % 4}, tier: L{1 + i % 2}"
        lines.append(f"  - {{{who}, skills: {{{skills}}}, languages: {{{tongues}}}}}")
    return "\n".join(lines) + "\n"


class Recording(Virtual):
    """Keeps the ledger as the store would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: list[Event] = []
        self.entry = 0

    def tell(self, kind: str, contact: str = "", agent: str = "", n: int = 0, /, **rest: object) -> None:
        """Both for the simulation and for the record."""
        super().tell(kind, contact, agent, n, **rest)
        raw = {k: v.record() if isinstance(v, Decision) else v for k, v in rest.items()}
        x = json.dumps(raw, separators=(",", ":"), ensure_ascii=False)
        self.ledger.append(Event(self.now, kind, contact, agent, n, x))


def arrivals(book: Rulebook, count: int) -> Iterator[Case]:
    """The day's contacts, classified by the plan."""
    rng, handling = Random("replay"), lognormal(400_000, 1.0)
    an_hour = [count * part / sum(PROFILE) for part in PROFILE]
    for number, at in enumerate(poisson(rng, START, START + DAY, an_hour)):
        sender = f"+4915{number:09}"
        text = f"please, word{rng.randrange(RULES)}: it has been like this since this morning"
        arrived = Arrived("sms", f"SM{number}", sender, "+4930100", text, at=at, verified=True)
        speaks = Customer(sender, language=LANGUAGES[number % 5])
        decision = classify(book, arrived, speaks, at).decision
        yield Case(at, arrived.thread, decision, handling(rng), body=arrived.to_json())


def record(book: Rulebook, count: int) -> list[Event]:
    """A day of the model's own: the differential tests hold that the scripts record the same."""
    model = Recording()
    ledger: list[Event] = []

    def whole(*_: object) -> None:
        """Everything told since the last call is one transition's entry."""
        if model.ledger:
            model.entry += 1
            id = f"{START}-{model.entry}"
            ledger.extend(Event(it.t, it.e, it.c, it.a, it.n, it.x, id) for it in model.ledger)
            model.ledger.clear()

    people = Human(1, lognormal(9_000, 0.8), declining=0.03, missing=0.02, delivery=300)
    run = Simulation(planned(book), people, book, 300_000, model)
    run.after = whole
    run.run(arrivals(book, count), START, START + DAY, lambda told, case: None)
    return ledger


async def replay(quick: bool) -> list[Bar]:
    """CPU seconds to read the day's entries and do them again, compared event by event."""
    return await asyncio.to_thread(_measure, quick)


def _measure(quick: bool) -> list[Bar]:
    count = CONTACTS // 10 if quick else CONTACTS
    book = Rulebook(parse(plan()), 1)
    day = record(book, count)
    spent = []
    gc.collect()
    gc.freeze()  # a history hands its day over in pages: nobody has it all in memory, to be looked through again
    usual = gc.get_threshold()
    gc.set_threshold(*SELDOM)  # as the process does in which days are replayed
    for _ in range(3):
        begun = process_time()
        again = Again(lambda now: midnights("Europe/Berlin", now), book.longest_reopen)
        again.run(entries(day))
        spent.append(process_time() - begun)
        if again.difference is not None:
            print(f"replay: {again.difference}", file=sys.stderr)
            return [Bar("replay: differences", 1, 0, "", (1, 1), 1)]
    gc.set_threshold(*usual)
    gc.unfreeze()
    name = f"replay: a day of {count:,} contacts, {again.events:,} events"
    limit = 10.0 * count / CONTACTS
    return [
        Bar(name, min(spent), limit, "s CPU", (min(spent), max(spent)), len(spent)),
        Bar("replay: differences", 0, 0, "", (0, 0), len(spent)),
    ]
