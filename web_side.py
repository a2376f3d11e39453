"""Part of the composition root: what a browser or a program asks of a running Tierline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from .console.api import Api
from .console.api_articles import ArticlesApi
from .console.api_moves import MovesApi
from .console.api_plan import PlanApi
from .console.api_reach import ReachApi
from .console.past import Past
from .desk_side import Outside, reach_of
from .queue.engine import Queue
from .router.active import ActivePlan
from .router.editors import Editors
from .router.moves import Moves
from .router.situations import Situations
from .router.versions import Versions
from .settings import Secrets

if TYPE_CHECKING:
    from .channels.slack.desk import SlackDesk
    from .queue.history.history import History


class Running(Protocol):
    """The parts of a running Tierline that the API looks at."""

    queue: Queue
    plan: ActivePlan
    history: History
    desk_raw: SlackDesk | None
    secrets: Secrets
    past: Past
    outside: Outside

    async def ready(self) -> Mapping[str, object]:
        """The process's own account."""

    def metrics(self) -> bytes:
        """The figures of `/metrics`."""


def api_of(app: Running) -> Api:
    """The API over `app`, whose parts come and go with a reset: each is asked for when it is needed."""
    api = Api(
        queue=lambda: app.queue,
        book=lambda: app.plan(),
        history=lambda: app.history,
        plans=PlanApi(lambda: Versions(app.queue, app.plan, app.history), lambda: app.history),
        ready=app.ready,
        metrics=app.metrics,
        slack_ids=lambda: app.desk_raw.ids() if app.desk_raw is not None else {},
        moves=MovesApi(
            lambda: Moves(app.queue, app.plan, app.history),
            lambda: Situations(app.queue, app.plan, app.plan.heed),
        ),
        token=app.secrets.api_token,
        past=app.past,
    )
    articles = ArticlesApi(lambda: Editors(lambda: app.queue, app.plan, app.outside.library))
    reach = ReachApi(lambda: reach_of(app.queue, app.plan, app.history))
    api.more.extend([*articles.routes(api.only), *reach.routes(api.only)])
    return api
