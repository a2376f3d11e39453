"""To which contact a mail belongs: what it claims (`conversation.py`), held against what store and history know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..channel import Taken
from .beside import Beside, Party
from .conversation import Claim, Quoted, Signatures, claim, looks_signed, quoted
from .letter import Envelope, Letter

LOOKED = 20_000
"""Characters of a mail's words in which addresses are looked for."""
_MENTIONED = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
CANDIDATES = 10
"""Conversations, and ids of ours given to others, that are looked for on behalf of one mail."""


class Conversations(Protocol):
    """What store and history know of conversations. Raise NotTaken while the store is away."""

    async def latest(self, address: str, threads: Sequence[str]) -> tuple[str, str]:
        """(conversation, contact) of the first of `threads` (as `Arrived.thread`) in which there is or was one."""

    async def wrote(self, address: str, message_ids: Sequence[str]) -> str:
        """The conversation (thread) to which that address wrote a mail with one of these ids, "" for none."""

    async def party(self, contact: str) -> Party | None:
        """With whom a contact is; None when nobody knows it."""

    async def noted(self, contact: str, it: Beside) -> Taken | None:
        """Keep a mail in a contact without waking anybody, once; None when nobody knows it."""

    async def goes_on(self, contact: str, address: str, thread: str) -> None:
        """A new contact of an old conversation: it says which it goes on from."""

    async def stranger(self, contact: str, event: str, who: str, theirs: str) -> None:
        """Somebody else wrote with that contact's conversation: it is said there."""


@dataclass(frozen=True, slots=True)
class Place:
    """`conversation` None: it begins its own. `contact`: where a machine's mail belongs, "" for nowhere; `key`: the reply
    that it is about. `others`: somebody else's contact whose address or ids it was written with."""

    conversation: str | None = None
    contact: str = ""
    key: str = ""
    others: str = ""


@dataclass(frozen=True, slots=True)
class Sorting:
    """Finds the place of a mail."""

    known: Conversations
    signatures: Signatures

    async def place(self, box: str, sender: str, letter: Letter, envelope: Envelope) -> Place:
        """Where the mail of `sender` to our mailbox `box` belongs. Raises NotTaken."""
        to = (*envelope.recipients, *letter.to)
        said = claim(self.signatures, sender, to, (*letter.references, *letter.in_reply_to))
        if letter.robot and (key := await self._about(letter, to, said)):
            return Place(None, key.partition(".")[0], key)
        thread, contact = await self._thread(box, sender, said)
        prefix = f"email:{sender}:{box}"
        if thread == prefix or thread.startswith(f"{prefix}:"):
            return Place(thread[len(prefix) + 1 :], contact)
        if said.sure:
            return Place(said.sure)
        given = await self._given(said.others)
        others = given.contact if given is not None else await self._handed_on(box, to, letter)
        return Place(None, "", "", others)

    async def _handed_on(self, box: str, to: Sequence[str], letter: Letter) -> str:
        """Whose signed address it was written to, if the mail names them as well: they handed it on; "" unknown.

        The address alone doesn't tell: its signature is over the customer's address, which it doesn't carry.
        """
        signed = [it for it in to if looks_signed(it)]
        if not signed:  # nearly always, and the words of a mail take a millisecond to look through
            return ""
        named = _MENTIONED.findall(f"{letter.folded[:LOOKED]}\n{letter.text[:LOOKED]}")
        people = list(dict.fromkeys(it.casefold() for it in (*letter.to, *named)))[:CANDIDATES]
        for person in people:
            found = next((it for address in signed if (it := self.signatures.answered(address, person))), "")
            if found:
                return (await self.known.latest(person, [f"email:{person}:{box}:{found}"]))[1]
        return ""

    async def _about(self, letter: Letter, to: Sequence[str], said: Claim) -> str:
        """The reply that a machine's mail is about, as far as we signed for it; "" for none."""
        if key := next((it for address in to if (it := self.signatures.bounced(address))), ""):
            return key
        reported = quoted(it.message_id for it in letter.reports)
        found = said.ours[-1] if said.ours else await self._given((*reported, *said.others))
        return found.key if found is not None else ""

    async def _given(self, ids: Sequence[Quoted]) -> Quoted | None:
        """The first of `ids` that we gave to a mail to somebody, whoever writes now."""
        for it in ids[:CANDIDATES]:
            party = await self.known.party(it.contact)
            if party is not None and self.signatures.good(it, party.address):
                return it
        return None

    async def _thread(self, box: str, sender: str, said: Claim) -> tuple[str, str]:
        """(conversation as a thread, its latest contact); ("", "") for none that anybody knows."""
        names = [said.sure] if said.sure else said.maybe[:CANDIDATES]
        thread, contact = await self.known.latest(sender, [f"email:{sender}:{box}:{it}" for it in names])
        if thread:
            return thread, contact
        if said.ours:  # written first by us: its contact knows its conversation
            party = await self.known.party(said.ours[-1].contact)
            return (party.thread, party.contact) if party is not None else ("", "")
        if said.sure or not said.ids:
            return "", ""
        thread = await self.known.wrote(sender, said.ids[-CANDIDATES:])
        return (await self.known.latest(sender, [thread])) if thread else ("", "")
