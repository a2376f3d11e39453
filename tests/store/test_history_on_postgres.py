"""A PostgreSQL that is wrong, full, stopped, frozen, or shared with somebody who was stopped amid a write."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path

import pytest
import trustme
from helpers_history import rows, story
from helpers_postgres import SETTINGS, Own, database, own_postgres
from helpers_replicas import free_port
from helpers_store import until
from sqlalchemy import text

from tierline.queue.history import history as module
from tierline.queue.history import postgres
from tierline.queue.history.database import HistoryUnavailable
from tierline.queue.history.history import History
from tierline.queue.history.postgres import HistoryUnusable
from tierline.settings import Settings


@pytest.fixture
async def own() -> AsyncIterator[Own]:
    async with own_postgres() as it:
        yield it


@pytest.fixture
async def url(postgres_url: str) -> AsyncIterator[str]:
    async with database(postgres_url) as it:
        yield it


# ---- at the start -------------------------------------------------------------------------------------------------


async def test_what_a_server_refuses_at_the_start_is_said_in_words(own: Own, tmp_path: Path) -> None:
    hba = own.server.place / "data" / "pg_hba.conf"
    hba.write_text("local all tierline trust\nlocal all stranger scram-sha-256\n")
    await own.crash()
    await own.start()
    base = f"@/postgres?host={own.server.place}"
    for wrong, says in {
        f"postgresql://tierline@/nothere?host={own.server.place}": "there is no database of that name",
        f"postgresql://stranger:hidden{base}": "the password or the user is wrong",
        f"postgresql://unknown:hidden{base}": "the user isn't let in",
        f"postgresql://tierline@/postgres?host={own.server.place}/elsewhere": "can't be reached",
        "postgresql://tierline:hidden@nowhere.invalid/postgres": "can't be reached",
    }.items():
        with pytest.raises(HistoryUnavailable, match=says) as refused:
            await History.open(wrong, tmp_path)
        assert "hidden" not in str(refused.value)


async def test_a_server_without_room_for_us_is_named_and_used_when_it_has_some(
    own: Own, tmp_path: Path
) -> None:
    import asyncpg

    await own.crash()
    await own.server.start(f"{SETTINGS} -c max_connections=4 -c superuser_reserved_connections=0")
    others = [await asyncpg.connect(own.url) for _ in range(4)]
    with pytest.raises(HistoryUnavailable, match="no connection left"):
        await History.open(own.url, tmp_path)
    await others.pop().close()
    history = await _opened(own.url, tmp_path)
    others.append(await asyncpg.connect(own.url))
    await history.database.reader.dispose()
    with pytest.raises(HistoryUnavailable, match="no connection left"):
        await history.customer("eva")
    await others.pop().close()
    await until(lambda: _well(history))
    await history.close()
    for it in others:
        await it.close()


async def _opened(url: str, data: Path) -> History:
    """A connection that was closed leaves its place a moment later."""
    found: list[History] = []

    async def tried() -> bool:
        try:
            found.append(await History.open(url, data))
        except HistoryUnavailable:
            return False
        return True

    await until(tried)
    return found[0]


async def _well(history: History) -> bool:
    try:
        await history.customer("eva")
    except HistoryUnavailable:
        return False
    return True


async def test_a_server_is_believed_by_its_certificate_alone(own: Own, tmp_path: Path) -> None:
    ours, stranger = trustme.CA(), trustme.CA()
    for name, ca in ("ours.pem", ours), ("stranger.pem", stranger):
        ca.cert_pem.write_to_path(str(tmp_path / name))
    cert = ours.issue_cert("localhost")
    files = {"server.crt": cert.cert_chain_pems[0], "server.key": cert.private_key_pem}
    for name, blob in files.items():
        path = own.server.place / "data" / name
        blob.write_to_path(str(path))
        path.chmod(0o600)
        if own.server.who is not None:
            shutil.chown(path, own.server.who)
    hba = own.server.place / "data" / "pg_hba.conf"
    hba.write_text("hostssl all tierline 127.0.0.1/32 trust\n")
    port = free_port()
    await own.crash()
    await own.server.start(f"{SETTINGS} -c listen_addresses=127.0.0.1 -p {port} -c ssl=on")

    def url(host: str, ca: str, mode: str) -> str:
        return f"postgresql://tierline@{host}:{port}/postgres?sslmode={mode}&sslrootcert={tmp_path / ca}.pem"

    for host, ca, mode in (("localhost", "ours", "verify-full"), ("127.0.0.1", "ours", "verify-ca")):
        await (await History.open(url(host, ca, mode), tmp_path)).close()
    for host, ca, mode, says in (
        ("localhost", "stranger", "verify-full", "certificate isn't accepted"),
        ("127.0.0.1", "ours", "verify-full", "certificate isn't accepted"),
        ("127.0.0.1", "stranger", "verify-ca", "certificate isn't accepted"),
    ):
        with pytest.raises(HistoryUnavailable, match=says):
            await History.open(url(host, ca, mode), tmp_path)
    with pytest.raises(HistoryUnavailable, match="the user isn't let in"):
        await History.open(f"postgresql://tierline@127.0.0.1:{port}/postgres?sslmode=disable", tmp_path)


@pytest.mark.promise("store-tls")
async def test_one_that_others_could_read_is_used_only_aloud_and_reminded_of(
    own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own.server.place / "data" / "pg_hba.conf").write_text("host all tierline 127.0.0.1/32 trust\n")
    port = free_port()
    await own.crash()
    await own.server.start(f"{SETTINGS} -c listen_addresses=127.0.0.1 -p {port}")
    monkeypatch.setattr(postgres, "here", lambda host: False)  # no second machine here
    said = {
        "DATABASE_URL": f"postgresql://tierline@127.0.0.1:{port}/postgres",
        "TIERLINE_DATA": str(tmp_path),
    }
    with pytest.raises(HistoryUnusable, match="needn't be encrypted"):
        await History.of(Settings(_env_file=None, **said))  # type: ignore[call-arg,arg-type]
    aloud = Settings(_env_file=None, TIERLINE_DATABASE_INSECURE="yes", **said)  # type: ignore[call-arg,arg-type]
    history = await History.of(aloud)
    assert "whoever is between" in history.warnings[0]
    await history.put_customer("eva", "Eva", "", (), {})
    assert await _name(history) == "Eva"
    await history.close()


async def test_several_processes_open_a_new_one_at_once(url: str, tmp_path: Path) -> None:
    opened = await asyncio.gather(*(History.open(url, tmp_path / str(i)) for i in range(4)))
    for i, history in enumerate(opened):
        await history.put_customer(str(i), "", "", (), {})
    assert [row[0] for row in (await rows(opened[0]))["customers"]] == ["0", "1", "2", "3"]
    for history in opened:
        await history.close()


# ---- while it is used ---------------------------------------------------------------------------------------------


async def test_a_server_that_crashes_again_and_again_keeps_every_entry_once(own: Own, tmp_path: Path) -> None:
    """Entries are handed over as the projector does it: again until it worked."""
    history = await History.open(own.url, tmp_path)
    told = [event for i in range(30) for event in story(f"C{2000 + i}", f"SM{i}", first=1 + 20 * i)]
    entries = [list(together) for _, together in groupby(told, key=lambda it: it.id)]
    refused = 0

    async def hand_over() -> None:
        nonlocal refused
        for first in range(0, len(entries), 3):
            while True:
                try:
                    await history.project([it for entry in entries[first : first + 3] for it in entry])
                    break
                except HistoryUnavailable:
                    refused += 1
                    await asyncio.sleep(0.02)

    task = asyncio.create_task(hand_over())
    while not task.done():
        seen = await _count(history)
        await until(lambda seen=seen: _more(history, seen, task))  # type: ignore[misc]
        await own.crash()
        await own.start()
    await task
    assert refused
    kept = await rows(history)
    async with history.database.write() as connection:
        for table in reversed(module.metadata.sorted_tables):
            await connection.execute(table.delete())
    await history.project(told)
    assert await rows(history) == kept
    await history.close()


async def _count(history: History) -> int:
    try:
        async with history.database.read() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM events"))).scalar_one())
    except HistoryUnavailable:
        return 0


async def _more(history: History, than: int, task: asyncio.Task[None]) -> bool:
    return task.done() or await _count(history) > than + 130


async def test_a_frozen_server_is_given_up_in_time_and_used_again(own: Own, tmp_path: Path) -> None:
    history = await History.open(own.url, tmp_path)
    await history.put_customer("eva", "Eva", "", (), {})
    with own.frozen():
        reading = history.database.whole(_name(history), 0.2)
        with pytest.raises(HistoryUnavailable, match="no answer within"):
            await reading
    assert await _name(history) == "Eva"
    await history.close()


async def _name(history: History) -> str:
    found = await history.customer("eva")
    assert found is not None
    return found.name


async def test_who_was_stopped_amid_a_write_holds_up_the_next_for_no_longer_than_agreed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that sleeps within its transaction, seen from the server: a connection that says nothing more."""
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "IDLE", 1.0)
        sleeper = await History.open(url, tmp_path / "one")
    other = await History.open(url, tmp_path / "two")
    with pytest.raises(HistoryUnavailable):
        async with sleeper.database.write() as connection:
            await connection.execute(text("INSERT INTO customers VALUES ('eva', 'Eva', 'de')"))
            await other.project(story())  # waits until the server has ended the sleeper's transaction
            await connection.execute(text("INSERT INTO customers VALUES ('jonas', 'Jonas', 'de')"))
    found = await other.contact("C1001")
    assert found is not None and found.state == "closed"
    assert (await rows(other))["customers"] == []
    await until(lambda: _put(sleeper))  # it wakes, and goes on as if nothing were
    for history in (sleeper, other):
        await history.close()


async def _put(history: History) -> bool:
    try:
        await history.put_customer("eva", "Eva", "", (), {})
    except HistoryUnavailable:
        return False
    return await _name(history) == "Eva"


async def test_while_a_role_goes_over_two_may_project_the_same_and_neither_is_refused(
    url: str, tmp_path: Path
) -> None:
    """A refusal would set an entry aside and tell a supervisor of what isn't wrong."""
    both = [await History.open(url, tmp_path / name) for name in ("one", "two")]
    told = [event for i in range(20) for event in story(f"C{2000 + i}", f"SM{i}", first=1 + 20 * i)]
    entries = [list(together) for _, together in groupby(told, key=lambda it: it.id)]

    async def play(history: History, at_once: int) -> None:
        for first in range(0, len(entries), at_once):
            await history.project([it for entry in entries[first : first + at_once] for it in entry])

    await asyncio.gather(play(both[0], 5), play(both[1], 7), play(both[0], 3))
    assert len((await rows(both[0]))["events"]) == len(told)
    assert {row[1] for row in (await rows(both[0]))["contacts"]} == {"closed"}
    for history in both:
        await history.close()
