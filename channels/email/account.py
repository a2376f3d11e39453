"""A mailbox at a provider as its setting names it. Pure.

    imaps://user:password@host:993/INBOX?mark=Tierline
    imap://user:password@host:143            STARTTLS; plain on loopback alone
    imaps+microsoft://support@northwind.example@outlook.office365.com?tenant=…&client=…
    imaps+google://support@northwind.example@imap.gmail.com?client=…

Options: `existing=take` (at the first start what is there is taken, too), `mark=KEYWORD` (a keyword on what was taken),
`move=FOLDER` (where it goes then).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Provider = Literal["microsoft", "google"]
Safety = Literal["tls", "starttls", "plain"]
FORM = "write imaps://user:password@host:993/INBOX"
_KNOWN = ("existing", "mark", "move", "tenant", "client")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KEYWORD = re.compile(r"[A-Za-z$][A-Za-z0-9_$.-]{0,63}")
_TENANT = re.compile(r"[A-Za-z0-9.-]{1,100}")


class BadUrl(ValueError):
    """The setting can't be read; why, in words that hold no secret."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """Who we are at the provider's token end-point; `tenant` is Microsoft's. The secret stands elsewhere."""

    provider: Provider
    client: str
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox. `name` is the setting's, "" for IMAP_URL itself; `user` is how one logs in there."""

    name: str
    host: str
    port: int
    safety: Safety
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    oauth: OAuth | None = None
    existing: bool = False  # whether the first start takes what is there
    mark: str = ""
    move: str = ""

    @property
    def setting(self) -> str:
        """The variable that names it."""
        return f"IMAP_URL_{self.name.upper()}" if self.name else "IMAP_URL"

    @property
    def shown(self) -> str:
        """What people call it."""
        return f"{self.user} ({self.folder})" if self.folder.upper() != "INBOX" else self.user

    @classmethod
    def of(cls, url: str, name: str = "") -> Account:
        """Raises BadUrl."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname or ""
        except ValueError:
            raise BadUrl(FORM) from None
        scheme, _, provider = parts.scheme.partition("+")
        if scheme not in ("imap", "imaps") or provider not in ("", "microsoft", "google") or not host:
            raise BadUrl(FORM)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        folder = unquote(parts.path.strip("/")) or "INBOX"
        options = _options(parts.query)
        if not user or (not password and not provider):
            raise BadUrl(f"user and password are missing: {FORM}")
        if _CONTROL.search(user + password + folder + "".join(options.values())):
            raise BadUrl("it holds a control character")
        safety: Safety = "tls" if scheme == "imaps" else "plain" if loopback(host) else "starttls"
        oauth = oauth_of(provider, options.get("client", ""), options.get("tenant", ""))
        if oauth is not None and safety == "starttls":
            raise BadUrl(f"write imaps+{provider}://")
        return cls(
            name, host, port or (993 if scheme == "imaps" else 143), safety, user, password, folder, oauth,
            options.get("existing", "") == "take", options.get("mark", ""), options.get("move", ""),
        )  # fmt: skip


def oauth_of(provider: str, client: str, tenant: str) -> OAuth | None:
    """None without a provider. Raises BadUrl."""
    if provider == "microsoft":
        if not client or not _TENANT.fullmatch(tenant):
            raise BadUrl("tenant=… and client=… of the app registration are missing")
        return OAuth("microsoft", client, tenant)
    if provider == "google":
        if not client:
            raise BadUrl("client=… of the OAuth client is missing")
        return OAuth("google", client)
    return None


def loopback(host: str) -> bool:
    """Whether what is said to `host` stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def start_tls(tls: bool, host: str, login: bool) -> bool | None:
    """Whether an SMTP connection has to turn to TLS before anything is said; None: where the server offers it.

    `tls`: it is encrypted from the start. A `login` goes over no open wire: whoever stands between us and the server
    needs only hide that it offers STARTTLS (RFC 3207, section 6).
    """
    return True if login and not tls and not loopback(host) else None


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := [it for it in options if it not in _KNOWN]:
        raise BadUrl(f"no such option: {unknown[0][:40]!r}; there are {', '.join(_KNOWN)}")
    if options.get("existing", "take") != "take":
        raise BadUrl("existing is `take`, or isn't there")
    if options.get("mark") and not _KEYWORD.fullmatch(options["mark"]):
        raise BadUrl("mark is one word of letters and digits")
    return options
