"""Names are looked up once, and connected to only where they lead to the public internet (SEC9).

A resolver can answer differently each time it is asked (DNS rebinding): whoever checks a name and then lets the client
look it up again has checked nothing. Here the addresses that were checked are those that aiohttp connects to.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.request import getproxies

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")  # RFC 6890; Python 3.11 takes most of it for public
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


class NotPublic(OSError):
    """The name leads into somebody's own network."""


class OnlyPublic(AbstractResolver):
    """Asks `inner` and hands on its answer whole, or refuses it when any address in it isn't public."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        """Made inside a running loop, as aiohttp's own resolver is."""
        self.inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises `NotPublic`."""
        found = await self.inner.resolve(host, port, family)
        if not found or not all(public(it["host"]) for it in found):
            raise NotPublic(f"{host} leads to no public address")
        return found

    async def close(self) -> None:
        """Close `inner`."""
        await self.inner.close()


def public(address: str) -> bool:
    """Whether an address belongs to the public internet, looked at through every wrapping of an IPv4 address."""
    try:
        it = ipaddress.ip_address(address)
    except ValueError:  # a scope, as in fe80::1%eth0, or no address at all
        return False
    if isinstance(it, ipaddress.IPv6Address):
        teredo = it.teredo
        inner = it.ipv4_mapped or it.sixtofour or (teredo[1] if teredo else None)
        if inner is None and it in _NAT64:
            inner = ipaddress.IPv4Address(int(it) & 0xFFFF_FFFF)
        if inner is not None:
            return public(str(inner))
        if it.is_site_local or int(it) >> 32 == 0:  # ::a.b.c.d, long out of use
            return False
    elif it in _PROTOCOLS:
        return False
    return it.is_global and not it.is_multicast


def public_session(timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """A session that reaches public addresses alone; it uses no proxy."""
    connector = aiohttp.TCPConnector(resolver=OnlyPublic(), limit=8)
    return aiohttp.ClientSession(timeout=timeout, trust_env=False, connector=connector)


def by_proxy() -> bool:
    """Whether the environment sends https through a proxy: then names are looked up there, and it is what protects."""
    return "https" in getproxies()
