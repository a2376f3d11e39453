"""The plan's own long music: whoever waits hears it piece by piece, so that they can be told something in between."""

from __future__ import annotations

import asyncio
import contextlib
import io
import wave
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from voice_door_stage import BASE, VoiceStage, call_form, voice_stage

from tests.unit.test_music_in_pieces import song
from tierline.channels.phone import Ask, Go, Play, Say


@contextlib.asynccontextmanager
async def music_at(content: bytes, status: int = 200) -> AsyncIterator[str]:
    """Somebody's web server with a song."""

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=content, status=status)

    app = web.Application()
    app.router.add_get("/song", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/song"
    finally:
        await runner.cleanup()


def waits(stage: VoiceStage, address: str) -> None:
    """The router has them hear that music and asks again."""
    stage.door.jukebox.anywhere = True
    said = (Say("You are next.", "en"), Play(address))
    stage.router.says = (Ask(said, Go("wait", {"c": "C1001"}), "en", timeout=1),)


async def heard(stage: VoiceStage, query: str) -> tuple[str, str]:
    """What is played, and the query of the next question."""
    (gather,) = await stage.ask(f"/twilio/voice/wait?{query}", call_form())
    return str(gather.findtext("Play")), urlsplit(gather.attrib["action"]).query


async def fetched(stage: VoiceStage) -> None:
    await asyncio.wait_for(asyncio.gather(*stage.door.jukebox.loading.values()), 30)


@pytest.mark.promise("call-music-long")
async def test_a_long_song_is_played_in_pieces_one_behind_the_other_and_begins_again() -> None:
    async with music_at(song(50)) as address, voice_stage() as stage:
        waits(stage, address)
        first, query = await heard(stage, "c=C1001")
        assert first == f"{BASE}/twilio/voice/sound/music.wav", (
            "nobody waits for a whole song that isn't here yet"
        )
        await fetched(stage)
        lasting = []
        for _ in range(4):
            played, query = await heard(stage, query)
            assert parse_qs(query)["c"] == ["C1001"]
            async with stage.http.get(stage.base + played.removeprefix(BASE)) as answer:
                assert (answer.status, answer.content_type) == (200, "audio/wav")
                with wave.open(io.BytesIO(await answer.read())) as it:
                    lasting.append(it.getnframes() / it.getframerate())
        assert lasting == [18, 18, 14, 18]


async def test_another_process_serves_the_piece_and_only_what_we_have_signed() -> None:
    async with music_at(song(50)) as address, voice_stage() as one, voice_stage() as other:
        waits(one, address)
        waits(other, address)
        await heard(one, "c=C1001")
        await fetched(one)
        played, _ = await heard(one, "c=C1001")
        path = other.base + played.removeprefix(BASE)
        async with other.http.get(path) as answer:
            assert answer.status == 200 and answer.content_length == 44 + 18 * 8_000 * 2
        for wrong in (
            path.replace("n=0", "n=1"),
            path[:-1] + ("0" if path[-1] != "0" else "1"),
            path.partition("?")[0],
        ):
            async with other.http.get(wrong) as answer:
                assert answer.status == 404


@pytest.mark.parametrize(("content", "status"), [(song(12), 200), (b"OggS" + bytes(900), 200), (b"", 404)])
async def test_what_is_short_or_cannot_be_cut_or_fetched_is_played_as_it_is(
    content: bytes, status: int
) -> None:
    async with music_at(content, status) as address, voice_stage() as stage:
        waits(stage, address)
        await heard(stage, "c=C1001")
        await fetched(stage)
        assert (await heard(stage, "c=C1001"))[0] == address


async def test_what_lies_in_our_own_network_is_not_fetched_for_anybody() -> None:
    async with music_at(song(50)) as address, voice_stage() as stage:
        waits(stage, address)
        stage.door.jukebox.anywhere = False
        await heard(stage, "c=C1001")
        await fetched(stage)
        assert (await heard(stage, "c=C1001"))[0] == address
