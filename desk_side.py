"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from .channels.channel import Desk
from .queue.engine import Queue
from .queue.history.history import History
from .queue.history.promised import promised
from .router.active import ActivePlan
from .router.boards import Boards
from .router.drafts import Drafts
from .router.duty import Duty
from .router.newcomers import Newcomers
from .router.parts import Parts
from .router.planning import Planning
from .router.steering import Steering
from .router.versions import Versions


def desk_parts(queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, history: History) -> Parts:
    """The house's parts, in the order in which they are asked."""
    boards = Boards(queue, plan, lambda since: promised(history.database, since))
    planning = Planning(Versions(queue, plan, history), Drafts(queue))
    return Parts((Duty(queue, plan, newcomers), Steering(queue, plan, boards, history), planning))
