"""The telephones of the stage without a product: one menu, one queue, the first available agent, one conference each.

It plays the shapes of `/sandbox/api/calls`, no more: key 1 in the menu waits, key 1 on an agent's phone joins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stagefake import StageFake

Json = dict[str, Any]
OURS = "+4915790000000"


@dataclass
class CallsFake:
    """Calls by sid, and what phones do to them."""

    stage: StageFake
    calls: dict[str, Json] = field(default_factory=dict)

    def read(self, path: str, number: str | None) -> Any:
        if path != "calls":
            return self.calls[path.split("/")[1]]
        if number is None:
            return [c for c in self.calls.values() if c["where"] != "ended"]
        return [c for c in self.calls.values() if number in (c["from"], c["to"])]

    def write(self, path: str, body: Json) -> Json:
        if path == "calls":
            return {"sid": self.call_in(body["from"], body["to"])["sid"]}
        _, sid, what = path.split("/")
        acts: dict[str, Callable[[Json, Json], Json]] = {
            "answer": self._answer,
            "press": self._press,
            "speak": self._speak,
            "record": self._record,
            "machine": self._machine,
            "busy": lambda call, _: self.end(call, "busy"),
            "hangup": lambda call, _: self.end(call, "completed"),
        }
        answer = acts[what](self.calls[sid], body)
        self.tell()
        return {"sid": sid, "status": self.calls[sid]["status"]} | answer

    def tell(self) -> None:
        self.stage.tell("call")

    def make(self, sender: str, to: str, direction: str, **more: Any) -> Json:
        call: Json = {
            "sid": f"CA{self.stage.next():032}",
            "status": "ringing",
            "direction": direction,
            "from": sender,
            "to": to,
            "at": self.stage.iso(),
            "duration": None,
            "heard": [],
            "where": "ringing",
            "with": [],
            "on_hold": False,
            "muted": False,
            "machine": False,
        }
        self.calls[call["sid"]] = call | more
        return self.calls[call["sid"]]

    def hear(self, call: Json, kind: str, text: str = "", of: str = "") -> None:
        heard = {"at": self.stage.iso(), "kind": kind, "text": text, "of": of}
        call["heard"] = [*call["heard"], {k: v for k, v in heard.items() if v}]
        self.tell()

    def call_in(self, sender: str, to: str) -> Json:
        call = self.make(sender, to, "inbound", status="in-progress", where="menu")
        self.hear(call, "ring")
        self.hear(call, "say", "Welcome. For an outage press 1, for a message press 2.")
        return call

    def ring(self, agent: Json) -> Json:
        call = self.make(OURS, agent["phone"], "outbound-api")
        self.hear(call, "ring")
        return call

    def hold(self, call: Json, on: bool) -> None:
        call["on_hold"] = on
        self.tell()

    def end(self, call: Json, status: str) -> Json:
        room = call["where"] if call["where"].startswith("conference:") else None
        call |= {"status": status, "where": "ended", "duration": 12, "on_hold": False}
        for other in self.calls.values():
            if room and other["where"] == room:
                self.end(other, status)
        self.tell()
        return {}

    def _answer(self, call: Json, _body: Json) -> Json:
        call |= {"status": "in-progress", "where": "menu"}
        self.hear(call, "say", "A call from Eva Klein about outage. Press 1 to take it.")
        return {}

    def _machine(self, call: Json, _body: Json) -> Json:
        call |= {"status": "in-progress", "where": "menu", "machine": True}
        return {}

    def _press(self, call: Json, body: Json) -> Json:
        if call["where"] != "menu":
            return {"taken": False}
        key = body["digits"]
        if call["direction"] != "inbound":
            if key == "1":
                caller = next(c for c in self.calls.values() if c["where"] == "waiting")
                for it in (caller, call):
                    it["where"] = "conference:c-1"
            return {"taken": True}
        if key == "2":
            call["where"] = "voicemail"
            self.hear(call, "beep")
        elif key == "1":
            call["where"] = "waiting"
            self.hear(call, "say", "You are next.")
            self.hear(call, "play", "https://example.org/music.wav")
            self.hear(call, "play", "https://example.org/music.wav")
            free = [a for a in self.stage.agents if self.stage.presence[a["slack"]] == "available"]
            if free:
                self.ring(free[0])
        return {"taken": True}

    def _speak(self, call: Json, body: Json) -> Json:
        others = [c for c in self.calls.values() if c["where"] == call["where"] and c is not call]
        if not call["where"].startswith("conference:"):
            return {"taken": False}
        speaker = "customer" if call["direction"] == "inbound" else "agent"
        for other in others:
            self.hear(other, "say", body["text"], speaker)
        return {"taken": bool(others)}

    def _record(self, call: Json, body: Json) -> Json:
        self.hear(call, "say", f"Thank you, {len(body['text'])} letters are kept.")
        self.end(call, "completed")
        return {}
