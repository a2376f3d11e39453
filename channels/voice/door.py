"""The voice door: Twilio's signed webhooks in, instructions out as TwiML; `phones.py` is its other half.

caller ─▶ Twilio ─▶ POST /twilio/voice, /twilio/voice/{turn} ─▶ signature ─▶ shapes ─▶ Calls ─▶ TwiML
                         /twilio/voice/leg, machine, room, recording ─▶ … ─▶ Calls (durable) ─▶ 200, or 503

A caller never hears a fault: what cannot be decided in time is put off with words (F58). Twilio hangs up on a 5xx, and
says "an application error has occurred" before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar, get_args

import structlog
from aiohttp import web
from multidict import MultiDict, MultiMapping

from ..phone import RANKS, Call, Calls, Heard, LegNews, Turn
from ..twilio.account import TwilioAccount
from ..twilio.front import ANSWER_WITHIN, EMPTY, BadRequest, Front, no
from .jukebox import Jukebox
from .music import music
from .pace import Pace
from .phones import TwilioPhones
from .standby import standby
from .tapes import TwilioTapes
from .twiml import Addresses, Writer
from .webhook import MOST_TURNS, about_of, caller, leg_news, machine_news, recorded, room_news, turns_of

log = structlog.get_logger()

DECIDE_WITHIN = 1.5
"""Seconds for the router; the answer is out within 2 s, before a caller would wonder about the silence."""
LONGEST_KEPT = 200
"""Characters of what was said that stay in an address; Twilio takes no endless ones."""
REMEMBERED = 10_000
KEEP_AGAIN = (1.0,) * 30
"""Seconds between the tries to have it kept that somebody was put off: as long as one holds the line."""
ENDS = tuple(state for state, rank in RANKS.items() if rank == max(RANKS.values()))

News = TypeVar("News")
Decode = Callable[[MultiDict[str], MultiMapping[str], str], News | None]


class VoiceDoor:
    """Made inside a running loop. `phones` is what the router does with legs."""

    def __init__(
        self,
        account: TwilioAccount,
        *,
        public_url: str,
        trusted_proxies: tuple[str, ...],
        calls: Calls,
        per_second: float = 1.0,
        most_legs: int = 0,
        english: str = "en-GB",
    ) -> None:
        """`per_second` calls may be made, and `most_legs` of them be there at once (0: as many as Twilio allows)."""
        self.account, self.calls = account, calls
        self.front = Front(account, public_url, trusted_proxies)
        self.at = Addresses(public_url)
        self.writer = Writer(self.at, english)
        self.phones = TwilioPhones(account, self.at, per_second, most_legs)
        self.jukebox = Jukebox(public_url, account.token)
        self.tapes = TwilioTapes(account, self.phones.http, self.phones.client)
        self.put_off = 0
        """How often somebody was put off since the start."""
        self._late: set[asyncio.Task[Heard]] = set()
        self._waiting: dict[str, None] = {}  # sids of those who were put off last time
        self._keeping: set[asyncio.Task[None]] = set()

    @property
    def pace(self) -> Pace:
        """How many calls wait to be made and how many are on, to show."""
        return self.phones.pace

    async def start(self) -> None:
        """What sends is loaded and the music made beside the start, which needn't wait for them."""
        loop = asyncio.get_running_loop()
        self._loaded = loop.run_in_executor(None, lambda: (self.phones.client.calls, music()))

    async def stop(self) -> None:
        """Close the connections."""
        tasks = [*self._late, *self._keeping]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.jukebox.stop()
        await self.phones.close()

    def routes(self) -> list[web.RouteDef]:
        """The webhooks, every one of which checks the signature, and the music, which is anybody's."""
        turns = [
            web.post(f"/twilio/voice/{turn}", partial(self._turn, turn))
            for turn in get_args(Turn)
            if turn != "call"
        ]
        return [
            web.post("/twilio/voice", partial(self._turn, "call")),
            *turns,
            web.post("/twilio/voice/leg", partial(self._news, leg_news, self._leg)),
            web.post("/twilio/voice/machine", partial(self._news, machine_news, self._leg)),
            web.post("/twilio/voice/room", partial(self._news, room_news, self.calls.room)),
            web.post("/twilio/voice/recording", partial(self._news, recorded, self.calls.recorded)),
            web.get("/twilio/voice/sound/piece", self.jukebox.piece),
            web.get("/twilio/voice/sound/{name}", self._sound),
        ]

    # ---- a leg asks ---------------------------------------------------------------------------------------------

    async def _turn(self, turn: Turn, request: web.Request) -> web.Response:
        form = await self.front.signed(request)
        try:
            call = caller(form, request.query, self.account.sid)
        except Exception as error:
            self.put_off += 1
            why = str(error) if isinstance(error, BadRequest) else type(error).__name__
            log.warning("voice.not_understood", turn=turn, error=why)
            return self._static(turn, turns_of(request.query), _along(request.query))
        try:
            heard = self.jukebox.cut(await self._decided(turn, call), call.about)
            said = _twiml(self.writer.document(heard, turn=turn))
            self._waiting.pop(call.sid, None)
            return said
        except Exception as error:
            self.put_off += 1
            self._remember(call.sid)
            log.warning(
                "voice.put_off", turn=turn, sid=call.sid, turns=call.turns, error=type(error).__name__
            )
            return self._sorry(turn, call)

    def _remember(self, sid: str) -> None:
        """Who was put off last time; the oldest are forgotten."""
        if sid not in self._waiting:
            keeping = asyncio.create_task(self._keep(sid))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)
        self._waiting[sid] = None
        while len(self._waiting) > REMEMBERED:
            del self._waiting[next(iter(self._waiting))]

    async def _keep(self, sid: str) -> None:
        """Have it kept for longer than this process lives: the store that is away now may be back before they hang up."""
        for pause in KEEP_AGAIN:
            if sid not in self._waiting:
                return  # heard by now
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await self.calls.put_off(sid)
            except Exception as error:
                log.warning("voice.not_kept", sid=sid, error=type(error).__name__)
            await asyncio.sleep(pause)

    async def _decided(self, turn: Turn, call: Call) -> Heard:
        """What the router says, within its time; what comes later is of no use to anybody."""
        asked = self.calls.called(call) if turn == "call" else self.calls.asked(turn, call)
        task = asyncio.ensure_future(asked)
        self._late.add(task)
        task.add_done_callback(self._over)
        done, _ = await asyncio.wait({task}, timeout=DECIDE_WITHIN)
        if not done or task.cancelled():
            task.cancel()
            raise TimeoutError
        return task.result()

    def _over(self, task: asyncio.Task[Heard]) -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio doesn't complain of one that came too late

    def _sorry(self, turn: Turn, call: Call) -> web.Response:
        """Words of the plan if memory has some, else words that need nothing."""
        if turn != "held":
            try:
                heard = self.calls.sorry(call.recipient, call.turns)
                return _twiml(self.writer.document(heard, self._again(turn, call), turn))
            except Exception as error:
                log.warning("voice.no_words", sid=call.sid, error=type(error).__name__)
        return self._static(turn, call.turns, _kept(call))

    def _static(self, turn: Turn, turns: int, kept: dict[str, str]) -> web.Response:
        again = self.at.turn(turn, kept, turns=str(min(turns + 1, MOST_TURNS)))
        return _twiml(standby(turn, turns, again, self.at.sound("music")))

    def _again(self, turn: Turn, call: Call) -> str:
        """The same question once more, with the answer that was given and the count."""
        return self.at.turn(turn, _kept(call), turns=str(min(call.turns + 1, MOST_TURNS)))

    # ---- news ---------------------------------------------------------------------------------------------------

    async def _news(
        self, decode: Decode[News], tell: Callable[[News], Awaitable[None]], request: web.Request
    ) -> web.Response:
        form = await self.front.signed(request)
        try:
            news = decode(form, request.query, self.account.sid)
        except BadRequest as error:
            log.warning("voice.bad_news", path=request.path, error=str(error))
            return no(400, str(error))
        if news is None:
            return _twiml(EMPTY)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await tell(news)
        except Exception as error:
            log.warning("voice.news_not_taken", path=request.path, error=type(error).__name__)
            return no(503, "not durable: send it again", retry_after=5)
        return _twiml(EMPTY)

    async def _leg(self, news: LegNews) -> None:
        if news.state in ENDS:
            self.pace.ended(news.sid)
            news = replace(news, put_off=news.sid in self._waiting)
        await self.calls.heard(news)

    # ---- sound --------------------------------------------------------------------------------------------------

    async def _sound(self, request: web.Request) -> web.Response:
        if request.match_info["name"] != "music.wav":
            raise web.HTTPNotFound(text="no such sound")
        made = await asyncio.get_running_loop().run_in_executor(None, music)
        return web.Response(
            body=made, content_type="audio/wav", headers={"Cache-Control": "public, max-age=86400"}
        )


def _twiml(document: str) -> web.Response:
    return web.Response(text=document, content_type="text/xml")


def _along(query: MultiMapping[str]) -> dict[str, str]:
    try:
        return about_of(query)
    except BadRequest:
        return {}


def _kept(call: Call) -> dict[str, str]:
    """What a leg gave along and answered: it isn't sent again when the leg is sent to the same address."""
    answered = {"digits": call.digits, "speech": call.speech[:LONGEST_KEPT], "result": call.result}
    return {**call.about, **{key: value for key, value in answered.items() if value}}
