"""What callers hear of incidents: said while they wait, or before they hear that it is closed; once, and its end too.

The fact `aloud` of a call has the incidents that its caller was told of, `say` what the outbox wants them to hear next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channels.phone import Say
from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView
from . import spoken
from .body import Body
from .facts import Facts
from .rulebook import Rulebook
from .situation import Incident

MOST = 30
"""Incidents that a caller is told of: their names must fit into one fact."""


@dataclass(slots=True)
class Aloud:
    """Decides from how things stand now; what is said is noted and told in the call's thread."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]

    async def news(self, view: ContactView, jots: Mapping[str, str]) -> tuple[Say, ...]:
        """What the contact's caller hasn't heard yet."""
        language, news = Facts.parse(view.facts).language, list[Say]()
        if over := jots.get("say"):
            await self.queue().jot(view.id, "say", "")
            news += spoken.parts(over, language)
        for it in await self._concern(view, told(jots)):
            known = (*told(await self.queue().jots(view.id)), it.id)[-MOST:]
            facts = {"aloud": " ".join(dict.fromkeys(known))}
            await self.queue().happen(view.id, "incident", facts, about={"text": it.text})
            news += spoken.parts(it.text, language)
        return tuple(news)

    async def _concern(self, view: ContactView, known: tuple[str, ...]) -> list[Incident]:
        new = [it for it in self.book().situation.incidents if it.id not in known]
        if not new:
            return []
        said = [Body.parse(m.body).text for m in await self.queue().messages(view.id) if m.kind == "in"]
        return [it for it in new if it.meets(view.service, said)]


async def is_over(queue: Queue, view: ContactView, it: Incident) -> None:
    """Who was told of an incident and still waits on the phone hears that it is over."""
    if it.end and view.state in QUEUED and it.id in told(await queue.jots(view.id)):
        await queue.jot(view.id, "say", it.end)


def told(jots: Mapping[str, str]) -> tuple[str, ...]:
    """The incidents that a caller has heard of."""
    return tuple(jots.get("aloud", "").split())
