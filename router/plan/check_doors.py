"""Which door leads where, what its menu says, and what guards the numbers that are called."""

from __future__ import annotations

from ...skills.skill import CHANNELS
from ..spoken_words import WORDS
from .check_shared import check_shared
from .errors import Source
from .fields import shown
from .names import Known, every_language, named, refer, text_of
from .read import Node


def check_doors(root: Node, known: Known, found: Source) -> None:
    """Note what is wrong with the doors and with the numbers that stand elsewhere."""
    _senders(root, found)
    _recording(root, known, found)
    _often(root, found)
    for index, entry in enumerate(root.each("entry")):
        path, channel, to = f"entry[{index}]", text_of(entry, "channel"), entry.get("to")
        refer(found, entry.get("service"), f"{path}.service", known.services, "service")
        refer(found, entry.get("language"), f"{path}.language", known.languages, "language of this plan")
        refer(found, entry.get("otherwise"), f"{path}.otherwise", known.services, "service")
        every_language(found, entry, "greeting", path, known)
        check_shared(entry, path, channel, known, found)
        if channel not in CHANNELS or entry.kind != "map":
            continue
        if channel == "chat" and to is not None:
            found.wrong(
                entry.keys["to"][0], f"{path}.to", "chat has no number or address", allowed="remove to"
            )
        elif channel != "chat" and to is None:
            hint = "add to: support@northwind.example" if channel == "email" else 'add to: "+4930123456"'
            found.wrong(entry.span, f"{path}.to", "which number or address?", allowed=hint)
        elif to is not None and to.text and ("@" in to.text) != (channel == "email") and channel != "chat":
            hint = "a mail address" if channel == "email" else 'a number: "+4930123456"'
            found.wrong(to.span, f"{path}.to", f"this is no door for {channel}", allowed=hint)
        _voice_only(entry, path, channel, found)
        _menu(entry, path, channel, known, found)


def _menu(entry: Node, path: str, channel: str, known: Known, found: Source) -> None:
    menu = entry.get("menu")
    if menu is None and entry.get("service") is None and "otherwise" not in entry.keys:
        hint = "add service: " + "|".join(known.services[:5])
        found.wrong(entry.span, f"{path}.service", "where does this door lead?", allowed=hint)
    if menu is not None and channel != "voice":
        found.wrong(entry.keys["menu"][0], f"{path}.menu", "only calls have a menu", allowed="service: …")
        return
    if menu is not None and menu.kind == "list":
        _keys(menu.items, f"{path}.menu", known, found)
        if menu.items and all("language" in item.keys for item in menu.items) and not entry.get("service"):
            hint = "a key for a service: {press: 1, say: {en: …}, service: …}"
            found.wrong(entry.keys["menu"][0], f"{path}.menu", "this menu leads nowhere", allowed=hint)


def _voice_only(entry: Node, path: str, channel: str, found: Source) -> None:
    if channel != "voice" and "greeting" in entry.keys:
        span = entry.keys["greeting"][0]
        found.wrong(span, f"{path}.greeting", "only callers are greeted", allowed="remove greeting")
    if "otherwise" in entry.keys and "menu" not in entry.keys:
        span = entry.keys["otherwise"][0]
        what = "otherwise is for who chooses nothing, and there is no menu to choose from"
        found.wrong(span, f"{path}.otherwise", what, instead="service", bare=True)


def _keys(items: list[Node], path: str, known: Known, found: Source) -> None:
    pressed: set[str] = set()
    for number, item in enumerate(items):
        here, press = f"{path}[{number}]", item.get("press")
        refer(found, item.get("service"), f"{here}.service", known.services, "service")
        _leads(item, here, known, found)
        if press is None or press.kind != "scalar":
            continue
        if (key := str(press.scalar)) in pressed:
            free = next((key for key in "1234567890" if key not in pressed), "…")
            found.wrong(
                press.span, f"{here}.press", f"key {shown(key)} leads elsewhere already", instead=free
            )
        pressed.add(key)


def _leads(item: Node, here: str, known: Known, found: Source) -> None:
    """A key leads to a service, or chooses a language and is named in it."""
    service, language, said = item.get("service"), item.get("language"), item.get("say")
    if item.kind != "map":
        return
    if language is None:
        every_language(found, item, "say", here, known)
        if service is None:
            hint = (
                f"add service: {'|'.join(known.services[:5])}, or language: {'|'.join(known.languages[:5])}"
            )
            found.wrong(item.span, f"{here}.service", "where does this key lead?", allowed=hint)
        return
    refer(found, language, f"{here}.language", known.languages, "language of this plan")
    if service is not None:
        what = "a key leads to a service or chooses a language, not both"
        found.wrong(item.keys["language"][0], f"{here}.language", what, allowed="remove language")
    for each, span, _ in said.pairs() if said else ():
        named(found, each, span, f"{here}.say.{each}", known.languages, "language of this plan")
    if said is not None and said.keys and language.text in known.languages and language.text not in said.keys:
        hint = f'add {language.text}: "…"'
        what = f"how is the language called in itself? say is missing in {language.text}"
        found.wrong(item.keys["say"][0], f"{here}.say", what, allowed=hint)


def _senders(root: Node, found: Source) -> None:
    for channel, what in (("voice", "calls"), ("sms", "texts")):
        sender = root.get("channels", channel, "from")
        if sender and sender.text and "@" in sender.text:
            path, hint = f"channels.{channel}.from", 'like "+4915790000000"'
            found.wrong(sender.span, path, f"{what} come from a number", allowed=hint)
    sender = root.get("channels", "email", "from")
    if sender and sender.text and sender.text.startswith("+"):
        hint = "like help@northwind.example"
        found.wrong(sender.span, "channels.email.from", "mails come from an address", allowed=hint)


def _recording(root: Node, known: Known, found: Source) -> None:
    """Whoever is recorded hears so first, in words that somebody here has chosen."""
    announced = root.get("channels", "voice", "recording", "announced")
    if announced is None or announced.text != "texts" or root.get("texts", "call_recorded") is not None:
        return
    words = ", ".join(
        f'{each}: "{WORDS[each]["recorded"] if each in WORDS else "…"}"' for each in known.languages
    )
    what = "callers must hear that they are recorded, and texts has no call_recorded"
    hint = f"add to texts: call_recorded: {{{words}}}"
    found.wrong(announced.span, "channels.voice.recording.announced", what, allowed=hint)


def _often(root: Node, found: Source) -> None:
    for path, hour, day in (
        (
            "safety.per_number.hour",
            root.get("safety", "per_number", "hour"),
            root.get("safety", "per_number", "day"),
        ),
        ("safety.per_hour", root.get("safety", "per_hour"), root.get("safety", "per_day")),
    ):
        if (
            hour
            and day
            and isinstance(hour.scalar, int)
            and isinstance(day.scalar, int)
            and hour.scalar > day.scalar
        ):
            hint = f"at most the {day.scalar} of a day"
            found.wrong(hour.span, path, "more in an hour than in a whole day", allowed=hint)
