"""`<Enqueue>`: wait in a queue, with a document that is asked for again whenever it has run out."""

from __future__ import annotations

import asyncio
from typing import Any

from .voice_leg import Leg
from .voice_player import End, Outcome, Page, Player
from .voice_queues import Queues
from .voice_state import CallQueue, Hook, Member, Source
from .voice_twiml import Verb

MUSIC = "http://com.twilio.sounds.music.s3.amazonaws.com/index.xml"  # Twilio's own classical playlist
LEAST_ROUND = 0.25  # seconds between two requests for a document that takes no time


class Enqueue:
    """The verb."""

    def __init__(self, player: Player, queues: Queues) -> None:
        self._player = player
        self._queues = queues
        player.verbs["Enqueue"] = self.run

    async def run(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        """Until it leaves by itself: whoever is taken out from outside never comes back here."""
        name = verb.text.strip()
        if not 1 <= len(name) <= 64:
            text = "Enqueue: Invalid Queue Name" if name else "Enqueue: no queue is named"
            self._player.store.warn(14201, text, leg.call.sid, page.url)
            return None
        action = page.link(verb, "action")
        member = self._queues.join(leg, name, action)
        if member is None or leg.queue is None:
            return Source(action.url, action.method, {"QueueResult": "queue-full"}) if action else None
        queue = leg.queue
        waiting = asyncio.create_task(
            self._wait(leg, queue, member, page.link(verb, "waitUrl", "waitUrlMethod"))
        )
        either: list[asyncio.Future[Any]] = [waiting, member.left]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if member.left.done():  # somebody took the caller out to talk
                waiting.cancel()
                await member.parted
                result = member.left.result()
            elif waiting.result() is End.HANGUP:
                return End.HANGUP  # the call ends with its member still in the queue: that is a hang-up
            else:
                result = "leave" if waiting.result() is End.LEAVE else "error"
        except asyncio.CancelledError:
            self._queues.leave(leg, "hangup" if leg.ended else "system-error")
            if member.left.done() and member.left.result() == "bridged":
                self._queues.parted(leg, queue, member)
            raise
        finally:
            waiting.cancel()
        self._queues.leave(leg, result)
        if action is None:
            return None
        return Source(action.url, action.method, self._queues.left_params(queue, member, result))

    async def _wait(self, leg: Leg, queue: CallQueue, member: Member, wait: Hook | None) -> End:
        if wait is None:
            leg.hear("play", MUSIC)
            await member.left
            return End.FINISHED
        while True:
            least = asyncio.create_task(asyncio.sleep(LEAST_ROUND))
            try:
                source = Source(wait.url, wait.method, self._queues.wait_params(queue, member))
                end = await self._player.play(leg, source, "queue")
                if end is not End.FINISHED:
                    return end
                await least
            finally:
                least.cancel()
