"""A history's tables come from migrations alone: from nothing, from every earlier version, from several processes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from helpers_history import history as history
from helpers_history import rows, story
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from tierline.queue.history.database import FILE, HistoryUnavailable, HistoryUnusable, upgrade, where
from tierline.queue.history.history import History
from tierline.queue.history.tables import metadata

VERSIONS = ["0001", "0002", "0003"]


async def test_the_migrations_make_exactly_the_tables_that_the_code_knows(history: History) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with history.database.write() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_history_of_every_version_is_brought_up_to_date_with_what_it_holds(
    tmp_path: Path, version: str
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    with engine.begin() as connection:
        upgrade(connection, version)
        connection.execute(text("INSERT INTO customers (key, name, language) VALUES ('eva', 'Eva', 'de')"))
    engine.dispose()
    for _ in range(2):
        history = await History.open(None, tmp_path)
        try:
            found = await history.customer("eva")
            assert found is not None and found.name == "Eva"
            await history.project(story())
        finally:
            await history.close()


async def test_several_processes_open_a_new_history_at_once(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from tierline.queue.history.history import History\n"
        "async def main():\n"
        "    history = await History.open(None, Path(sys.argv[1])); await history.put_customer(sys.argv[2], '', '', (), {})\n"
        "    await history.close()\n"
        "asyncio.run(main())\n"
    )
    import sys

    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(tmp_path), str(i), stderr=asyncio.subprocess.PIPE
        )
        for i in range(3)
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    history = await History.open(None, tmp_path)
    try:
        assert [row[0] for row in (await rows(history))["customers"]] == ["0", "1", "2"]
    finally:
        await history.close()


async def test_a_history_written_by_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    await (await History.open(None, tmp_path)).close()
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(HistoryUnusable, match="newer Tierline"):
        await History.open(None, tmp_path)


async def test_a_file_that_is_no_database_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"letters of a friend, not a database" * 100)
    with pytest.raises(HistoryUnavailable):
        await History.open(None, tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"letters")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_usual_url_of_postgresql_is_read(scheme: str, tmp_path: Path) -> None:
    pytest.importorskip("asyncpg", reason="asyncpg (the extra `postgres`) isn't installed")
    url, options = where(f"{scheme}://tier:s%40cret@db.example:5433/line?sslmode=require", tmp_path)
    assert url.drivername == "postgresql+asyncpg"
    assert (url.host, url.port, url.database, url.username, url.password) == (
        "db.example",
        5433,
        "line",
        "tier",
        "s@cret",
    )
    assert options["ssl"] == "require" and "s@cret" not in repr(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:hidden@h/db", "DATABASE_URL must look like postgresql://"),
        ("hidden", "DATABASE_URL must look like postgresql://"),
        ("postgresql://u:hidden@h:port/db", "DATABASE_URL must look like postgresql://"),
        ("postgresql://u:hidden@h/db?sslmode=maybe", "the only options are sslmode"),
        ("postgresql://u:hidden@h/db?sslmode=require&sslrootcert=/ca.pem", "the only options are sslmode"),
        ("postgresql://u:hidden@h/db?sslmode=verify-full&sslrootcert=/none.pem", "sslrootcert can't be read"),
        ("postgresql://u:hidden@h/db?host=elsewhere", "the only options are sslmode"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_to_write_and_never_the_password(
    url: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierline.queue.history.postgres.find_spec", lambda name: object())
    with pytest.raises(HistoryUnusable, match=says) as refused:
        where(url, tmp_path)
    assert "hidden" not in str(refused.value)


def test_without_the_driver_the_message_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierline.queue.history.postgres.find_spec", lambda name: None)
    with pytest.raises(HistoryUnusable, match=r"pip install 'tierline\[postgres\]'"):
        where("postgres://u:p@h/db", tmp_path)
