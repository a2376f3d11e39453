"""Where the store is: one parsed `REDIS_URL`."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlencode, urlsplit

from redis.asyncio.connection import parse_url

from .failures import StoreMisnamed

Kind = Literal["one", "sentinel", "cluster"]

SENTINEL_PORT, PORT = 26379, 6379
_TLS_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_OPTIONS = _TLS_FILES | {"replicas", "site"}
_SITE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_KNOWN = frozenset({"host", "port", "path", "db", "username", "password", "connection_class"}) | _OPTIONS
_SENTINEL_LOGIN = frozenset({"sentinel_username", "sentinel_password"})
_MANY: Mapping[str, tuple[Kind, bool]] = {
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_LOOKS = (
    "REDIS_URL must look like redis://host:6379/0, rediss://user:password@host:6380/0, unix:///path/to/socket?db=0,"
    " redis+sentinel://host1:26379,host2:26379,host3:26379/primary or redis+cluster://host1:6379,host2:6379."
    " In a name or password write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, [ as %5B"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A store's address: a `path` (unix socket), a `host` and `port`, or `hosts` who know where.

    `kind` tells the last two apart; `service` is the name under which Sentinels watch the primary. `replicas` is how
    many of them must have a write before it counts. Secrets are kept out of `repr`.
    """

    path: str = ""
    host: str = "localhost"
    port: int = PORT
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = field(default="", repr=False)
    kind: Kind = "one"
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)
    replicas: int = 0
    site: str = ""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read `unix://`, `redis://`, `rediss://` (TLS, always verified), or `+sentinel`, `+cluster` with hosts.

        Raises StoreMisnamed, in words for an operator and without the password. Client options in the query
        are refused rather than ignored: among them is the switch that turns certificate checks off.
        """
        try:
            read = urlsplit(url)
        except ValueError:
            raise StoreMisnamed(_LOOKS) from None  # Python's words quote the password
        _refuse_half(read)
        if read.scheme in _MANY:
            return _many(read)
        try:
            parts: Mapping[str, object] = parse_url(url)
        except (ValueError, TypeError):
            raise StoreMisnamed(_LOOKS) from None
        _refuse_unknown(set(parts) - _KNOWN, _OPTIONS)
        if read.scheme == "unix" and not parts.get("path"):
            raise StoreMisnamed(
                "REDIS_URL: unix:// needs the path of a socket, as in unix:///run/valkey.sock"
            )

        def text(name: str, otherwise: str = "") -> str:
            return str(parts.get(name) or otherwise)

        return cls(
            path=text("path"),
            host=text("host", "localhost"),
            port=int(text("port", str(PORT))),
            db=int(text("db", "0")),
            username=text("username"),
            password=text("password"),
            tls=read.scheme == "rediss",
            ca_file=text("ssl_ca_certs"),
            cert_file=text("ssl_certfile"),
            key_file=text("ssl_keyfile"),
            replicas=_count(text("replicas", "0")),
            site=_tag(text("site")),
        )

    def __str__(self) -> str:
        """The address for people: no name, no password."""
        scheme = "rediss" if self.tls else "redis"
        if self.kind != "one":
            return (
                f"{scheme}+{self.kind}://{','.join(_pair(*it) for it in self.hosts)}/{self.service}".rstrip(
                    "/"
                )
            )
        if self.path:
            return f"unix://{self.path}"
        return f"{scheme}://{self.host}:{self.port}/{self.db}"

    def node(self, host: str, port: int) -> Address:
        """One server of many, reached with the same name, password and certificates."""
        return replace(self, kind="one", host=host, port=port, hosts=())

    def sentinel(self, host: str, port: int) -> Address:
        """One Sentinel: it has a login and no databases of its own."""
        return replace(
            self.node(host, port), db=0, username=self.sentinel_username, password=self.sentinel_password
        )

    @property
    def url(self) -> str:
        """One server's URL as `redis` takes it, secrets included."""
        name = f"{quote(self.username, '')}:{quote(self.password, '')}@" if self.password else ""
        if self.path:
            return f"unix://{name}{quote(self.path)}?db={self.db}"
        files = {"ssl_ca_certs": self.ca_file, "ssl_certfile": self.cert_file, "ssl_keyfile": self.key_file}
        query = urlencode({key: it for key, it in files.items() if it})
        where = f"{'rediss' if self.tls else 'redis'}://{name}{_pair(self.host, self.port)}/{self.db}"
        return f"{where}?{query}" if query else where

    @property
    def local(self) -> bool:
        """Whether it is on this machine by its very name: a socket's path, `localhost`, a loopback address."""
        return bool(self.path) or all(here(host) for host, _ in self.hosts or ((self.host, self.port),))

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
        """A verifying context, or None for a plain connection. Raises StoreMisnamed when its files are of no use."""
        if not self.tls:
            return None
        file = self.ca_file
        try:
            context = ssl.create_default_context(cafile=file or None)
            if file := self.cert_file:
                context.load_cert_chain(file, self.key_file or None)
        except OSError as error:  # which names no file
            also = f" with {self.key_file}" if self.key_file and file == self.cert_file else ""
            raise StoreMisnamed(f"REDIS_URL: {file}{also} can't be used: {error.strerror or error}") from None
        return context


def _refuse_half(read: SplitResult) -> None:
    """A password with a plain / ? or # in it ends the host early: what follows would be dropped without a word."""
    stray = any("=" not in it for it in read.query.split("&") if it)
    number = read.path.strip("/")
    if read.fragment or stray or (read.scheme in ("redis", "rediss") and number and not number.isdecimal()):
        raise StoreMisnamed(_LOOKS)


def _many(parts: SplitResult) -> Address:
    """`redis+sentinel://user:password@h1:p1,h2:p2/service/db?…` and `redis+cluster://h1:p1,h2:p2?…`."""
    kind, tls = _MANY[parts.scheme]
    login, _, listed = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    options = {key: found[-1] for key, found in parse_qs(parts.query).items()}
    allowed = _OPTIONS | (_SENTINEL_LOGIN if kind == "sentinel" else frozenset())
    _refuse_unknown(set(options) - allowed, allowed)
    usual = SENTINEL_PORT if kind == "sentinel" else PORT
    hosts = tuple(_host(it, usual) for it in listed.split(",") if it.strip())
    service, _, db = unquote(parts.path).strip("/").partition("/")
    if not hosts:
        raise StoreMisnamed(_LOOKS)
    if kind == "sentinel" and not service:
        raise StoreMisnamed(
            "REDIS_URL: redis+sentinel:// needs the name under which the Sentinels watch the primary, as in"
            " redis+sentinel://host1:26379,host2:26379,host3:26379/mymaster"
        )
    if kind == "cluster" and service not in ("", "0"):
        raise StoreMisnamed("REDIS_URL: redis+cluster:// takes no path, a Cluster has one database")
    if not (db or "0").isdecimal():
        raise StoreMisnamed(
            "REDIS_URL: after the primary's name comes the database's number, as in /mymaster/0"
        )
    return Address(
        host=hosts[0][0],
        port=hosts[0][1],
        db=int(db or "0"),
        username=unquote(username),
        password=unquote(password),
        tls=tls,
        ca_file=options.get("ssl_ca_certs", ""),
        cert_file=options.get("ssl_certfile", ""),
        key_file=options.get("ssl_keyfile", ""),
        kind=kind,
        hosts=hosts,
        service=service if kind == "sentinel" else "",
        sentinel_username=options.get("sentinel_username", ""),
        sentinel_password=options.get("sentinel_password", ""),
        replicas=_count(options.get("replicas", "1")),
        site=_tag(options.get("site", "")),
    )


def _host(text: str, usual: int) -> tuple[str, int]:
    """`host`, `host:port` or `[v6]:port`."""
    try:
        found = urlsplit(f"//{text.strip()}")
        host, port = found.hostname, found.port or usual
    except ValueError:
        raise StoreMisnamed(_LOOKS) from None
    if not host or found.path:
        raise StoreMisnamed(_LOOKS)
    return host, port


def _refuse_unknown(unknown: set[str], known: frozenset[str]) -> None:
    if unknown:
        raise StoreMisnamed(
            f"REDIS_URL: unknown option {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}"
        )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise StoreMisnamed(
            "REDIS_URL: replicas is how many replicas must have a write before it counts, as in ?replicas=1"
        )
    return int(text)


def _tag(text: str) -> str:
    if text and not _SITE.fullmatch(text):
        raise StoreMisnamed(
            "REDIS_URL: a site's name is of small letters, digits, - and _, as in ?site=berlin"
        )
    return text


def here(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _pair(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def unix_url(path: str) -> str:
    """The `unix://` URL of a socket, whatever its path contains."""
    return f"unix://{quote(path)}"


def site_of(url: str | None) -> str:
    """The site that `REDIS_URL` names; "" when it names none. Raises StoreMisnamed for a malformed one."""
    return Address.parse(url).site if url else ""
