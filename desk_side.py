"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from .channels.channel import Desk
from .queue.engine import Queue
from .router.active import ActivePlan
from .router.duty import Duty
from .router.ending import Ending
from .router.moving import Moving, Records
from .router.newcomers import Newcomers
from .router.parts import Parts


def desk_parts(queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, records: Records) -> Parts:
    """The house's parts, in the order in which they are asked."""
    return Parts((Duty(queue, plan, newcomers), Ending(queue, plan, records), Moving(queue, plan, records)))
