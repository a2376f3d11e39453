"""Queues: who waits in one, and what the app is told when somebody leaves (twilio.com/docs/voice/twiml/enqueue)."""

from __future__ import annotations

import asyncio

from .stage import Faults
from .voice_leg import Leg
from .voice_state import Board, CallQueue, Hook, Member
from .voice_tell import Teller, call_params


class Queues:
    """The transitions of queues and their members."""

    def __init__(self, board: Board, teller: Teller, faults: Faults) -> None:
        self._board = board
        self._teller = teller
        self._faults = faults

    def join(self, leg: Leg, name: str, action: Hook | None) -> Member | None:
        """The leg waits at the end of the queue, which is made if it isn't there; None when it is full."""
        queue = self._board.queue_named(name) or self._board.add_queue(name)
        if len(queue.members) >= queue.size:
            return None
        loop = asyncio.get_running_loop()
        member = Member(leg.call.sid, self._board.now(), action, loop.create_future(), loop.create_future())
        queue.members.append(member)
        queue.fresh.set()
        leg.queue, leg.member = queue, member
        leg.changed(leg)
        return member

    def leave(self, leg: Leg, result: str) -> None:
        """The leg is out of its queue; a second time changes nothing.

        Whoever was taken out from outside (`redirected`, `hangup`) no longer runs the document that holds `action`,
        so that address is told here, and what it answers steers nothing.
        """
        queue, member = leg.queue, leg.member
        if queue is None or member is None:
            return
        leg.queue = leg.member = None
        leg.changed(leg)
        queue.members.remove(member)
        now = self._board.now()
        member.waited, queue.updated = now - member.at, now
        if not member.left.done():
            member.left.set_result(result)
        if member.action and result in ("redirected", "hangup"):
            params = call_params(leg.call, self._board.store) | self.left_params(queue, member, result)
            if result == "redirected" and self._faults.twilio.late_action:
                leg.late.append((member.action, params))
            else:
                self._teller.go(self._teller.call(member.action, params, leg.call.sid))

    def parted(self, leg: Leg, queue: CallQueue, member: Member) -> None:
        """Who was taken out of a queue to talk is moved elsewhere, or hangs up: told, and the other goes on."""
        if not member.parted.done():
            member.parted.set_result(None)
        if member.action:
            result = "bridged" if leg.ended else "redirected-from-bridged"
            params = call_params(leg.call, self._board.store) | self.left_params(queue, member, result)
            self._teller.go(self._teller.call(member.action, params, leg.call.sid))

    def left_params(self, queue: CallQueue, member: Member, result: str) -> dict[str, str]:
        """What `action` is told."""
        return {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(int(member.waited))}

    def wait_params(self, queue: CallQueue, member: Member) -> dict[str, str]:
        """What `waitUrl` is told; the position counts from 1."""
        now = self._board.now()
        return {
            "QueueSid": queue.sid,
            "QueuePosition": str(queue.members.index(member) + 1),
            "QueueTime": str(int(now - member.at)),
            "AvgQueueTime": str(queue.average(now)),
            "CurrentQueueSize": str(len(queue.members)),
            "MaxQueueSize": str(queue.size),
        }
