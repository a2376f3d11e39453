"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from .channels.channel import Desk
from .queue.engine import Queue
from .queue.state import Event
from .router.active import ActivePlan
from .router.alerts import Alerts
from .router.at_home import AgentHome, Days
from .router.attendance import Attendance
from .router.duty import Duty
from .router.lanes import Job
from .router.newcomers import Newcomers
from .router.parts import Parts


@dataclass(frozen=True, slots=True)
class DeskSide:
    """`parts`: what people can do; `jobs`: what an event causes; `tasks`: what runs beside the deliveries, by name."""

    parts: Parts
    jobs: Callable[[Event], list[Job]]
    tasks: Mapping[str, Callable[[], Awaitable[None]]]


def desk_side(
    queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, days: Days, alerts: Alerts,
    mine: Callable[[], bool],
) -> DeskSide:  # fmt: skip
    """The house's parts, in the order in which they are asked. `mine`: whether this process delivers."""
    attendance = Attendance(queue, desk, plan, alerts, mine)
    parts = Parts((Duty(queue, plan, newcomers), AgentHome(queue, plan, days), attendance))
    return DeskSide(parts, attendance.jobs, {"attendance": attendance.run})
