"""A supervisor closes a service at once, opens it again, begins and ends an incident."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from ..queue.engine import Queue
from .moves import Outcome, Who
from .rulebook import Rulebook, instant
from .situation import Incident, Shut, dump
from .texts import spoken

LONGEST = 1_000
MOST_WORDS = 50
KEPT = 86_400_000
"""ms for which it is known that an incident's beginning is on record."""
ONLY = Outcome("not_owner", "Only a supervisor does that.")


@dataclass(slots=True)
class Situations:
    """`heed` makes our own rulebook see the change at once; other routers follow within a second."""

    queue: Queue
    book: Callable[[], Rulebook]
    heed: Callable[[], Awaitable[object]]

    async def close(self, who: Who, service: str, until: int | None, text: str) -> Outcome:
        """Closed from now on: what arrives or waits is held with its rank, and told `text` (or the plan's words)."""
        name = self._service(service)
        if not who.supervisor or name is None:
            return ONLY if not who.supervisor else self._unknown(service)
        now = await self.queue.now()
        if until is not None and until <= now:
            return Outcome("wrong", "That is past already.")
        before = self.book().situation.shut_of(name)
        if before is not None:  # told anew with another date or other words
            await self.queue.alert(before.name, False, dump(before))
        it = Shut(name, now, until, text.strip()[:LONGEST], who.name)
        done = await self.queue.alert(it.name, True, dump(it))
        await self.heed()
        if not done:
            return Outcome("stale", f"{name} was closed by somebody else a moment ago.")
        await self.queue.audit(who.name, "service.close", {"service": name, "until": until}, who.origin)
        zone = self.book().plan.timezone
        end = (
            f"until {spoken(until, now, zone, 'en')}"
            if until
            else f"until somebody opens it: `open service {name}`"
        )
        return Outcome("ok", f"{name} is closed {end}. Who waits is held and keeps their place.")

    async def open(self, who: Who, service: str) -> Outcome:
        """Open again, as its hours say."""
        name = self._service(service)
        if not who.supervisor or name is None:
            return ONLY if not who.supervisor else self._unknown(service)
        await self.heed()
        shut = self.book().situation.shut_of(name)
        if shut is None or not await self.queue.alert(shut.name, False, dump(shut)):
            return Outcome("stale", f"{name} isn't closed by anybody; its hours are those of the plan.")
        await self.heed()
        await self.queue.audit(who.name, "service.open", {"service": name}, who.origin)
        return Outcome(
            "ok", f"{name} follows its hours again. Whom the closing held goes back into the queue."
        )

    async def begin(self, who: Who, service: str, words: Sequence[str], text: str) -> Outcome:
        """An incident: whoever writes or has written about it is told `text`, once."""
        if not who.supervisor:
            return ONLY
        name = self._service(service) if service else ""
        if name is None:
            return self._unknown(service)
        found = tuple(dict.fromkeys(w.strip()[:100] for w in words if w.strip()))[:MOST_WORDS]
        if not text.strip():
            return Outcome("wrong", "Say what customers are told.")
        if not name and not found:
            return Outcome("wrong", "Name a service, or words that they write, or both.")
        await self.heed()
        same = (name, found, text.strip()[:LONGEST])
        for it in self.book().situation.incidents:
            if (it.service, it.words, it.text) == same:  # asked for again by whoever got no answer
                await self._on_record(who, it)
                return Outcome("ok", f"Incident {it.id} says so already. {_ending(it)}", it.id)
        now = await self.queue.now()
        local = instant(now).astimezone(ZoneInfo(self.book().plan.timezone))
        known = {it.id for it in self.book().situation.incidents}
        id = next(
            i
            for n in range(1, 1000)
            if (i := f"I{local:%m%d-%H%M%S}" + (f"-{n}" if n > 1 else "")) not in known
        )
        it = Incident(id, name, found, text.strip()[:LONGEST], now, who.name)
        await self.queue.alert(it.name, True, dump(it))
        await self.heed()
        await self._on_record(who, it)
        return Outcome("ok", f"Incident {id} stands. {_ending(it)}", id)

    async def _on_record(self, who: Who, it: Incident) -> None:
        """Who began it, once: whoever tried again may be the first to get here."""
        if await self.queue.seen(f"begun:{it.name}"):
            return
        await self.queue.audit(who.name, "incident.begin", {"incident": it.id, "text": it.text}, who.origin)
        await self.queue.once(f"begun:{it.name}", KEPT)

    async def end(self, who: Who, id: str, text: str) -> Outcome:
        """The incident is over; those who were told of it are told `text`, if there is one."""
        if not who.supervisor:
            return ONLY
        await self.heed()
        it = next((i for i in self.book().situation.incidents if i.id.casefold() == id.casefold()), None)
        if it is None:
            known = ", ".join(i.id for i in self.book().situation.incidents) or "none"
            return Outcome("gone", f"There is no incident {id[:40]}; there are: {known}.")
        over = replace(it, end=text.strip()[:LONGEST])
        if not await self.queue.alert(it.name, False, dump(over)):
            return Outcome("stale", "Somebody has ended it already.")
        await self.heed()
        await self.queue.audit(who.name, "incident.end", {"incident": it.id, "text": over.end}, who.origin)
        return Outcome("ok", f"Incident {it.id} is over.")

    def _service(self, name: str) -> str | None:
        return next((s for s in self.book().services if s.casefold() == name.strip().casefold()), None)

    def _unknown(self, name: str) -> Outcome:
        return Outcome(
            "gone", f"There is no service {name[:60]}; there are: {', '.join(self.book().services)}."
        )


def _ending(it: Incident) -> str:
    return f"End it with `/tierline incident end {it.id}: what they are told`."
