"""An outage in which Twilio's webhooks are refused: afterwards everything is there, once (F53)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.channels.phone_stage import PHONES, Stage, telephone
from tests.helpers_app import DESK, EVA, JONAS
from tierline.channels.phone import Call, Heard
from tierline.queue.contact import Arrived
from tierline.queue.failures import StoreUnavailable
from tierline.router import catch_up
from tierline.router.arriving import Arriving
from tierline.sandbox.twilio_sms import TwilioStandIn

PNG = "data:image/png;base64,iVBORw0KGgo="


def twilio_of(it: Stage) -> TwilioStandIn:
    """The stand-in behind the stage."""
    found = next(one for one in it.inside.rehearsal.sandbox.standins if isinstance(one, TwilioStandIn))
    return found


@asynccontextmanager
async def outage(it: Stage) -> AsyncIterator[list[str]]:
    """Whatever Twilio asks is answered 503, its further tries as well; gives the paths that were asked."""
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=503)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", refuse)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    away = f"http://127.0.0.1:{runner.addresses[0][1]}"
    number = twilio_of(it).store.number(DESK)
    assert number is not None
    before = dict(number.settings)
    for name in ("sms_url", "sms_fallback_url", "voice_url", "status_callback"):
        number.settings[name] = f"{away}/{name}#rc=3&rp=all"
    try:
        yield asked
    finally:
        number.settings |= before
        await runner.cleanup()


async def later(it: Stage, seconds: int) -> None:
    """So many seconds pass."""
    await it.inside.call("/clock", {"advance": f"{seconds}s"})


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other as fast as a test; that 20 s are soon enough a test of the figures says."""
    monkeypatch.setattr(catch_up, "EVERY", 0.1)


@asynccontextmanager
async def known(tmp_path: Path) -> AsyncIterator[Stage]:
    """A product that has had its first look."""
    async with telephone(tmp_path) as it:

        async def looked() -> int:
            return min(
                await it.inside.app.queue.seen_until("texts"), await it.inside.app.queue.seen_until("calls")
            )

        await it.inside.until(looked)
        yield it


@pytest.mark.promise("caught-up")
@pytest.mark.usefixtures("hurried")
async def test_after_thirty_seconds_away_every_text_is_there_once(tmp_path: Path) -> None:
    async with known(tmp_path) as it:
        async with outage(it) as asked:
            assert await it.inside.text("My server is down") == 503
            await it.inside.text("Mine too", JONAS)
            await it.inside.call("/sms", {"from": EVA, "to": DESK, "text": "See", "media": [PNG]})
            assert asked.count("/sms_url") == 12  # three texts, each tried four times
            assert await it.inside.contacts() == []
            await later(it, 30)
        begun = await it.inside.app.queue.now()
        await it.inside.until(lambda: it.inside.contacts(JONAS))
        eva = await it.inside.until(lambda: it.inside.contacts())
        assert await it.inside.app.queue.now() - begun < 60_000
        assert len(eva) == 1
        said = [
            Arrived.parse(m.body) for m in await it.inside.app.queue.messages(eva[0]["id"]) if m.kind == "in"
        ]
        assert [m.text for m in said] == ["My server is down", "See"]
        kept = next(m for m in twilio_of(it).store.messages.values() if m.media)
        assert said[1].media[0].url.endswith(f"/Messages/{kept.sid}/Media/{kept.media[0].sid}")
        await later(it, 60)
        await it.inside.until(lambda: it.inside.told("3 texts that never reached us"))
        assert len(await it.inside.contacts()) == len(await it.inside.contacts(JONAS)) == 1


@pytest.mark.promise("caught-up-calls")
@pytest.mark.usefixtures("hurried")
async def test_a_caller_who_heard_nothing_but_a_fault_is_called_back_by_an_agent(tmp_path: Path) -> None:
    async with known(tmp_path) as it:
        async with outage(it):
            sid = await it.dial()

            async def over() -> bool:
                return str((await it.leg(sid))["status"]) == "completed"

            await it.inside.until(over)
            await later(it, 30)
        await it.inside.until(lambda: it.inside.contacts())
        await it.inside.until(lambda: it.inside.told("1 calls that never reached us"))
        await it.inside.slash("Ada", "available")
        agent = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(agent, "answer")
        await it.inside.until(lambda: it.heard(agent))
        assert "callback" in await it.heard(agent)
        await it.do(agent, "press", digits="1")
        PHONES["Eva"] = EVA
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert "You called us while we couldn't answer" in await it.heard(back)


@pytest.mark.usefixtures("hurried")
async def test_who_hangs_up_in_the_menu_is_not_called_back(tmp_path: Path) -> None:
    async with known(tmp_path) as it:
        sid = await it.dial()
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.do(sid, "hangup")
        await later(it, 30)
        reached = await it.inside.app.queue.now() - catch_up.SETTLED

        async def looked() -> bool:
            return await it.inside.app.queue.seen_until("calls") >= reached

        await it.inside.until(looked)
        assert await it.inside.contacts() == []


@pytest.mark.promise("caught-up-calls")
@pytest.mark.usefixtures("hurried")
async def test_who_hangs_up_while_we_cannot_hear_what_they_chose_is_called_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: Arriving, call: Call) -> Heard:
        raise StoreUnavailable("the store is away")

    async with known(tmp_path) as it:
        sid = await it.dial()
        await it.inside.until(lambda: it.at(sid, "menu"))
        with monkeypatch.context() as broken:
            broken.setattr(Arriving, "menu", away)
            await it.do(sid, "press", digits="1")
            await it.inside.until(lambda: it.said(sid, "keep trying"))
            await it.do(sid, "hangup")
        await later(it, 30)
        (contact,) = await it.inside.until(lambda: it.inside.contacts())
        assert (await it.inside.app.queue.jots(contact["id"]))["kind"] == "callback"
