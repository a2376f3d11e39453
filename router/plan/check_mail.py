"""What only shows together of mail: relays of a server that vouches for nobody."""

from __future__ import annotations

from .errors import Source
from .names import Known
from .read import Node


def check_mail(root: Node, known: Known, found: Source) -> None:
    """Note `relays` without the name by which they vouch: they would do nothing."""
    relays, name = (root.get("channels", "email", key) for key in ("relays", "authserv_id"))
    if relays is not None and name is None:
        what = "these servers vouch for nobody while their name isn't known"
        found.wrong(
            relays.span, "channels.email.relays", what, allowed="authserv_id beside it, or remove the key"
        )
