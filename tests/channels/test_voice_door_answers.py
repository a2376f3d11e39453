"""A leg that asks is answered in time and in words, whatever happens behind the door (F50, F58, SEC1)."""

from __future__ import annotations

import asyncio
import io
import random
import wave
from array import array
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from twilio_rehearsal import EVA, OURS, TOKEN
from voice_door_stage import (
    BASE,
    CALL,
    OLD,
    QUEUE,
    Router,
    call_form,
    leg_form,
    recording_form,
    room_form,
    voice_stage,
)

from tierline.channels.phone import Ask, Call, Go, Heard, Leave, LegNews, Meet, Play, Say, Turn, Wait
from tierline.channels.voice import door
from tierline.channels.voice.standby import LAST_TURN


def _query(address: str) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}


@pytest.mark.promise("voice-signed")
async def test_every_webhook_refuses_what_is_unsigned_or_signed_by_another() -> None:
    async with voice_stage() as stage:
        paths = [route.path for route in stage.door.routes() if route.method == "POST"]
        assert len(paths) == 19
        for path in paths:
            for signature in ("", "nonsense", "A" * 27 + "="):
                assert (await stage.post(path, signature=signature))[0] == 403
            assert (await stage.post(path, token="d4" * 16))[0] == 403
            assert (await stage.post(path, url="https://other.example"))[0] == 403
        assert not stage.router.asked_for and not stage.router.news
        assert (await stage.post("/twilio/voice", token=OLD))[0] == 200


async def test_a_call_is_decoded_and_answered() -> None:
    async with voice_stage() as stage:
        (say,) = (await stage.ask(form=call_form(CallerName="EVA M")))[:1]
        assert (say.tag, say.text, say.get("language")) == ("Say", "Hello", "en-GB")
        assert stage.router.asked_for == [
            ("call", Call(CALL, EVA, OURS, name="EVA M", verified=True)),
        ]


async def test_what_a_leg_hears_leads_to_the_next_address() -> None:
    about = {"c": "C1001", "o": "7"}
    async with voice_stage() as stage:
        stage.router.says = (Ask((Say("Press 1", "de"), Play()), Go("key", about), "de"),)
        (gather,) = await stage.ask("/twilio/voice/agent?c=C1001&o=7")
        assert gather.get("action", "").startswith(f"{BASE}/twilio/voice/key?c=C1001&o=7")
        assert (gather.get("numDigits"), gather.get("actionOnEmptyResult")) == ("1", "true")
        stage.router.says = (Meet("C1001", "agent", about, ends=False),)
        (dial,) = await stage.ask(gather.get("action", ""), call_form(Digits="1"))
        assert dial.get("action", "").startswith(f"{BASE}/twilio/voice/done?c=C1001&o=7")
        assert [call.digits for _, call in stage.router.asked_for] == ["", "1"]
        assert stage.router.asked_for[1][0] == "key" and stage.router.asked_for[1][1].about == about


async def test_who_waits_is_asked_about_with_queue_and_time() -> None:
    async with voice_stage() as stage:
        stage.router.says = (Wait("howto", {"c": "C1001"}),)
        (enqueue,) = await stage.ask()
        assert enqueue.text == "howto"
        stage.router.says = (Leave(),)
        (leave,) = await stage.ask(
            enqueue.get("waitUrl", ""), call_form(QueueSid=QUEUE, QueueTime="17", AvgQueueTime="9")
        )
        assert leave.tag == "Leave"
        await stage.ask(
            enqueue.get("action", ""), call_form(QueueSid=QUEUE, QueueTime="20", QueueResult="leave")
        )
        waits, left = stage.router.asked_for[1:]
        assert (waits[0], waits[1].queue, waits[1].waited) == ("wait", QUEUE, 17)
        assert (left[0], left[1].result, left[1].waited, left[1].about) == (
            "left",
            "leave",
            20,
            {"c": "C1001"},
        )


@pytest.mark.promise("voice-never-silent")
@pytest.mark.parametrize("how", ["raises", "hangs"])
async def test_a_router_that_fails_or_hangs_is_answered_for_within_two_seconds(how: str) -> None:
    async with voice_stage() as stage:
        stage.router.down = how == "raises"
        stage.router.hangs = asyncio.Event() if how == "hangs" else None
        async with asyncio.timeout(2.0):
            say, pause, redirect = await stage.ask("/twilio/voice/key?c=C1001", call_form(Digits="2"))
        assert (say.text, pause.get("length"), redirect.tag) == ("One moment", "5", "Redirect")
        again = _query(redirect.text or "")
        assert again == {"c": "C1001", "turns": "1", "digits": "2"}
        if how == "hangs":
            await asyncio.wait_for(stage.router.cancelled.wait(), 5)
        stage.router.down, stage.router.hangs = False, None
        await stage.ask(redirect.text or "")
        turn, call = stage.router.asked_for[-1]
        assert (turn, call.digits, call.turns, call.about) == ("key", "2", 1, {"c": "C1001"})


@pytest.mark.promise("voice-never-silent")
async def test_without_even_words_of_the_plan_a_caller_hears_two_languages_and_after_some_turns_a_goodbye() -> (
    None
):
    async with voice_stage() as stage:
        stage.router.down, stage.router.apology = True, None
        address, turns = "/twilio/voice", 0
        while (verbs := await stage.ask(address))[-1].tag == "Redirect":
            assert [v.get("language") for v in verbs[:2]] == ["en-GB", "de-DE"]
            address, turns = verbs[-1].text or "", turns + 1
            assert _query(address) == {"turns": str(turns)}
        assert turns == LAST_TURN and verbs[-1].tag == "Hangup"


async def test_whoever_is_on_hold_hears_music_when_nobody_can_say_what_else() -> None:
    async with voice_stage() as stage:
        stage.router.down = True
        play, redirect = await stage.ask("/twilio/voice/held?c=C1001")
        assert (play.tag, redirect.tag) == ("Play", "Redirect")
        async with stage.http.get((play.text or "").replace(BASE, stage.base)) as answer:
            assert answer.status == 200 and answer.content_type == "audio/wav"
            assert (await answer.read())[:4] == b"RIFF"


@pytest.mark.promise("voice-news-durable")
async def test_news_that_cannot_be_kept_are_refused_so_that_twilio_may_tell_them_again() -> None:
    async with voice_stage() as stage:
        told = (("leg", leg_form()), ("room", room_form()), ("recording", recording_form()))
        stage.router.down = True
        for kind, form in told:
            assert (await stage.post(f"/twilio/voice/{kind}", form))[0] == 503
        stage.router.down = False
        for kind, form in told:
            assert (await stage.post(f"/twilio/voice/{kind}", form))[0] == 200
        assert len(stage.router.news) == 3


async def test_nothing_to_hear_is_an_empty_document() -> None:
    async with voice_stage() as stage:
        stage.router.says = ()
        assert await stage.ask("/twilio/voice/left?c=C1001", call_form(QueueResult="redirected")) == []
        assert stage.router.asked_for[-1][1].result == "redirected"


class Odd(Router):
    """Says what no router says."""

    def __init__(self, says: object) -> None:
        super().__init__(says=says, apology=None)  # type: ignore[arg-type]

    async def asked(self, turn: Turn, call: Call) -> Heard:
        if isinstance(self.says, BaseException):
            raise self.says
        return self.says


@pytest.mark.promise("voice-never-silent")
@pytest.mark.parametrize(
    "says",
    [
        None,
        7,
        (None,),
        ("words",),
        (Say("x", None),),
        (Say("word " * 600, "en"),) * 30,
        asyncio.CancelledError(),
        KeyError("x"),
    ],  # type: ignore[arg-type]
)
@pytest.mark.parametrize("turn", ["", "/wait", "/key", "/held"])
async def test_whatever_goes_wrong_behind_the_door_is_a_document(says: object, turn: str) -> None:
    async with voice_stage() as stage:
        stage.door.calls = Odd(says)
        assert (await stage.ask(f"/twilio/voice{turn}?c=C1001"))[-1].tag == "Redirect"


@pytest.mark.promise("voice-never-silent")
async def test_what_is_signed_and_odd_is_words_for_a_caller_and_refused_as_news() -> None:
    rng = random.Random(58)
    made = {
        "": call_form,
        "/menu": call_form,
        "/leg": leg_form,
        "/room": room_form,
        "/recording": recording_form,
    }
    async with voice_stage() as stage:
        for _ in range(400):
            kind = rng.choice(list(made))
            form = made[kind]()
            for name in rng.sample(sorted(form), 2):
                form[name] = rng.choice(
                    ("", "x", "\x00", "²", "9" * 400, "-1", "ü" * 50, "<a>", form[name] * 2, "1\n2")
                )
            if rng.random() < 0.3:
                form[rng.choice(("Odd", "odd", "Digits", "SpeechResult", "QueueTime", "CallDuration"))] = (
                    rng.choice(("", "x", "²"))
                )
            status, text = await stage.post(f"/twilio/voice{kind}", form)
            if kind in ("", "/menu"):
                assert status == 200 and list(ElementTree.fromstring(text)), (form, text)
            else:
                assert status in (200, 400), (form, text)


async def test_whoever_is_not_understood_keeps_what_they_were_given_along() -> None:
    async with voice_stage() as stage:
        redirect = (await stage.ask("/twilio/voice/menu?c=C1001", call_form(QueueTime="soon")))[-1]
        assert _query(redirect.text or "") == {"c": "C1001", "turns": "1"} and stage.door.put_off == 1
        redirect = (await stage.ask("/twilio/voice/menu?C=1", call_form()))[-1]
        assert _query(redirect.text or "") == {"turns": "1"} and not stage.router.asked_for


async def test_the_music_is_anybodys_short_soft_and_a_telephones() -> None:
    async with voice_stage() as stage, stage.http.get(f"{stage.base}/twilio/voice/sound/music.wav") as answer:
        with wave.open(io.BytesIO(await answer.read())) as it:
            assert (it.getframerate(), it.getnchannels(), it.getsampwidth()) == (8000, 1, 2)
            samples = array("h", it.readframes(it.getnframes()))
        assert 10 <= len(samples) / 8000 <= 20
        assert 0.15 < max(map(abs, samples)) / 32767 < 0.3
        for begin in range(0, len(samples), 8000):  # no second of silence, so nobody believes the line dead
            assert max(map(abs, samples[begin : begin + 8000])) > 2000
        async with stage.http.get(f"{stage.base}/twilio/voice/sound/other.wav") as other:
            assert other.status == 404


async def test_what_the_door_shows_of_itself() -> None:
    async with voice_stage(per_second=2.0, most_legs=4) as stage:
        pace = stage.door.pace
        assert (pace.waiting, pace.live, pace.per_second, pace.most) == (0, 0, 2.0, 4)
        pace.made(CALL)
        await stage.post("/twilio/voice/leg?o=7", leg_form(status="ringing"))
        assert pace.live == 1
        await stage.post("/twilio/voice/leg?o=7", leg_form(status="no-answer"))
        assert pace.live == 0
        assert stage.router.news[-1] == LegNews(CALL, "no-answer", {"o": "7"})
        assert TOKEN not in repr(stage.door.account) + repr(stage.door.front.signer) and OLD not in repr(
            stage.door.account
        )


@pytest.mark.promise("caught-up-calls")
async def test_who_was_put_off_is_kept_as_soon_as_anything_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "KEEP_AGAIN", (0.01,) * 500)
    async with voice_stage() as stage:
        stage.router.down = True
        await stage.ask()
        await stage.ask()
        assert stage.router.unheard == []
        stage.router.down = False
        await asyncio.wait_for(asyncio.gather(*stage.door._keeping), 20)
        assert stage.router.unheard == [CALL]


async def test_who_was_heard_before_it_could_be_kept_is_not_kept_as_put_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "KEEP_AGAIN", (0.3,) * 3)
    async with voice_stage() as stage:
        stage.router.down = True
        await stage.ask()
        stage.router.down = False
        await stage.ask()
        await asyncio.wait_for(asyncio.gather(*stage.door._keeping), 20)
        assert stage.router.unheard == []
