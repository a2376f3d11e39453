"""What whoever can mend it is told of steps: one alert a minute for each, however many contacts come to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..queue.engine import Queue
from ..queue.state import QUEUED, ContactView, Event
from .alerts import Alerts
from .lanes import Job, Try
from .look import more
from .rulebook import Rulebook

MINUTE = 60_000
"""ms within which the alerts of one step are one alert."""


@dataclass(slots=True)
class StepAlerts:
    """`came` has, by contact, the arrivals of those whom nobody was asked for yet."""

    queue: Queue
    book: Callable[[], Rulebook]
    alerts: Alerts
    came: Mapping[str, Event]
    windows: dict[str, int] = field(default_factory=dict)  # when a name's latest began, as the store said

    def jobs(self, event: Event) -> list[Job]:
        """None where another contact's event is known to be told for this minute: in a rush each job is a look at
        the store."""
        return [] if self._is_told(event) else [Job("alerts", event.e, lambda t: self._tell(event, t))]

    def _is_told(self, event: Event) -> bool:
        if (came := self.came.get(event.c)) is None or event.e not in ("step", "nobody", "queued"):
            return False
        said = more(event)
        step = said.get("to") if event.e == "step" else said.get("step", 0)
        began = self.windows.get(_name(event, str(more(came).get("service")), step))
        return began is not None and began < event.t < began + MINUTE

    async def _tell(self, event: Event, t: Try) -> None:
        contact = await self.queue.contact(event.c)
        if contact is None:
            return
        text = self._text(event, contact)
        if not text:
            return
        name = _name(event, contact.service, contact.step)
        # The store remembers which event a minute's one alert is for: whoever goes on after a kill keeps to it.
        self.windows[name] = began = await self.queue.window(name, event.t, MINUTE)
        if began == event.t:
            await self.alerts.coalesced(name, text, event.t / 1000, t.again)

    def _text(self, event: Event, contact: ContactView) -> str:
        """What a supervisor is told, "" for nothing."""
        about = f"{event.c} ({contact.service})"
        at = f"step {contact.step + 1} of {len(contact.route.steps)}"
        match event.e:
            case "exhausted" | "nobody" if contact.handing:
                last = contact.step == len(contact.route.steps) - 1
                left = "nobody is left" if last else "nobody in the step before is left"
                return f"{about}: {left} to take it over; it stays with {self.book().called(contact.owner)}."
            case "exhausted":
                return f"{about}: everybody on shift who may take it has declined or missed it."
            case "dead":
                return f"{about} was set aside: {more(event).get('reason', '')}"
            case "nobody" if contact.state in QUEUED:
                return f"{about}: nobody on shift may take it. It waits until somebody comes."
            case "queued" if contact.state != "waiting" or len(contact.route.steps) > 1:
                return ""
            case "step" | "queued" if contact.now_step.alert:
                return f"{contact.service}: contacts wait in {at}, {event.c} among them."
            case _:
                return ""


def _name(event: Event, service: str, step: object) -> str:
    """What is told of one step is one alert."""
    kind = "step" if event.e in ("nobody", "queued") else event.e
    return f"{kind}:{service}:{step}"
