"""Part of the composition root: mailboxes at providers, from which mails are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from .channels.email.account import Account, BadUrl
from .channels.email.letter import Post
from .queue.engine import Queue
from .router.alerts import Alerts
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
    if not accounts or role == "web":
        return ()
    from .channels.email.mailbox import Mailbox  # with IMAP's library, for which no start without one waits

    def ours() -> frozenset[str]:
        return mailboxes(book().plan)

    return [Mailbox(it, post, ours, Cursors(queue).known, alerts, mine) for it in accounts]


def accounts_of(settings: Settings) -> list[Account]:
    """Raises OSError, in words, which name the variable and hold no secret."""
    accounts = []
    for name, url in settings.mailboxes.items():
        try:
            accounts.append(Account.of(url.get_secret_value(), name))
        except BadUrl as error:
            variable = f"IMAP_URL_{name.upper()}" if name else "IMAP_URL"
            raise OSError(f"{variable}: {error}") from None
    return accounts


def mailbox_tasks(boxes: Sequence[Mailbox]) -> dict[str, Callable[[], Awaitable[None]]]:
    """What runs beside the deliveries, by name."""
    return {f"mailbox {it.account.name or it.account.user}": it.run for it in boxes}


def mailboxes_shown(settings: Settings, boxes: Sequence[Mailbox], role: Role) -> dict[str, str]:
    """Each mailbox with how it is."""
    if role == "web":
        return {f"email {name}".strip() + " mailbox": "elsewhere" for name in settings.mailboxes}
    return {
        f"mailbox {it.account.name or it.account.user}": f"{it.state}; {it.taken} taken, {it.waits} waiting"
        for it in boxes
    }
