"""What a new plan changes about mail, in words."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Plan


def mail(old: Plan, new: Plan) -> Iterator[str]:
    """Who vouches for senders."""
    for what, was, now in (
        ("Mail: who vouches for senders", old.mail.authserv_ids, new.mail.authserv_ids),
        ("Mail: who hands us that server's mails", old.mail.relays, new.mail.relays),
    ):
        if was != now:
            yield f"{what}: {', '.join(now) or 'nobody'} (was {', '.join(was) or 'nobody'})"
