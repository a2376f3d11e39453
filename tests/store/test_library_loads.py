"""The scripts that are shipped are the functions that a server then has."""

from __future__ import annotations

import pytest
from helpers_store import StoreServer

from tierline.queue import library
from tierline.queue.client import Client
from tierline.queue.store import Store


async def test_the_server_has_exactly_the_functions_that_the_text_registers(
    store_server: StoreServer, site: str, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert library.functions()
    store = await Store.open(store_server.url, tmp_path_factory.mktemp("data"), site)
    (loaded,) = await _libraries(client)
    for name in library.functions():
        assert name.encode() in loaded
        assert name.startswith(library.NAME)
    assert loaded.count(b"\x00" + library.NAME.encode() + b"_") == len(library.functions())
    await store.close()


async def _libraries(client: Client) -> list[bytes]:
    """Each library as one text: its words, separated by NUL."""
    listed = await client.call("FUNCTION", "LIST", "LIBRARYNAME", library.NAME)

    def words(reply: object) -> list[bytes]:
        return [w for part in reply for w in words(part)] if isinstance(reply, list) else [_word(reply)]

    assert isinstance(listed, list)
    return [b"\x00" + b"\x00".join(words(one)) for one in listed]


def _word(reply: object) -> bytes:
    return reply if isinstance(reply, bytes) else str(reply).encode()
