"""Recordings: only where the plan says so and after the customer has heard it; paused, fetched, opened, and erased."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, telephone
from tests.channels.talk_stage import Talk, talking
from tests.channels.test_first_call import waiting
from tierline.router.moves import Who

VOICE = "voice: {offer: 20s, wrap_up: 30s"
ELSEWHERE = CALLS.replace(VOICE, f"{VOICE}, recording: {{announced: elsewhere, keep: 2d}}")
RECORDED = CALLS.replace(VOICE, f"{VOICE}, recording: {{announced: texts, keep: 2d}}").replace(
    "settings:", "texts: {call_recorded: {en: We record this., de: Wir zeichnen auf.}}\nsettings:"
)
TOLD = "We record this."


async def over(talk: Talk) -> str:
    """The customer hangs up; the recording's name, once it is there."""
    await talk.it.do(talk.customer, "hangup")
    await talk.line("The recording is there")
    folder = talk.it.inside.app.recordings.folder
    found = list(folder.glob("RE*.wav"))
    assert len(found) == 1
    return found[0].stem


async def pressed(talk: Talk, name: str) -> str:
    """What `name` is told who presses *Listen to it*: words, and a link if there is one."""
    inside = talk.it.inside
    (line,) = [m for m in await inside.channel("desk") if "call.recording" in str(m)]
    who = inside.person(name)
    body = {"user": who.slack, "channel": line["channel"], "ts": line["ts"], "action_id": "call.recording"}
    await inside.call("/slack/act", body)

    async def told() -> list[str]:
        seen = [m for m in await inside.channel("desk") if m.get("ephemeral_to") == who.slack]
        return [str(m) for m in seen if "ecording" in m["text"]]

    return str((await inside.until(told))[-1])


@pytest.mark.promise("call-recorded")
async def test_a_call_is_recorded_after_the_customer_was_told_and_opened_by_a_link_that_ends(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path, RECORDED) as talk:
        assert TOLD in await talk.it.heard(talk.customer)
        assert TOLD not in await talk.it.heard(talk.ada)
        await talk.says(talk.customer, "my number is seven", talk.ada)
        name = await over(talk)
        assert "Only whoever had" in await pressed(talk, "Ben")
        found = re.search(
            rf"http[^'\" ]*/recording/{name}\?until=\d+&(?:amp;)?sig=[0-9a-f]+", await pressed(talk, "Ada")
        )
        assert found is not None
        url = found[0].replace("&amp;", "&")
        http = talk.it.inside.http
        async with http.get(url) as answer:
            assert answer.status == 200 and answer.content_type == "audio/wav"
            assert b"my number is seven" in await answer.read()
        later = re.sub(r"until=(\d+)", lambda m: f"until={int(m[1]) + 1}", url)
        for wrong in (url[:-1] + ("0" if url[-1] != "0" else "1"), later, url.partition("?")[0]):
            async with http.get(wrong) as answer:
                assert answer.status == 403 and b"seven" not in await answer.read()
        links = talk.it.inside.app.recordings.links
        assert not links.good(
            name, re.findall(r"until=(\d+)", url)[0], url.rpartition("=")[2], time.time() + 901
        )


@pytest.mark.promise("call-recorded")
async def test_who_announces_elsewhere_says_nothing_more_and_without_a_word_in_the_plan_nothing_is_recorded(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path / "elsewhere", ELSEWHERE) as talk:
        assert "record" not in await talk.it.heard(talk.customer)
        await over(talk)
    async with talking(tmp_path / "none") as talk:
        assert "not recorded" in await talk.slash("Ada", "pause")
        await talk.it.do(talk.customer, "hangup")
        await talk.until_state("wrapping")
        wire = await talk.it.inside.call("/wire?since=0")
        assert not [it for it in wire if it["path"].endswith("/twilio/voice/recording")]


@pytest.mark.promise("call-recording-paused")
async def test_what_is_said_while_the_recording_is_paused_or_agents_speak_among_themselves_is_not_in_it(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path, RECORDED) as talk:
        await talk.slash("Ada", "pause")
        await talk.line("Nothing is recorded now")
        await talk.says(talk.customer, "card four two four two", talk.ada)
        await talk.slash("Ada", "record")
        await talk.line("It is recorded again")
        await talk.says(talk.ada, "thank you for the card", talk.customer)
        await talk.slash("Ada", "speak Ben about money")
        ben = await talk.answers("Ben")
        await talk.until_with(ben, "agent-Ada")

        async def paused() -> bool:
            return (
                sum("Nothing is recorded now" in m["text"] for m in await talk.it.inside.channel("desk")) == 2
            )

        await talk.it.inside.until(paused)
        await talk.says(talk.ada, "between us", ben, but=(talk.customer,))
        await talk.slash("Ada", "hand_over")
        await talk.until_with(talk.customer, "agent-Ben")

        async def again() -> bool:
            return sum("It is recorded again" in m["text"] for m in await talk.it.inside.channel("desk")) == 2

        await talk.it.inside.until(again)
        await talk.says(ben, "Ben goes on", talk.customer)
        sound = talk.it.inside.app.recordings.path(await over(talk)).read_bytes()
        assert b"thank you for the card" in sound and b"Ben goes on" in sound
        assert b"four two" not in sound and b"between us" not in sound


@pytest.mark.promise("call-recording-kept")
async def test_after_its_days_a_recording_is_gone_here_and_at_the_provider(tmp_path: Path) -> None:
    async with talking(tmp_path, RECORDED) as talk:
        name = await over(talk)
        recordings = talk.it.inside.app.recordings
        path = recordings.path(name)
        assert path.stat().st_mode & 0o077 == 0
        assert await recordings.sweep() == 0 and path.exists()
        old = time.time() - 2 * 86_400 - 5
        os.utime(path, (old, old))
        assert await recordings.sweep() == 1
        assert not path.exists()
        assert "isn't kept any more" in await pressed(talk, "Ada")
        wire = await talk.it.inside.call("/wire?since=0")
        assert [it["status"] for it in wire if it["method"] == "DELETE" and name in it["path"]] == [204]


@pytest.mark.promise("call-recorded")
async def test_a_recording_that_cannot_be_fetched_now_is_fetched_later(tmp_path: Path) -> None:
    async with talking(tmp_path, RECORDED) as talk:
        await talk.says(talk.customer, "keep this", talk.ada)
        await talk.it.inside.call("/faults", {"twilio": {"fail": 503, "times": 2}})
        sound = talk.it.inside.app.recordings.path(await over(talk)).read_bytes()
        assert b"keep this" in sound


@pytest.mark.promise("call-recorded")
async def test_a_message_is_fetched_and_opened_like_a_call(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        customer = await it.dial()
        await waiting(it, customer)
        talk = Talk(it, customer, "", str((await it.inside.contacts())[0]["id"]))
        await it.inside.until(lambda: it.said(customer, "leave a message"))
        await it.do(customer, "press", digits="2")
        await it.inside.until(lambda: it.at(customer, "voicemail"))
        await it.do(customer, "record", text="please call me about the invoice", seconds=9)
        await talk.until_over(customer)
        await it.inside.slash("Ada", "available")
        await it.inside.accept("Ada")
        await talk.until_state("active", "Ada")

        async def fetched() -> list[Path]:
            return sounds(it.inside.app.recordings.folder)

        (path,) = await it.inside.until(fetched)
        assert b"about the invoice" in path.read_bytes()
        told = await it.inside.app.house.recordings.open(  # type: ignore[union-attr]
            Who("Ada", "Ada", False), f"{talk.contact}.{path.stem}"
        )
        assert told.ok and told.buttons[0].url.startswith("http")


def sounds(folder: Path) -> list[Path]:
    return list(folder.glob("*.wav"))
