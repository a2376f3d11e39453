"""What the plan says of mail alone, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from .shape_mail import Vouching


@dataclass(frozen=True, slots=True)
class MailSpec:
    """`authserv_ids`: by which names our own mail server vouches for senders; `relays`: addresses and networks from
    which its mails come by SMTP."""

    authserv_ids: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Vouching) -> MailSpec:
        """As the document says it."""
        return cls(tuple(dict.fromkeys(given.authserv_id)), tuple(dict.fromkeys(given.relays)))

    def relayed(self, address: str) -> bool:
        """Whether the SMTP client at `address` is our own mail server."""
        if not self.relays:
            return False
        try:
            here = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        here = getattr(here, "ipv4_mapped", None) or here
        return any(here in ip_network(it) for it in self.relays)
