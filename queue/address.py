"""Where the store is: one parsed `REDIS_URL`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote

from redis.asyncio.connection import parse_url

_TLS_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_KNOWN = frozenset({"host", "port", "path", "db", "username", "password", "connection_class"}) | _TLS_FILES


@dataclass(frozen=True, slots=True)
class Address:
    """A store's address; `path` (unix socket) or `host` and `port`. Secrets are kept out of `repr`."""

    path: str = ""
    host: str = "localhost"
    port: int = 6379
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read `unix://`, `redis://` or `rediss://` (TLS, always verified).

        Raises ValueError, in words for an operator and without the password. Client options in the query
        are refused rather than ignored: among them is the switch that turns certificate checks off.
        """
        try:
            parts: Mapping[str, object] = parse_url(url)
        except (ValueError, TypeError):
            raise ValueError(
                "REDIS_URL must look like redis://host:6379/0, rediss://user:password@host:6380/0"
                " or unix:///path/to/socket?db=0"
            ) from None
        unknown = sorted(set(parts) - _KNOWN)
        if unknown:
            known = ", ".join(sorted(_TLS_FILES))
            raise ValueError(f"REDIS_URL: unknown option {', '.join(unknown)}; known: {known}")
        if url.startswith("unix:") and not parts.get("path"):
            raise ValueError("REDIS_URL: unix:// needs the path of a socket, as in unix:///run/valkey.sock")

        def text(name: str, otherwise: str = "") -> str:
            return str(parts.get(name) or otherwise)

        return cls(
            path=text("path"),
            host=text("host", "localhost"),
            port=int(text("port", "6379")),
            db=int(text("db", "0")),
            username=text("username"),
            password=text("password"),
            tls=url.startswith("rediss:"),
            ca_file=text("ssl_ca_certs"),
            cert_file=text("ssl_certfile"),
            key_file=text("ssl_keyfile"),
        )

    def __str__(self) -> str:
        """The address for people: no name, no password."""
        if self.path:
            return f"unix://{self.path}"
        return f"{'rediss' if self.tls else 'redis'}://{self.host}:{self.port}/{self.db}"

    @property
    def local(self) -> bool:
        """Whether it is on this machine by its very name: a socket's path, `localhost`, a loopback address."""
        if self.path or self.host.casefold() == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def exposed(self) -> str | None:
        """Why somebody on the way could read or change what we say to it; None when nobody can."""
        if self.local:
            return None
        if not self.tls:
            return f"The store at {self} is on another machine and isn't encrypted (redis://)"
        if not self.password and not self.cert_file:
            return f"The store at {self} is on another machine and asks for no password"
        return None

    def tls_context(self) -> ssl.SSLContext | None:
        """A verifying context, or None for a plain connection."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context


def unix_url(path: str) -> str:
    """The `unix://` URL of a socket, whatever its path contains."""
    return f"unix://{quote(path)}"
