"""Looking back, going back and trying a draft on the command line: with a running product, and where none runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from helpers_app import JONAS, PLAN, Inside, inside
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result

from tierline.__main__ import add_the_rest, cli
from tierline.queue.history.database import FILE

COMMANDS = add_the_rest(cli)

OTHER = PLAN.replace("answer_within: 10m", "answer_within: 5m")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "DATABASE_URL", "TIERLINE_SECRET", "TIERLINE_PLAN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TIERLINE_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("PORT", "9")


def run(*words: str) -> Result:
    return CliRunner().invoke(COMMANDS, list(words), env={"COLUMNS": "200"})


def said(*words: str, code: int = 0) -> str:
    found = run(*words)
    assert found.exit_code == code, (words, found.output)
    # The product is in this process, too, and what it logs meanwhile is caught with what the command says.
    return "".join(it for it in str(found.output).splitlines(keepends=True) if not it.startswith('{"'))


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "one.yaml").write_text(PLAN)
    (tmp_path / "other.yaml").write_text(OTHER)
    return str(tmp_path / "one.yaml"), str(tmp_path / "other.yaml")


def test_two_files_are_compared_in_sentences(files: tuple[str, str]) -> None:
    assert said("plan", "diff", *files) == "Service “help”: answered within 5 min (was 10 min)\n"
    assert said("plan", "diff", files[0], files[0]) == "They say the same.\n"
    (Path(files[0]).parent / "bad.yaml").write_text("site: 1\n")
    assert "nothing is changed" in said("plan", "diff", "bad.yaml", files[0], code=1)
    assert "No such file" in said("plan", "diff", "nowhere.yaml", files[0], code=2)


def test_what_was_published_to_the_store_alone_says_what_it_does(files: tuple[str, str]) -> None:
    said("plan", "publish", files[0], "--reason", "the first")
    told = said(
        "plan", "publish", files[1], "--reason", "faster", "--author", "Mira", "--waiting", "reevaluate"
    )
    assert "Service “help”: answered within 5 min (was 10 min)" in told
    assert "Nobody waits." in told and "Version 2 is active." in told
    assert said("plan", "publish", files[0], "--reason", "x", "--waiting", "perhaps", code=2)


def test_what_needs_a_running_product_says_so(files: tuple[str, str]) -> None:
    for words in (("plan", "rollback", "1"), ("plan", "dry-run", files[0])):
        assert "no Tierline answers" in said(*words, code=1)
    assert "no plan version 4" in said("plan", "diff", "4", files[0], code=1)
    assert said("plan", "history") == "" and "0 lines" in said("audit", "verify")


@pytest_asyncio.fixture
async def it(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path / "home", PLAN) as running:
        yield running


@pytest.mark.promise("plan-commands")
async def test_the_way_there_and_back_as_a_supervisor_types_it(
    it: Inside, files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", it.product.rpartition(":")[2])
    monkeypatch.setenv("TIERLINE_API_TOKEN", it.rehearsal.api_token)

    async def typed(*words: str, code: int = 0) -> str:
        return await asyncio.to_thread(said, *words, code=code)

    await it.text("a question", JONAS)
    assert await typed("plan", "diff", files[1]) == "Service “help”: answered within 5 min (was 10 min)\n"
    told = await typed("plan", "check", files[1])
    assert "1 waits; re-evaluating moves 1: 1 in help (other terms)." in told
    told = await typed(
        "plan",
        "publish",
        files[1],
        "--reason",
        "faster",
        "--author",
        "Mira",
        "--waiting",
        "reevaluate",
        "--on",
        "1",
    )
    assert "Version 2 is active." in told and "being re-evaluated" in told

    async def walked() -> bool:  # a newer version would end the walk where it stands
        return "moved 1 of 1" in await typed("plan", "history")

    await it.until(walked)
    late = await typed("plan", "publish", files[0], "--reason", "late", "--on", "1", code=1)
    assert "version 2 was published meanwhile" in late
    assert await typed("plan", "diff", "1", "2") == "Service “help”: answered within 5 min (was 10 min)\n"
    assert "Version 3 is active." in await typed(
        "plan", "rollback", "1", "--reason", "too fast", "--author", "Mira"
    )
    assert "no plan version 9" in await typed("plan", "rollback", "9", code=1)

    async def recorded() -> str:
        found = await typed("plan", "history")
        return found if "rollback to 1: too fast" in found and "moved 1 of 1" in found else ""

    lines = (await it.until(recorded)).splitlines()
    assert [line.split()[0] for line in lines if line[:4].strip()] == ["1", "2", "3"]
    assert "None of the last 1 contacts would have gone elsewhere." in await typed(
        "plan", "dry-run", files[0]
    )
    other = await typed("plan", "dry-run", files[1])
    assert "1 × help → answered by another time (C1001)" in other

    async def logged() -> str:  # the history is a moment behind
        found = await typed("audit", "list")
        return found if found.count("plan.publish") == 3 else ""

    log = await it.until(logged)
    assert log.count("Mira") == 2 and "api 127.0.0.1" in log
    verified = await typed("audit", "verify")
    assert "is as it was written" in verified
    head = verified.rpartition(" ")[2].strip()
    assert "is as it was written" in await typed("audit", "verify", "--head", head)
    assert "--head" in await typed("audit", "verify", "--head", "x", code=2)
    engine = create_engine(f"sqlite:///{it.app.settings.data / FILE}")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE audit SET who = 'Tom' WHERE who = 'Mira' AND n = (SELECT max(n) FROM audit)")
        )
    engine.dispose()
    assert "NOT as it was written" in await typed("audit", "verify", code=1)
