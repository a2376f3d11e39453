"""Telling the app what became of a call: the parameters that Twilio sends, and notices in the order that faults ask for.

Sources: twilio.com/docs/voice/twiml#request-parameters, …/voice/api/call-resource#statuscallback.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from .stage import Faults
from .twilio_store import Store, country_of, rfc2822
from .twilio_webhook import Answer, Caller
from .voice_state import Call, Hook

# What a caller who hides the number is written as: the word's keys on a phone (support.twilio.com, "withheld").
HIDDEN = {
    "anonymous": "+266696687",
    "restricted": "+7378742833",
    "blocked": "+2562533",
    "unknown": "+8656696",
    "unavailable": "+86282452253",
}

Notice = tuple[Hook, Mapping[str, str], str]


def call_params(call: Call, store: Store) -> dict[str, str]:
    """What every voice webhook carries."""
    params = {
        "AccountSid": store.sid,
        "ApiVersion": "2010-04-01",
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Called": call.to,
        "Caller": call.sender,
        "Direction": call.direction,
        "From": call.sender,
        "To": call.to,
    }
    for names, number in ((("From", "Caller"), call.sender), (("To", "Called"), call.to)):
        if not number.startswith("+"):
            continue
        for name in names:
            params[f"{name}Country"] = country_of(number)
            params |= {f"{name}{part}": "" for part in ("City", "State", "Zip")}
    if call.parent:
        params["ParentCallSid"] = call.parent
    if call.forwarded_from:
        params["ForwardedFrom"] = call.forwarded_from
    if call.answered_by:
        params["AnsweredBy"] = call.answered_by
    if call.direction == "inbound":
        params |= _inbound(call)
    return params


def _inbound(call: Call) -> dict[str, str]:
    """The carrier's word on the caller's number (only US and Canada attest), and the name where look-up is bought."""
    found = {"CallToken": f'{{"parentCallInfoToken":"{call.sid}"}}'}
    hidden = call.sender in HIDDEN.values()
    if call.to.startswith("+1"):
        passed = call.sender.startswith("+1") and not hidden
        found["StirVerstat"] = "TN-Validation-Passed-A" if passed else "No-TN-Validation"
    looked_up = call.number is not None and call.number.settings.get("voice_caller_id_lookup") == "true"
    if looked_up and call.sender.startswith("+1"):
        found["CallerName"] = "WIRELESS CALLER"
    return found


def progress_params(call: Call, store: Store, number: int) -> dict[str, str]:
    """A status callback's: `number` counts the call's events from 0."""
    params = call_params(call, store) | {
        "Timestamp": rfc2822(store.clock.now()) or "",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(number),
    }
    if call.duration is not None:
        params |= {"CallDuration": str(call.duration), "Duration": str(-(-call.duration // 60))}
    for name in ("CallToken", "StirVerstat"):
        params.pop(name, None)
    return params


class Teller:
    """Sends notices whose answers steer nothing; those of one `key` come one after the other unless faults say no."""

    def __init__(self, store: Store, caller: Caller, faults: Faults) -> None:
        self._store = store
        self._caller = caller
        self._faults = faults
        self._lines: dict[str, asyncio.Queue[Notice]] = {}
        self._held: dict[str, list[Notice]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._serving: set[asyncio.Task[Any]] = set()

    def go(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something beside everything else; what goes wrong in it is logged."""
        task: asyncio.Task[Any] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logging.getLogger(__name__).error(
                "the telephone's stand-in has a fault of its own", exc_info=error
            )

    def tell(self, key: str, hook: Hook, params: Mapping[str, str], sid: str, last: bool = False) -> None:
        """Send a notice behind those of the same `key`; `last` says that none follows."""
        notices = self._held.pop(key, [])
        notices.append((hook, dict(params), sid))
        if self._faults.twilio.out_of_order:
            if not last:
                self._held[key] = notices
                return
            notices.reverse()
        fresh = key not in self._lines
        line = self._lines.setdefault(key, asyncio.Queue())
        for notice in notices:
            line.put_nowait(notice)
        if fresh:
            task = self.go(self._serve(key, line))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _serve(self, key: str, line: asyncio.Queue[Notice]) -> None:
        try:
            while not line.empty():
                hook, params, sid = line.get_nowait()
                await self.call(hook, params, sid)
        finally:
            if self._lines.get(key) is line:
                del self._lines[key]

    async def call(self, hook: Hook, params: Mapping[str, str], sid: str) -> Answer:
        """One webhook, as late and as often as faults say; what isn't a 2xx is in the debugger."""
        if late := self._faults.twilio.webhook_delay:
            await asyncio.sleep(late)
        if self._faults.twilio.lose_events:
            return Answer(0, failure="rt")
        answer = await self._caller.call(hook.url, params, hook.method, self._faults.twilio.redeliver)
        if not answer.ok:
            self._store.warn(11200, f"HTTP retrieval failure ({answer.status})", sid, hook.url)
        return answer

    def reset(self) -> None:
        """Nothing under way goes on."""
        for task in self._tasks:
            task.cancel()
        self._lines.clear()
        self._held.clear()

    async def stop(self) -> None:
        """The same, and wait until it is gone."""
        self.reset()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until the notices under way have arrived, at most 5 s."""
        if self._serving:
            await asyncio.wait(list(self._serving), timeout=5.0)
