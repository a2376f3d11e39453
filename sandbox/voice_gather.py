"""`<Gather>`: keys and words (twilio.com/docs/voice/twiml/gather)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .voice_leg import Ear, Input, Leg
from .voice_player import Outcome, Page, Player, flag, number
from .voice_state import Hook, Source
from .voice_twiml import Verb


@dataclass(frozen=True, slots=True)
class Answered:
    """What came: keys and the one that ended them, or words."""

    digits: str = ""
    finish: str = ""
    words: str = ""

    def __bool__(self) -> bool:
        return bool(self.digits or self.words)


class Gather:
    """The verb."""

    def __init__(self, player: Player) -> None:
        self._player = player
        player.verbs["Gather"] = self.run

    async def run(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        """Prompt and listen; an answer goes to `action`, nothing at all goes on to the next verb."""
        kinds = verb.attributes.get("input", "dtmf").split()
        leg.ear = ear = Ear("menu", "dtmf" in kinds, "speech" in kinds)
        try:
            first = await self._prompt(leg, page, verb, ear)
            answered = await self._collect(verb, ear, first)
        finally:
            leg.ear = None
        if not answered and not flag(verb, "actionOnEmptyResult"):
            return None
        return self._onward(page, verb, answered)

    def _onward(self, page: Page, verb: Verb, answered: Answered) -> Source:
        action = page.link(Verb("Gather", {"action": "", **verb.attributes}), "action") or Hook(page.url)
        if answered.words:
            params = {"SpeechResult": answered.words, "Confidence": "0.9128", "Language": _language(verb)}
        else:
            params = {"Digits": answered.digits, "FinishedOnKey": answered.finish, "msg": "Gather End"}
        return Source(action.url, action.method, params)

    async def _prompt(self, leg: Leg, page: Page, verb: Verb, ear: Ear) -> Input | None:
        """The nested verbs, which the first input cuts short unless `bargeIn` is false."""
        prompts = Page(
            page.url, page.place, tuple(v for v in verb.nested if v.name in ("Say", "Play", "Pause"))
        )
        speaking = asyncio.create_task(self._player.perform(leg, prompts))
        try:
            if not flag(verb, "bargeIn", True):
                await speaking
                return None
            listening = asyncio.create_task(ear.inputs.get())
            try:
                await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
                if speaking.done():
                    speaking.result()
                return listening.result() if listening.done() else None
            finally:
                listening.cancel()
        finally:
            speaking.cancel()

    async def _collect(self, verb: Verb, ear: Ear, first: Input | None) -> Answered:
        """Keys until there are enough, one that ends them, or `timeout` seconds of nothing."""
        timeout, enough = number(verb, "timeout", 5, 1), number(verb, "numDigits", 0)
        finish = verb.attributes.get("finishOnKey", "#")
        digits = ""
        coming = first
        while True:
            if coming is None:
                try:
                    coming = await self._next(ear, timeout)
                except TimeoutError:
                    return Answered(digits)
            if coming.kind == "words":
                if not digits:
                    return Answered(words=coming.text)
            elif digits and coming.text in finish:
                return Answered(digits, coming.text)
            elif digits or coming.text not in finish:  # it ends only what has begun
                digits += coming.text
                if enough and len(digits) >= enough:
                    return Answered(digits)
            coming = None

    async def _next(self, ear: Ear, timeout: float) -> Input:
        """The next input within `timeout` seconds of the moved clock; raises TimeoutError."""
        listening = asyncio.create_task(ear.inputs.get())
        waiting = asyncio.create_task(self._player.pace.sleep(timeout))
        try:
            await asyncio.wait({listening, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                raise TimeoutError
            return listening.result()
        finally:
            listening.cancel()
            waiting.cancel()


def _language(verb: Verb) -> str:
    return verb.attributes.get("language", "en-US")
