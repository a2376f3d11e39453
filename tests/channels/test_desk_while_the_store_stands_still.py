"""The store stands still under the desk: Slack has its acknowledgement at once, forms open, and say later what is (F63)."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers_app import Inside, inside

ACK = 1_000
"""ms within which a button is acknowledged."""


@contextmanager
def frozen(it: Inside) -> Iterator[None]:
    """The store doesn't answer, and its connections stand."""
    embedded = it.app.store.embedded
    assert embedded is not None and embedded.pid is not None
    os.kill(embedded.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(embedded.pid, signal.SIGCONT)


async def taken(it: Inside) -> dict[str, Any]:
    """Ada has a contact: the first message of its thread."""
    await it.slash("Ada", "available")
    assert await it.text("help me") == 200
    await it.accept("Ada", "help me")

    async def head() -> list[dict[str, Any]]:
        return [m for m in await it.channel("desk") if "contact.close" in str(m["blocks"])]

    found: dict[str, Any] = (await it.until(head))[0]
    return found


async def press(it: Inside, head: dict[str, Any], action: str, **more: str) -> float:
    """ms until a button of Ada's was acknowledged."""
    body = {"user": it.person("Ada").slack, "channel": head["channel"], "ts": head["ts"], "action_id": action}
    return float((await it.call("/slack/act", body | more))["ack_ms"])


async def view(it: Inside) -> dict[str, Any] | None:
    views = await it.call(f"/slack/views?user={it.person('Ada').slack}")
    return views[-1] if views else None


@pytest.mark.promise("desk-frozen")
async def test_every_button_is_acknowledged_within_a_second_and_works_when_the_store_is_back(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path) as it:
        head = await taken(it)
        buttons = ["contact.more", "contact.note", "contact.reply", "contact.escalate"]
        with frozen(it):
            acks = await asyncio.gather(*(press(it, head, buttons[n % 4]) for n in range(40)))
            assert max(acks) < ACK
        assert "1 contact" in await it.slash("Ada", "status") or "C1001" in await it.slash("Ada", "status")


@pytest.mark.promise("desk-frozen")
async def test_a_form_opens_at_once_and_is_there_when_the_store_answers_again(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        head = await taken(it)
        with frozen(it):
            begun = time.monotonic()
            await press(it, head, "contact.close")
            shown = await it.until(lambda: view(it), within=3)
            assert time.monotonic() - begun < 3 and "One moment" in str(shown["blocks"])
            await asyncio.sleep(1.0)

        async def form() -> bool:
            now = await view(it)
            return now is not None and now["id"] == shown["id"] and bool(now.get("submit"))

        await it.until(form)
