"""The reference model's messages: notes, held replies, system texts, receipts, alerts, opt-outs."""

from __future__ import annotations

from .model_memory import Memory
from .model_records import Contact
from .replies import Answer
from .state import MessageView

UNASKED = 600_000  # at most one unasked text per conversation in this time
PROVIDER_KEPT = 48 * 3_600_000
STATUSES = ("held", "queued", "sending", "sent", "delivered")


class Texts(Memory):
    """What is said; none of it changes who is next."""

    __slots__ = ()

    def say(self, contact: Contact, kind: str, body: str, status: str = "", agent: str = "") -> int:
        """Add to the transcript; the number is the message's for good."""
        number = len(contact.messages) + 1
        contact.messages.append(MessageView(number, kind, body, self.now, status, agent))
        return number

    def append(self, contact: str, message: str) -> int:
        """A note; 0 when there is no such contact."""
        it = self.contacts.get(contact)
        if it is None:
            return 0
        number = self.say(it, "note", message)
        self.tell("message", contact, "", number, kind="note", body=message)
        return number

    def hold_reply(self, contact: str, agent: str, text: str, source: str, ms: int) -> Answer:
        """The owner's reply, kept back for `ms` so that it can be undone; `source` makes it one."""
        it = self.contacts.get(contact)
        if it is None:
            return Answer("gone")
        if number := self.sources.get((contact, source)) if source else None:
            return Answer("ok", n=number, state=it.state)
        if it.state not in ("active", "snoozed"):
            ended = it.state not in ("waiting", "offered", "parked")
            return Answer("ended" if ended else "not_owner", state=it.state)
        if it.owner != agent:
            return Answer("not_owner", it.owner, it.state)
        it.nudged = False
        self.due.pop(f"n:{contact}", None)
        number = self.say(it, "reply", text, "held", agent)
        if source:
            self.sources[(contact, source)] = number
        self.due[f"r:{contact}:{number}"] = self.now + ms
        self.tell("reply.held", contact, agent, number, body=text, source=source, until=self.now + ms)
        return Answer("ok", n=number, state=it.state, due=self.now + ms)

    def undo_reply(self, contact: str, n: int, agent: str) -> Answer:
        """Never sent, if it is still held."""
        it, message = self._message(contact, n)
        if it is None or message is None:
            return Answer("gone")
        if message.agent != agent:
            return Answer("not_owner", message.agent, it.state, n)
        if message.status != "held":
            return Answer("too_late", state=it.state, n=n)
        it.messages[n - 1] = message._replace(status="undone")
        self.due.pop(f"r:{contact}:{n}", None)
        self.tell("reply.undone", contact, agent, n)
        self.remind(it)
        return Answer("ok", state=it.state, n=n)

    def release_reply(self, contact: str, n: int) -> Answer:
        """Sent without waiting any longer."""
        it, message = self._message(contact, n)
        if it is None or message is None:
            return Answer("gone")
        if message.status != "held":
            return Answer("too_late", state=it.state, n=n)
        self._send(it, message)
        self._replied(it, message)
        return Answer("ok", state=it.state, n=n)

    def retry_reply(self, contact: str, n: int) -> Answer:
        """What failed is sent again."""
        it, message = self._message(contact, n)
        if it is None or message is None:
            return Answer("gone")
        if message.status != "failed":
            return Answer("too_late", state=it.state, n=n)
        self._send(it, message)
        return Answer("ok", state=it.state, n=n)

    def text(
        self,
        contact: str,
        kind: str,
        body: str,
        unasked: bool,
        under: int | None = None,
        seen: int | None = None,
    ) -> Answer:
        """A system text to the customer; of unasked ones at most one per conversation in ten minutes.

        `under`: the situation in which it is true; `seen`: the last message that its writer has seen.
        """
        it = self.contacts.get(contact)
        if it is None:
            return Answer("gone")
        if under not in (None, self.situation):
            return Answer("outdated", state=it.state)
        if seen not in (None, len(it.messages)):
            return Answer("stale", state=it.state)
        if unasked:
            conversation = it.thread or it.id
            if self.unasked.get(conversation, 0) > self.now:
                return Answer("suppressed", state=it.state)
            self.unasked[conversation] = self.now + UNASKED
        number = self.say(it, kind, body)
        self._send(it, it.messages[-1])
        return Answer("ok", state=it.state, n=number)

    def receipt(self, contact: str, n: int, status: str, provider_id: str = "", error: str = "") -> bool:
        """What became of it; statuses only go forward, `failed` ends them. True when it changed."""
        it, message = self._message(contact, n)
        if it is None or message is None:
            return False
        if provider_id:
            self.providers[provider_id] = (self.now + PROVIDER_KEPT, contact, n)
            message = it.messages[n - 1] = message._replace(provider_id=provider_id)
        have = message.status
        if have not in STATUSES or have == "delivered" or status not in (*STATUSES, "failed"):
            return False
        if status != "failed" and STATUSES.index(status) <= STATUSES.index(have):
            return False
        it.messages[n - 1] = message._replace(status=status, error=error)
        self.due.pop(f"r:{contact}:{n}", None)
        self.tell("message.receipt", contact, "", n, status=status, error=error, provider_id=provider_id)
        return True

    def find_receipt(self, provider_id: str) -> tuple[str, int] | None:
        """Which message a provider's id means."""
        until, contact, number = self.providers.get(provider_id, (0, "", 0))
        return (contact, number) if until > self.now else None

    def alert(self, name: str, on: bool, text: str = "") -> bool:
        """Trouble begins or ends; True only when that is news."""
        if (name in self.alerts) == on:
            return False
        if on:
            self.alerts[name] = text
        else:
            del self.alerts[name]
        self.situation += 1
        self.tell("alert", name=name, on=on, text=text)
        return True

    def opt(self, address: str, out: bool) -> None:
        """Nothing is sent to an address that opted out."""
        (self.opted.add if out else self.opted.discard)(address)

    def opted_out(self, address: str) -> bool:
        """Whether it did."""
        return address in self.opted

    def _reply_due(self, rest: str, at: int) -> None:
        contact, _, n = rest.partition(":")
        it, message = self._message(contact, int(n))
        if it and message and message.status == "held":
            self._send(it, message)
            self._replied(it, message)

    def _replied(self, contact: Contact, reply: MessageView) -> None:
        """It answers whoever has said nothing since it was written, if its writer still has the contact."""
        since = contact.messages[reply.n :]
        if reply.agent == contact.owner and all(it.kind != "in" for it in since):
            self.answered(contact)
        else:
            self.remind(contact)

    def answered(self, contact: Contact) -> None:
        """The owner's reply has gone out: the customer waits no longer."""
        contact.owed = contact.nudged = False
        self.due.pop(f"n:{contact.id}", None)

    def _send(self, contact: Contact, message: MessageView) -> None:
        contact.messages[message.n - 1] = message._replace(status="queued", error="")
        self.due.pop(f"r:{contact.id}:{message.n}", None)
        self.tell("message.out", contact.id, message.agent, message.n, kind=message.kind, body=message.body)

    def _message(self, contact: str, n: int) -> tuple[Contact | None, MessageView | None]:
        it = self.contacts.get(contact)
        found = it.messages[n - 1] if it and 0 < n <= len(it.messages) else None
        return it, found if found and found.kind else None  # what was said before a recall is in the history
