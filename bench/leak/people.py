"""What people do, at random: customers write, agents answer in every way that there is, and everybody else types, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from ...channels.channel import Button
from ...channels.forms import Filled, Mistakes, Onward
from ...channels.house import Told
from ...queue.contact import Arrived
from ...router.rulebook import agent_id
from .cast import BOOK, BOT, CUSTOMERS, LINE, OTHERS, OURS, SUPERVISOR, TEAMS, actor, user
from .outside import Thread
from .rule import Form, Release, TakenBack, Written
from .scene import Ears, Scene

Act = Callable[[], Coroutine[Any, Any, None]]
PLAIN = (
    "@@ please try again",
    "it is *fixed* @@",
    "a note: @@ or not",
    "@@",
    "notes @@ follow",
    "see &lt;b&gt; @@ &amp; more",
)
NOTES = (
    "//@@ who knows this?",
    "// @@",
    "note: @@ was here",
    "NOTE @@ careful",
    "&gt; note @@",
    "*note:* @@",
    "_//_ @@",
)
MENTIONS = (
    "<@UNOBODY> @@ look", "<!here> @@", "@@ <!channel>", "@@ ask <#C0NIGHT|night>", "<!subteam^S1|@all> @@", "<@W9> @@",
    "@@ <!x>",
)  # fmt: skip
READS = {
    "&lt;": "<", "&gt;": ">", "&amp;": "&", "<@UNOBODY>": "@UNOBODY", "<!here>": "@here", "<!channel>": "@channel",
    "<#C0NIGHT|night>": "#night", "<!subteam^S1|@all>": "@all", "<@W9>": "@W9", "<!x>": "@x",
}  # fmt: skip
"""What Slack stores, as it reads."""
_FORGED = 12
"""How high the numbers go that somebody makes up."""


class People:
    """Chooses what happens next."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.rng = scene, scene.rng
        self.events = 0
        self.taking: set[str] = set()  # whoever edits or deletes something just now
        self.buttons: list[tuple[str, Button, Written]] = []  # who was shown it, under which words
        self.acts: list[tuple[int, str, Callable[[str], Act | None]]] = [
            (14, "writes to us", self._texts),
            (2, "speaks to the machine", self._speaks),
            (14, "accepts", self._accepts),
            (1, "declines", self._declines),
            (40, "types", self._types),
            (5, "edits", lambda it: self._takes_back(it, "edited")),
            (3, "deletes", lambda it: self._takes_back(it, "deleted")),
            (5, "undoes", self._undoes),
            (5, "retries", self._retries),
            (8, "presses", self._presses),
            (6, "sends the form off", self._replies),
            (1, "notes by form", self._notes),
            (8, "hands over", self._hands_over),
            (4, "closes", self._closes),
            (3, "re-opens", self._reopens),
            (3, "moves", self._moves),
            (2, "comes or goes", self._presence),
            (2, "reconnects", self._reconnects),
        ]

    def __call__(self) -> tuple[str, Coroutine[Any, Any, None]]:
        """What somebody does now, in words, and the doing."""
        while True:
            _, name, make = self.rng.choices(self.acts, [it[0] for it in self.acts])[0]
            who = self.rng.choice((*TEAMS, *TEAMS, *OTHERS))
            if (act := make(who)) is not None:
                return f"{who} {name}", act()

    # ---- customers --------------------------------------------------------------------------------------------------

    def _texts(self, who: str) -> Act:
        return lambda: self._arrives(
            "sms", OURS, self.rng.choice(("hello", "still broken", "AUTO: w1x is mine", "thanks"))
        )

    def _speaks(self, who: str) -> Act:
        return lambda: self._arrives("voice", LINE, "call me")

    async def _arrives(self, channel: Any, to: str, text: str) -> None:
        self.events += 1
        sender = self.rng.choice(CUSTOMERS)
        it = Arrived(channel, f"SM{self.events}", sender, to, text, at=self.scene.loom.now, verified=True)
        intake = self.rng.choice(self.scene.intakes)
        thread = it.thread if channel == "sms" else f"voice:CA{self.events}"
        taken = await intake.take(it, thread)
        if channel == "voice":
            await intake.queue().jot(taken.contact, "kind", "voicemail")

    # ---- offers -----------------------------------------------------------------------------------------------------

    def _accepts(self, who: str) -> Act | None:
        if not self.scene.board.cards:
            return None
        (contact, offer), mail = self.rng.choice(list(self.scene.board.cards.items()))
        asked = who if self.rng.random() < 0.05 else next(it for it in TEAMS if actor(it).email == mail)
        return lambda: self._told(self._ears().house.accept(actor(asked), contact, offer))

    def _declines(self, who: str) -> Act | None:
        if not self.scene.board.cards:
            return None
        (contact, offer), mail = self.rng.choice(list(self.scene.board.cards.items()))
        asked = next(it for it in TEAMS if actor(it).email == mail)
        return lambda: self._told(self._ears().house.decline(actor(asked), contact, offer, "busy"))

    async def _told(self, work: Coroutine[Any, Any, Told | Mistakes | Onward]) -> None:
        told = await work
        said = f"{'✓' if told.ok else '✗'} {told.text}" if isinstance(told, Told) else f"✗ {told}"
        self.scene.loom.note(f"  told {said}")

    # ---- typing -----------------------------------------------------------------------------------------------------

    def _thread(self) -> Thread | None:
        """Some thread: mostly one that is open, or a late one."""
        threads = list(self.scene.board.threads.values())
        if not threads:
            return None
        if self.rng.random() < 0.6 and (alive := [it for it in threads if not it.told]):
            return self.rng.choice(alive)
        return self.rng.choice(threads[-8:] if self.rng.random() < 0.8 else threads)

    def _writer(self, it: Thread, who: str) -> str:
        """Mostly whoever the contact's latest thread says has it, also where they write into an older one."""
        now = self.scene.board.latest(it.contact) or it
        owner = next(name for name in TEAMS if actor(name).email == now.owner)
        return owner if self.rng.random() < 0.7 else who

    def _types(self, who: str) -> Act | None:
        it = self._thread()
        return (lambda: self._type(it, self._writer(it, who))) if it else None

    async def _type(self, thread: Thread, who: str) -> None:
        scene, rng = self.scene, self.rng
        kind: Form = rng.choices(("plain", "note", "mention", "empty"), (60, 20, 14, 1))[0]
        stored = rng.choice({"plain": PLAIN, "note": NOTES, "mention": MENTIONS, "empty": ("  ",)}[kind])
        place = f"{thread.place.partition(':')[0]}:{scene.board.stamp()}"
        it = scene.rule.write(who, thread.contact, _read(stored, kind), kind, place)
        latest = scene.board.latest(thread.contact)
        it.old, it.person = bool(thread.told) and latest is not thread, who != BOT
        stored = stored.replace("@@", f"w{it.token}x")
        scene.loom.note(f"  {who} in {thread.contact} {thread.place}: {stored!r}")
        release = Release(who, "typed", scene.loom.now)
        it.releases.append(release)
        event = _event(place, thread.place, user(who), stored, robot=who == BOT)
        shape = rng.random()
        if shape < 0.04:
            event["subtype"] = "thread_broadcast"
        elif shape < 0.06:  # not in the thread, but beside it
            del event["thread_ts"]
            it.old = True
        await self._hears(event, rng.choice((1, 1, 1, 2)))
        if not self._answered(place, known=True):
            return  # a thread that isn't known yet is looked for a while: nobody was told anything so far
        told = self._answered(place)
        release.over, release.refused = scene.loom.now, told is not None
        if told is not None:
            scene.loom.note(f"  told {told.text}")
            self.buttons += [(who, button, it) for button in told.buttons]

    async def _hears(self, event: dict[str, Any], times: int) -> None:
        """Slack tells one of our processes, or several, or one again."""
        place = f"{event['channel']}:{event['ts']}"
        for _ in range(times):
            await self._ears().typed.event(event, {"event_id": f"Ev{event['ts']}"})
        for _ in range(40):  # until it is taken
            if self._answered(place, known=True) or event.get("subtype") == "message_changed":
                return
            await self.scene.loom.turn("looks on")

    def _answered(self, place: str, known: bool = False) -> Any:
        for ears in self.scene.ears:
            if place in ears.house.told:
                return True if known else ears.house.told[place]
        return None

    # ---- taking back ------------------------------------------------------------------------------------------------

    def _takes_back(self, who: str, how: str) -> Act | None:
        found = [it for it in self.scene.rule.written.values() if it.place and not it.gone]
        late = found[-6:] if self.rng.random() < 0.85 else found
        it = self.rng.choice(late) if late else None
        if it is None or it.by in self.taking:
            return None
        self.taking.add(it.by)
        return lambda: self._take_back(it, how)

    async def _take_back(self, it: Written, how: str) -> None:
        scene = self.scene
        begun, words = scene.loom.now, f"w{it.token}x"
        it.edited += [f"{words} edited"] if how == "edited" else []
        channel, _, ts = it.place.partition(":")
        threads = [t.place for t in scene.board.threads.values() if t.contact == it.contact]
        rooted = next(place for place in threads if place.startswith(channel))
        before = {"user": user(it.by), "ts": ts, "thread_ts": rooted.partition(":")[2], "text": "before"}
        event: dict[str, Any] = {
            "type": "message",
            "channel": channel,
            "ts": scene.board.stamp(),
            "previous_message": before,
        }
        if how == "edited":
            event |= {"subtype": "message_changed", "message": {**before, "text": f"{words} edited"}}
        else:
            event |= {"subtype": "message_deleted", "deleted_ts": ts}
        mark = len(scene.whispered)
        for ears in scene.ears:
            ears.house.taken_in.discard(it.place)
        await self._ears().typed.event(event, {"event_id": f"Ev{event['ts']}"})
        await scene.pause(4.0)
        for _ in range(60):  # until it is taken in, however slowly the store answers
            await scene.pause(0 if any(it.place in ears.house.taken_in for ears in scene.ears) else 1.0)
        heard = [t for u, t in scene.whispered[mark:] if u == user(it.by)]
        told = [t.text for t in heard if t.text.startswith(f"You {how} it")]
        it.taken_back.append(TakenBack(begun, scene.loom.now, told[-1] if told else "", how == "deleted"))
        reads = [t for t in heard if t.text.startswith("It reads otherwise")]
        self.buttons += [(it.by, button, it) for t in reads for button in t.buttons]
        scene.loom.note(f"  {it.by} {how} w{it.token}x: {told}")
        self.taking.discard(it.by)

    def _undoes(self, who: str) -> Act | None:
        held = [it for it in self.scene.board.replies.values() if it.state == "held"]
        if not held:
            return None
        mark = self.rng.choice(held)
        writer = next(it for it in TEAMS if actor(it).email == mark.owner)
        return lambda: self._undo(mark.contact, mark.n, writer if self.rng.random() < 0.8 else who)

    async def _undo(self, contact: str, n: int, who: str) -> None:
        told = await self._ears().house.undo(actor(who), contact, n)
        self.scene.loom.note(f"  {who} undoes {contact}.{n}: {told.text}")
        if told.ok:
            self.scene.rule.undone[f"{contact}.{n}"] = self.scene.loom.now

    def _retries(self, who: str) -> Act | None:
        failed = [it for it in self.scene.board.replies.values() if it.state == "failed"]
        mark = self.rng.choice(failed) if failed else None
        if mark is None:
            return None
        owner = next(it for it in TEAMS if actor(it).email == mark.owner)
        return lambda: self._retry(mark.contact, mark.n, owner if self.rng.random() < 0.7 else who)

    async def _retry(self, contact: str, n: int, who: str) -> None:
        queue = self.scene.free
        before = await queue.contact(contact)
        told = await self._ears().house.retry(actor(who), contact, n)
        after = await queue.contact(contact)
        owners = {it.owner for it in (before, after) if it is not None}
        self.scene.loom.note(f"  {who} retries {contact}.{n}: {told.text}")
        if told.ok and who in TEAMS and agent_id(who) in owners:
            self.scene.rule.retried[f"{contact}.{n}"] += 1

    # ---- buttons and forms ------------------------------------------------------------------------------------------

    def _presses(self, who: str) -> Act | None:
        """A button that somebody was shown; now and then somebody else's, or one with a made-up number."""
        if not self.buttons:
            return None
        shown_to, button, it = self.rng.choice(
            self.buttons[-10:] if self.rng.random() < 0.8 else self.buttons
        )
        presser = shown_to
        if self.rng.random() < 0.08:
            presser = who
        elif self.rng.random() < 0.15 and (thread := self.scene.board.latest(it.contact)):
            presser = next(name for name in TEAMS if actor(name).email == thread.owner)
        if self.rng.random() < 0.06:
            contact = button.value.partition(".")[0]
            button = replace(button, value=f"{contact}.{self.rng.randrange(1, _FORGED)}")
        return lambda: self._press(presser, button, it)

    async def _press(self, who: str, button: Button, it: Written) -> None:
        released = [Release(who, "button", self.scene.loom.now) for _ in self.scene.rule.written]
        told = await self._ears().house.pressed(actor(who), button.action, button.value)
        self.scene.loom.note(f"  {who} presses {button.label} {button.value} ({it.reads}): {told.text}")
        contact, _, n = button.value.partition(".")
        meant = it if not n or button in [b for _, b, w in self.buttons if w is it] else None
        for written, release in zip(self.scene.rule.written.values(), released, strict=False):
            # A made-up number may mean any of their own words in that contact.
            if written is it if meant else written.contact == contact and written.by == who:
                release.over, release.refused = (self.scene.loom.now if meant else -1), not told.ok
                written.releases.append(release)
        self.buttons += [(who, more, it) for more in told.buttons]

    def _replies(self, who: str) -> Act | None:
        it = self._thread()
        return (lambda: self._reply(it, self._writer(it, who))) if it else None

    async def _reply(self, thread: Thread, who: str) -> None:
        it = self.scene.rule.write(who, thread.contact, "by form @@")
        release = Release(who, "form", self.scene.loom.now)
        it.releases.append(release)
        told = await self._ears().house.reply(actor(who), thread.contact, it.reads)
        release.over, release.refused = self.scene.loom.now, not told.ok
        self.scene.loom.note(f"  {who} replies to {thread.contact} {it.reads}: {told.text}")

    def _notes(self, who: str) -> Act | None:
        it = self._thread()
        return (lambda: self._note(it, self._writer(it, who))) if it else None

    async def _note(self, thread: Thread, who: str) -> None:
        it = self.scene.rule.write(who, thread.contact, "@@ stays here", "note")
        await self._told(self._ears().house.note(actor(who), thread.contact, it.reads))

    # ---- what moves a contact ---------------------------------------------------------------------------------------

    def _hands_over(self, who: str) -> Act | None:
        it, to = self._thread(), self.rng.choice((*TEAMS, "L2", "team night", "team careful", "service more"))
        if it is None:
            return None
        form = self.rng.choice(("transfer", "transfer", "transfer", "escalate"))
        filled = Filled(form, it.contact, {"to": to, "text": "tried everything"})
        by = SUPERVISOR if self.rng.random() < 0.15 else self._writer(it, who)
        return lambda: self._told(self._ears().house.filled(actor(by), filled))

    def _moves(self, who: str) -> Act | None:
        it = self._thread()
        if it is None:
            return None
        by, c = self._writer(it, who), it.contact
        order = self.rng.choice(
            (
                f"give back {c} busy",
                f"snooze {c} 2m",
                f"wake {c}",
                f"keep {c}",
                f"snooze {c} until they write",
            )
        )
        if self.rng.random() < 0.15:
            order, by = self.rng.choice((f"spam {c}", f"reopen {c}", f"assign {c} Ada")), SUPERVISOR
        return lambda: self._told(self._ears().house.command(actor(by), order))

    def _closes(self, who: str) -> Act | None:
        it = self._thread()
        if it is None:
            return None
        by = self._writer(it, who)
        done = Filled("close", it.contact, {"disposition": "solved"})
        return lambda: self._told(self._ears().house.filled(actor(by), done))

    def _reopens(self, who: str) -> Act | None:
        closed = [it for it in self.scene.board.threads.values() if it.told]
        if not closed:
            return None
        it = self.rng.choice(closed)
        by = self._writer(it, who)
        return lambda: self._told(self._ears().house.command(actor(by), f"reopen {it.contact}"))

    def _presence(self, who: str) -> Act:
        name = self.rng.choice(tuple(TEAMS))
        order = self.rng.choice(("available", "available", "available", "away 1m", "offline"))
        return lambda: self._told(self._ears().house.command(actor(name), order))

    def _reconnects(self, who: str) -> Act:
        """One of our processes begins anew, or whoever delivers does; everybody is back on duty."""
        return self._restarts

    async def _restarts(self) -> None:
        which = self.rng.randrange(3)
        if which == 2:
            await self.scene.outlet.kill()
        else:
            self.scene.restart(which)
        for spec in BOOK.plan.agents:
            await self.scene.free.presence(agent_id(spec.name), "available")

    def _ears(self) -> Ears:
        return self.rng.choice(self.scene.ears)


def _read(stored: str, form: Form) -> str:
    """What a customer reads of it: as it was typed, a note without what makes it one."""
    for code, letter in READS.items():
        stored = stored.replace(code, letter)
    return stored[stored.index("@@") :] if form == "note" else stored


def _event(place: str, thread: str, by: str, text: str, robot: bool) -> dict[str, Any]:
    channel, _, ts = place.partition(":")
    root = thread.partition(":")[2]
    event = {"type": "message", "channel": channel, "ts": ts, "thread_ts": root, "user": by, "text": text}
    return event | ({"bot_id": "B1"} if robot else {})
