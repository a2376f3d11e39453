"""Part of the composition root: mailboxes at providers, from which mails are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from .channels.email.configured import accounts_of, last_days, token_of
from .channels.email.letter import Post
from .queue.engine import Queue
from .router.alerts import Alerts
from .router.lapsing import Lapsing
from .router.mail_cursors import Cursors
from .router.mailed import mailboxes
from .router.rulebook import Rulebook
from .settings import Role, Settings

if TYPE_CHECKING:
    from .channels.email.mailbox import Mailbox


def mailboxes_of(
    settings: Settings, role: Role, post: Post, queue: Callable[[], Queue], book: Callable[[], Rulebook],
    alerts: Alerts, mine: Callable[[], bool],
) -> Sequence[Mailbox]:  # fmt: skip
    """One for each setting; none in a process that doesn't deliver. Raises ValueError, in words."""
    accounts = accounts_of(settings)
    last_days(settings)  # what can't be read is said at the start
    if not accounts or role == "web":
        return ()
    from .channels.email.mailbox import Mailbox  # with IMAP's library, for which no start without one waits

    def ours() -> frozenset[str]:
        return mailboxes(book().plan)

    return [
        Mailbox(it, post, ours, Cursors(queue).known, alerts, mine, token_of(settings, it)) for it in accounts
    ]


def mailbox_tasks(
    settings: Settings,
    boxes: Sequence[Mailbox],
    queue: Callable[[], Queue],
    alerts: Alerts,
    mine: Callable[[], bool],
) -> dict[str, Callable[[], Awaitable[None]]]:
    """What runs beside the deliveries, by name."""
    tasks: dict[str, Callable[[], Awaitable[None]]] = {shown_name(it): it.run for it in boxes}
    if days := last_days(settings):
        tasks["lapsing secrets"] = Lapsing(queue, days, alerts, mine).run
    return tasks


def shown_name(box: Mailbox) -> str:
    """By what one speaks of it."""
    return f"mailbox {box.account.name or box.account.user}"


def mailboxes_shown(settings: Settings, boxes: Sequence[Mailbox], role: Role) -> dict[str, str]:
    """Each mailbox with how it is."""
    if role == "web":
        return {f"mailbox {name}".strip(): "elsewhere" for name in settings.mailboxes}
    return {shown_name(it): f"{it.state}; {it.taken} taken, {it.waits} waiting" for it in boxes}


def mailbox_figures(boxes: Sequence[Mailbox]) -> dict[str, tuple[str, float]]:
    """The same for `/metrics`; nothing without a mailbox."""
    if not boxes:
        return {}
    return {
        "tierline_mailbox_taken": (
            "Mails taken from mailboxes since the start",
            sum(it.taken for it in boxes),
        ),
        "tierline_mailbox_waiting": ("Mails known to wait in mailboxes", sum(it.waits for it in boxes)),
        "tierline_mailbox_trouble": ("Mailboxes that can't be opened", sum(not it.well for it in boxes)),
    }
