"""Several processes whose history is a PostgreSQL that crashes, while they are restarted and killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_postgres import own_postgres
from many_stage import Crew, flow, greeted, open_crew, roll, slash, take

from tierline.queue.history.history import History


@pytest.mark.promise("many-postgres")
async def test_restarts_a_takeover_and_a_crash_of_the_history_under_load_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    """Two web processes, two workers; texts are taken while PostgreSQL is away, and come into it afterwards."""
    async with own_postgres() as own, open_crew(tmp_path, webs=2, workers=2, history=own.url) as crew:
        for name in ("Ada", "Ben"):
            await slash(crew, name, "available")
        async with flow(crew) as answers:
            for it in (*crew.webs, *crew.workers):
                await roll(crew, it)
            await _more(crew, answers)
            writer = await crew.delivering(role="history")
            await writer.kill()
            assert await crew.delivering(writer, role="history") is not writer
            assert await crew.delivering(writer) is not writer
            await own.crash()
            await _more(crew, answers)
            await own.start()
            await crew.started(writer)
            await _more(crew, answers)
        assert set(answers.values()) == {200}
        await take(crew, "Ada", "word of", next(iter(answers)))
        await crew.until(lambda: greeted(crew, answers), 120)
        assert set((await crew.sent()).values()) == {1}
        assert set((await crew.offers_shown()).values()) <= {1}

        history = await History.open(own.url, tmp_path)
        try:
            assert crew.store is not None
            counted = await crew.store.call("HGET", "{main}:site", "contacts")
            assert counted == str(len(answers)).encode()
            await crew.until(lambda: _all_written(history, list(answers)))
        finally:
            await history.close()
        for worker in crew.workers:
            assert "history.set_aside" not in worker.log


async def _more(crew: Crew, answers: dict[str, int | None]) -> None:
    """Wait for ten more texts."""
    enough = len(answers) + 10
    await crew.until(lambda: len(answers) >= enough)


async def _all_written(history: History, phones: list[str]) -> bool:
    """Whether each has one contact there, whose transcript has the one text."""
    for phone in phones:
        found = await history.contacts(None, phone, 10)
        if not found:
            return False
        assert len(found) == 1
        whole = await history.contact(found[0].id)
        assert whole is not None
        texts = [it.body for it in whole.messages if it.kind == "in"]
        assert len(texts) == 1 and f"word of {phone}" in texts[0]
    return True
