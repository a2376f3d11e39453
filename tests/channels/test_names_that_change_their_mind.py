"""A resolver that changes its answer (DNS rebinding, SEC9): what was checked is what is connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tierline.channels.sms import media
from tierline.channels.sms.media import MediaStore
from tierline.channels.sms.only_public import OnlyPublic, public
from tierline.channels.twilio.http import TwilioHttp
from tierline.queue.contact import Arrived, Media

PUBLIC, OTHER = "93.184.216.34", "1.1.1.1"
URL = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0"


class Rebinding(AbstractResolver):
    """Gives its answers one after another, the last one for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers, self.asked = list(answers), 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host, host=it, port=port, family=socket.AF_INET6 if ":" in it else socket.AF_INET, proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for it in found
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def canary() -> AsyncIterator[list[str]]:
    """A listener on loopback where somebody's own service would be; who came."""
    hits: list[str] = []

    async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(str(writer.get_extra_info("peername")))
        writer.close()

    try:
        server = await asyncio.start_server(came, "127.0.0.1", 443)
    except OSError:
        pytest.skip("port 443 can't be listened on here")
    async with server:
        yield hits


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MediaStore]:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(media, "TRIES", (0.0, 0.0, 0.0))
    http = TwilioHttp("")
    it = MediaStore(tmp_path, http, "AC0", "token")
    yield it
    await it.stop()
    await http.close()


def rebind(store: MediaStore, *answers: tuple[str, ...]) -> tuple[Rebinding, list[str]]:
    """The store asks this resolver; which addresses it then tries, none of which is reached."""
    assert store.own is not None and isinstance(store.own.connector, aiohttp.TCPConnector)
    resolver, tried = Rebinding(*answers), []
    assert isinstance(store.own.connector._resolver, OnlyPublic)
    store.own.connector._resolver.inner = resolver

    def no_socket(info: tuple[object, ...]) -> socket.socket:
        tried.append(str(info[4][0]))  # type: ignore[index]
        raise OSError("nobody is reached from a test")

    store.own.connector._socket_factory = no_socket  # type: ignore[assignment]
    return resolver, tried


@pytest.mark.promise("sms-media")
async def test_what_was_checked_is_what_is_connected_to(store: MediaStore) -> None:
    resolver, tried = rebind(store, (PUBLIC,), ("127.0.0.1",))
    with pytest.raises(aiohttp.ClientConnectorError):
        await store._read(URL)
    assert (resolver.asked, tried) == (1, [PUBLIC])


@pytest.mark.parametrize(
    "answer", [("127.0.0.1",), (PUBLIC, "127.0.0.1"), ("10.0.0.1", PUBLIC), ("::1",), ()]
)
async def test_an_answer_that_leads_inside_is_refused_whole_and_not_tried_again(
    store: MediaStore, canary: list[str], answer: tuple[str, ...]
) -> None:
    resolver, _ = rebind(store, answer)
    store.own.connector._socket_factory = None  # type: ignore[union-attr]  # now it would be reached
    store.fetch_later(Arrived("sms", "SM1", "+491", "+492", "", (Media(URL, "image/png"),)))
    await asyncio.gather(*store.tasks)
    assert (canary, resolver.asked) == ([], 1)
    assert not store.path(URL).exists()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.8", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a00:1::1", "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
        "fec0::1", "ff02::1", "2001:db8::1", "localhost", "", "127.1", "0x7f.1",
    ],
)  # fmt: skip
def test_an_address_of_somebodys_own_network_is_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, OTHER, "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert public(address)
