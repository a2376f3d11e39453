"""Every message of the desk, from what the router says to what Slack shows. Pure; how text is made safe: `blocks`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..channel import Button, Card, Head, Line, Mark, WrapUp
from .blocks import (
    SECTION,
    WEIGHT,
    Json,
    Message,
    actions,
    button,
    clean,
    clip,
    date,
    fallback,
    lasting,
    menu,
    mrkdwn,
    ours,
    plain,
    sections,
    small,
    tame,
    theirs,
    weigh,
    without_buttons,
)

ANSWERS = 1_200
"""Characters of what a customer has answered, all together."""
CALLED = {"voice": "call", "sms": "text", "email": "mail", "chat": "chat"}


def _title(service: str, channel: str, contact: str, more: str) -> str:
    return f"*{tame(service, 150)}* · {CALLED.get(channel, 'contact')} · {tame(contact, 50)} · {more}"


def _due(answer: int | None, solve: int | None) -> str:
    """What is promised, behind a dot each."""
    promised = (("answer due", answer), ("to be done", solve))
    return "".join(f" · {what} {date(at, '{date_short_pretty} {time}')}" for what, at in promised if at)


STAYS = "stays:"
"""How the key of something told begins that stays as it is, whoever presses its buttons."""


def offer(card: Card) -> Message:
    """The card of an offer, for its agent in person."""
    value = f"{card.contact}:{card.offer}"
    until = date(card.until, "{time_secs}")
    due = _due(card.due, card.solve)
    title = _title(card.service, card.channel, card.contact, tame(card.tier, 20))
    known = "verified" if card.verified else "claimed, not verified"
    stands = "Taken for you: nothing to press" if card.by_itself else f"Yours until {until}"
    head = [
        ours(f"{title}\n{stands} · waited {lasting(card.waited)}{due}"),
        small([f"From {card.customer} ({known})", f"Why you: {card.why}", card.history]),
        *([theirs(card.handover, 600)] if card.handover else []),
        *answered(card.answers),
    ]
    pressed = [button("offer.accept", "Accept", value, "primary"), button("offer.decline", "Decline", value)]
    if card.reasons:
        pressed.append(menu("offer.because", "Decline because …", [(it, value) for it in card.reasons]))
    buttons = [] if card.by_itself else pressed
    lines = list[Json]()
    for text in card.lines[-8:]:
        lines += sections(text, (WEIGHT - sum(map(weigh, [*head, *lines])) - 1000) // 2)
    metadata = _metadata("tierline_offer", contact=card.contact, offer=card.offer)
    words = f"{card.service}: {card.customer} – {card.lines[-1] if card.lines else ''}"
    return Message(fallback(words), (*head, *lines, *actions(buttons)), metadata)


def answered(answers: tuple[str, ...]) -> list[Json]:
    """What the customer has answered to questions, a line each; nothing where nothing was asked."""
    return [theirs("\n".join(["Known so far:", *(f"• {it}" for it in answers)]), ANSWERS)] if answers else []


def for_one(it: Message, user: str) -> Message:
    """The same in a channel, for one person there: who it is stands in the metadata, too."""
    payload = {**(it.metadata or {}).get("event_payload", {}), "for": user}
    kind = str((it.metadata or {}).get("event_type") or "tierline_told")
    named = ours(f"For <@{user}>: nobody else can press this.")
    return Message(
        f"<@{user}> {it.text}", (*it.blocks[:1], named, *it.blocks[1:]), _metadata(kind, **payload)
    )


def ended_offer(shown: Iterable[Json], told: str, link: str = "") -> Message:
    """A card whose offer has ended: what it showed, and what became of it."""
    more = f" <{link}|Go to the thread>" if link else ""
    # The deadline stands in the first block: it is over.
    kept = without_buttons(shown)[1:]
    return Message(fallback(told), (ours((tame(told, 600) or "Withdrawn.") + more), *kept))


def where_replies_go(head: Head) -> str:
    """In words, for the first message of a thread."""
    who = tame(head.owner_name, 100)
    if head.channel == "voice":
        return "This is a call: nothing typed here is sent to the customer."
    if head.replies == "explicit":
        return "Nothing typed here is sent: only the *Reply* button sends to the customer."
    return (
        f"Plain replies of {who} go to the customer after {lasting(head.hold)}; "
        "begin with `//` or `note:` to keep it inside."
    )


CALL_BUTTONS = (
    ("hold", "Hold"), ("resume", "Resume"), ("mute", "Mute"), ("unmute", "Unmute"), ("hang_up", "Hang up"),
    ("listen", "Listen"), ("whisper", "Whisper"), ("barge", "Barge in"),
)  # fmt: skip
"""What is done with a call while it goes on: there are no keys inside a conference."""


TAPE_BUTTONS = (("pause", "Pause recording"), ("record", "Record again"))


def head(it: Head) -> Message:
    """The first message of a contact's thread."""
    due = _due(it.due, it.solve)
    title = _title(it.service, it.channel, it.contact, f"with *{tame(it.owner_name, 100)}*{due}")
    known = "verified" if it.verified else "claimed, not verified"
    reply = [] if it.channel == "voice" else [button("contact.reply", "Reply", it.contact, "primary")]
    buttons = [
        *reply,
        button("contact.note", "Note", it.contact),
        button("contact.close", "Close", it.contact),
        button("contact.transfer", "Hand over …", it.contact),
        button("contact.escalate", "Escalate …", it.contact),
        button("contact.snooze", "Snooze …", it.contact),
        button("contact.callback", "Date …", it.contact),
        button("contact.more", "More …", it.contact),
        *(button(one.action, one.label, one.value, one.style) for one in it.also),
    ]
    talk = (*CALL_BUTTONS, *(TAPE_BUTTONS if it.recorded else ())) if it.channel == "voice" else ()
    blocks = (
        ours(title),
        small(
            [f"From {it.customer} ({known})", f"Helping: {', '.join(it.helping)}" if it.helping else ""],
        ),
        *answered(it.answers),
        ours(where_replies_go(it)),
        *actions([button(f"call.{name}", label, it.contact) for name, label in talk]),
        *actions(buttons),
    )
    upto = max((line.n for line in it.lines), default=0)
    metadata = _metadata("tierline_contact", contact=it.contact, upto=upto)
    return Message(
        fallback(f"{it.contact} {it.service}: {it.customer}, with {it.owner_name}"), blocks, metadata
    )


ICONS = {
    "customer": ":bust_in_silhouette:",
    "agent": ":speech_balloon:",
    "system": ":gear:",
    "note": ":lock:",
    "event": ":information_source:",
}
WHO = {"customer": "", "agent": "", "system": "sent by Tierline", "note": "note, kept inside", "event": ""}


def said_by(line: Line) -> list[Json]:
    """One line of a transcript: who, and what was said."""
    who = line.author if line.kind not in ("system", "event") else "Tierline"
    extra = f"_{WHO[line.kind]}_ " if WHO[line.kind] else ""
    # The name may be the customer's own: it stands in plain text, beside our words.
    name = {
        "type": "context",
        "elements": [mrkdwn(ICONS[line.kind]), plain(who or "unknown", 200), mrkdwn(extra + date(line.at))],
    }
    files = [f"Attached: {media.name or media.content_type}" for media in line.media[:10]]
    texts = sections(line.text, WEIGHT - 2500) if line.text.strip() or not files else []
    return [name, *texts, *([small(files)] if files else [])]


def line(it: Line) -> Message:
    """A line in a contact's thread, with as many of those behind it as one message takes: its metadata says `upto`."""
    rows = actions([button(one.action, one.label, one.value, one.style, one.url) for one in it.buttons[:10]])
    blocks, upto = [*said_by(it), *rows], it.n
    for one in it.more:
        added = said_by(one)
        if _too_much(blocks, added):
            break
        blocks, upto = blocks + added, one.n
    together = {"upto": upto} if upto > it.n else {}
    metadata = _metadata("tierline_line", contact=it.contact, n=it.n, **together)
    return Message(fallback(f"{it.author}: {it.text}"), tuple(blocks), metadata)


def _too_much(blocks: Sequence[Json], added: Sequence[Json]) -> bool:
    return len(blocks) + len(added) > 45 or weigh(blocks) + weigh(added) > WEIGHT


def transcript(it: Head) -> list[Message]:
    """What was said before the thread opened, in as few messages as Slack allows."""
    pages: list[list[Json]] = []
    for one in it.lines:
        blocks = said_by(one)
        if not pages or _too_much(pages[-1], blocks):
            pages.append([])
        pages[-1] += blocks
    first = it.lines[0] if it.lines else None
    words = fallback(f"{first.author}: {first.text}" if first else it.contact)
    return [
        Message(words, tuple(page), _metadata("tierline_transcript", contact=it.contact, page=number))
        for number, page in enumerate(pages)
    ]


def held(mark: Mark, now: int) -> Message:
    """A reply that is about to leave, with Undo."""
    seconds = max(1, -(-(mark.until - now) // 1000))
    text = f"⏳ leaves in {seconds} s: “{clip(clean(mark.text), 2500)}”"
    undo = button("reply.undo", "Undo", f"{mark.contact}.{mark.n}", "danger")
    metadata = _metadata("tierline_reply", contact=mark.contact, n=mark.n, undo=True)
    return Message(fallback(text), (theirs(text), *actions([undo])), metadata)


def undone(mark: Mark) -> Message:
    """A reply that was taken back."""
    text = f"Undone, nothing was sent: “{clip(clean(mark.text), 2500)}”"
    return Message(
        fallback(text),
        (theirs(text),),
        _metadata("tierline_reply", contact=mark.contact, n=mark.n, undo=True),
    )


def gone_out(mark: Mark, author: str) -> Message:
    """A reply that was not typed in the thread, once it is out."""
    text = f"✓ {author} “{clip(clean(mark.text), 2500)}”"
    return Message(
        fallback(text),
        (theirs(text),),
        _metadata("tierline_reply", contact=mark.contact, n=mark.n, undo=True),
    )


def failed(mark: Mark) -> Message:
    """A reply that could not be sent: why, and Retry."""
    text = f"✗ Not sent: {clip(clean(mark.error) or 'the reason is unknown', 500)}\n“{clip(clean(mark.text), 2000)}”"
    retry = button("reply.retry", "Retry", f"{mark.contact}.{mark.n}", "primary")
    metadata = _metadata("tierline_reply", contact=mark.contact, n=mark.n, failed=True)
    return Message(fallback(text), (theirs(text), *actions([retry])), metadata)


def mended(mark: Mark) -> Message:
    """A reply that failed once and is out now."""
    text = f"✓ Sent after all: “{clip(clean(mark.text), 2000)}”"
    return Message(
        fallback(text),
        (theirs(text),),
        _metadata("tierline_reply", contact=mark.contact, n=mark.n, failed=True),
    )


def closing(contact: str, told: str, buttons: Sequence[Button] = ()) -> Message:
    """The last line of a thread."""
    rows = actions([button(one.action, one.label, one.value, one.style) for one in buttons])
    metadata = _metadata("tierline_closed", contact=contact, told=told[:200])
    return Message(fallback(told), (ours(tame(told)), *rows), metadata)


def wrapping(it: WrapUp) -> Message:
    """The line of a wrap-up: until when, *Done*, and *More time* while there is any."""
    text = f"{tame(it.told, 500)} Wrap-up until {date(it.until, '{time_secs}')}; notes typed here are kept."
    finish = (
        button("contact.done", "Done", it.contact, "primary")
        if it.filled
        else button("contact.close", "Done …", it.contact, "primary")
    )
    later = [button("contact.longer", "More time", it.contact)] if it.longer else []
    metadata = _metadata("tierline_wrap", contact=it.contact, until=it.until)
    return Message(fallback(it.told), (ours(text), *actions([finish, *later])), metadata)


def alive(message: Json) -> bool:
    """Whether a contact's first message still has its buttons."""
    return any(block.get("type") == "actions" for block in message.get("blocks") or ())


def closed_head(shown: Iterable[Json], told: str) -> Message:
    """A thread's first message once the contact has ended: nothing to press, and where replies no longer go."""
    kept = without_buttons(shown)
    return Message(fallback(told), (*kept[:2], ours(tame(told))))


def telling(text: str, buttons: Sequence[Button] = (), key: str = "", quotes: Sequence[str] = ()) -> Message:
    """Something told to a person or a channel, with words of others; by its `key` it is found again."""
    made = [button(one.action, one.label, one.value, one.style, one.url) for one in buttons[:25]]
    rows, most = [*(theirs(it, 600) for it in quotes[:10]), *actions(made)], 9000
    while weigh(parts := [ours(part) for part in _parts(text, most)]) + weigh(rows) > WEIGHT and most > 300:
        most = most * 2 // 3
    return Message(fallback(text), (*parts, *rows), _metadata("tierline_told", told=key) if key else None)


def _parts(text: str, most: int) -> list[str]:
    """Our own words in sections of whole lines."""
    pages = [""]
    for row in tame(text, most).split("\n"):
        if len(pages[-1]) + len(row) > SECTION:
            pages.append("")
        pages[-1] += clip(row, SECTION) + "\n"
    return [page.strip("\n") for page in pages if page.strip()] or ["…"]


def _metadata(kind: str, **payload: str | int | bool) -> Json:
    return {"event_type": kind, "event_payload": payload}
