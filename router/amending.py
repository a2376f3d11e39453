"""What somebody typed was edited or deleted in Slack: the record has it, and a note is sent as it reads now, or not.

Slack's edit can't change what a customer has: a text message stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..channels.house import Amended
from ..queue.engine import Queue
from ..queue.state import MessageView
from .body import Body
from .replies import Ruling

LEFT = ("queued", "sending", "sent", "delivered", "failed")
DELETED = ":deleted"
"""Behind a note's source: its words are gone in Slack."""
DELETED_WORDS = "Deleted in Slack."


def standing_words(body: Body, messages: Sequence[MessageView]) -> Body | None:
    """A note as it reads now, None where it was deleted: later notes of the same source stand for it."""
    notes = [Body.parse(it.body) for it in messages if it.kind == "note"] if body.source else []
    same = [it for it in notes if it.source in (body.source, body.source + DELETED) and it.who == body.who]
    # What was deleted is gone, also where an edit of before is heard of later.
    gone = any(it.source.endswith(DELETED) for it in same)
    return None if gone else same[-1] if same else body


def told_at(messages: Sequence[MessageView], place: str) -> MessageView | None:
    """The last message that was typed at `place`."""
    found = [it for it in messages if ":".join(Body.parse(it.body).source.split(":")[:2]) == place]
    return found[-1] if found else None


async def amend(queue: Queue, contact: str, was: MessageView, it: Amended, decided: Ruling) -> int:
    """Note it in the record; the number of the note whose words may be sent now, 0 where there is none."""
    name, who = it.actor.name, it.actor.user
    if was.kind == "reply" and was.status in LEFT:
        told = "Deleted" if it.text is None else f"Changed to “{it.text}”"
        words = f"{told} in Slack after it had left: the customer has it as it was."
        await queue.append(contact, Body(words, by=name, source=f"{it.place}:after", who=who).to_json())
        return 0
    if it.text is None:
        body = Body(DELETED_WORDS, by=name, source=it.place + DELETED, who=who)
        await queue.append(contact, body.to_json())
        return 0
    kept = Body.parse(was.body).media
    return await queue.append(contact, Body(decided.text, kept, name, it.place, who).to_json())
