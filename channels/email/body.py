"""A mail's words and files, gathered from its parts: which alternative counts, what is shown within, what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .charsets import decoded, lines_of
from .enveloped import content
from .headers import split, words
from .invitations import invitation
from .letter import Attachment
from .markup import as_text, declared
from .mime import Mail, Part, taken_apart
from .sniffing import UNKNOWN, file_name, sniffed
from .tnef import SIGN_OFF, File, Unpacked, unpacked
from .uuencoded import taken_out

LONGEST_TEXT = 1_000_000
"""Encoded bytes of one part that become text; the rest is in the mail itself."""
IN_A_PACK = 1_000
"""Files that lie within a part are numbered from `IN_A_PACK` × (its number + 1) on; parts are fewer than that."""
MOST_SIGNATURES = 4
"""Opaque signatures around each other that are taken off."""
_NO_FILES = {
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-keys",
    "message/delivery-status", "message/disposition-notification", "message/feedback-report", "text/rfc822-headers",
    "message/global-delivery-status", "text/x-amp-html",
}  # fmt: skip
"""Parts that only machines read: they stay in the mail and are no file for a person."""
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}
_CONTENT_ID = re.compile(r"cid:([^\"'\s>)]{1,300})", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\b(?:html|browser|webversion|web version|mime)\b", re.IGNORECASE)
_CLOSED = re.compile(r"\s*-----BEGIN PGP MESSAGE-----\n")
_ODD = bytes(it for it in range(0x20) if it not in b"\t\n\x0b\f\r\x1b") + b"\x7f"
"""Control characters that no text has many of."""
_BINARY = ("image/png", "image/jpeg", "image/gif", "image/tiff", "image/webp", "application/zip", "application/pdf",
           "application/gzip", "application/vnd", "application/x-ole", "audio/", "video/")  # fmt: skip
_RICH_TAG = re.compile(r"<[^<>\n]{0,100}>")


@dataclass(slots=True)
class Body:
    """What a mail says and carries. `sealed`: it is encrypted; `garbled`: what calls itself text is none."""

    texts: list[str] = field(default_factory=list)
    html: str = ""  # the first one, to be shown
    files: list[Attachment] = field(default_factory=list)
    images: dict[str, Part] = field(default_factory=dict)  # by content id
    shown: set[str] = field(default_factory=set)  # content ids that its HTML refers to
    invitation: str = ""
    sealed: bool = False
    garbled: bool = False

    @property
    def text(self) -> str:
        """All of its words, one piece after the other."""
        return "\n\n".join(it for it in self.texts if it.strip())


def gathered(mail: Mail, forwarded: bool = False, signatures: int = 0) -> Body:
    """The body of a mail that was taken apart; a mail without words of its own has those of the one it forwards.

    `signatures`: how many opaque ones were taken off around it.
    """
    body = Body()
    _Gathering(mail, body, signatures).part(mail.top, True)
    inner = [it.part for it in body.files if it.content_type == "message/rfc822"]
    if len(inner) == 1 and not forwarded and not body.text and not body.sealed:
        body.texts.append(gathered(taken_apart(mail.parts[inner[0]].bytes(mail.raw)), True).text)
    for i, it in enumerate(body.files):
        within = any(cid in body.shown and part.number == it.part for cid, part in body.images.items())
        if within and not it.inline:
            body.files[i] = Attachment(it.part, it.name, it.content_type, it.size, True)
    return body


@dataclass(slots=True)
class _Gathering:
    mail: Mail
    body: Body
    signatures: int

    def part(self, part: Part, wanted: bool) -> None:
        """Take a part and those within; `wanted` False: its files only, its words are said elsewhere."""
        kind = part.content_type
        if part.children:
            self._several(part, kind, wanted)
            return
        disposition, said = part.disposition
        name = said.get("filename") or part.parameters.get("name", "")
        if kind in _SEALED:
            if (within := _signed(part.bytes(self.mail.raw), self.signatures)) is not None:
                self._pack(part, within)
                return
            self.body.sealed = True
        if kind == "text/calendar" and not self.body.invitation:
            self.body.invitation = invitation(self._decoded(part, part.bytes(self.mail.raw, LONGEST_TEXT)))
        is_text = kind.startswith("text/") and kind != "text/calendar" and disposition != "attachment"
        if kind in _NO_FILES:
            return
        if is_text and (not name or part.depth == 0 or not self.body.text) and self._words(part, wanted):
            if not name or part.depth == 0:
                return
        self._file(part, name, disposition)

    def _several(self, part: Part, kind: str, wanted: bool) -> None:
        children = part.children
        if kind == "multipart/alternative":
            chosen = self._alternative(children)
            before = len(self.body.texts)
            for child in children:
                self.part(child, wanted and child is chosen)
            if wanted and not "".join(self.body.texts[before:]).strip():  # a picture says nothing here
                self._said_plainly(children, chosen)
        elif kind in ("multipart/related", "multipart/signed", "multipart/report", "multipart/appledouble"):
            for i, child in enumerate(children):
                self.part(child, wanted and i == 0)
        else:
            self.body.sealed |= kind == "multipart/encrypted"
            for child in children:
                self.part(child, wanted)

    def _said_plainly(self, children: tuple[Part, ...], chosen: Part | None) -> None:
        plain = next((it for it in children if it.content_type == "text/plain" and it is not chosen), None)
        if plain is not None:
            self._words(plain, True)

    def _alternative(self, children: tuple[Part, ...]) -> Part | None:
        """The plain one where it says something, else the last that can be read (RFC 2046 §5.1.4)."""
        rich = [it for it in children if it.children or it.content_type in ("text/html", "text/enriched")]
        for it in children:
            if it.content_type == "text/plain" or (it.children and _holds_plain(it)):
                if it.children or not rich or not _is_placeholder(self._plain(it)):
                    return it
        return (
            rich[-1] if rich else next((it for it in children if it.content_type.startswith("text/")), None)
        )

    def _plain(self, part: Part) -> str:
        return self._decoded(part, part.bytes(self.mail.raw, 4_000))

    def _words(self, part: Part, wanted: bool) -> bool:
        """Take a text part's words; False when its bytes are no text."""
        data = self._without_files(part, part.bytes(self.mail.raw, LONGEST_TEXT))
        kind = sniffed(data)
        if data.strip() and not _is_wide(part) and _is_no_text(data, kind):
            self.body.garbled |= part.depth == 0
            return False
        if not data:
            return True
        text = self._decoded(part, data)
        if part.content_type == "text/html" or text.lstrip()[:15].lower().startswith(
            ("<html", "<!doctype html")
        ):
            self.body.html = self.body.html or text
            self.body.shown.update(_CONTENT_ID.findall(text))
            if wanted:
                self.body.texts.append(as_text(text)[0])
        elif _CLOSED.match(text):
            self.body.sealed = True
            return False
        elif wanted:
            self.body.texts.append(_unmarked(part, text))
        return True

    def _decoded(self, part: Part, data: bytes) -> str:
        charset = part.parameters.get("charset", "")
        if part.content_type == "text/html" and not charset:
            charset = declared(data)
        return lines_of(decoded(data, charset))

    def _file(self, part: Part, name: str, disposition: str) -> None:
        if part.content_type in ("message/rfc822", "message/global"):
            self.body.files.append(self._forwarded(part, name))
            return
        data = part.bytes(self.mail.raw)
        if data.startswith(SIGN_OFF):
            self._pack(part, unpacked(data))
            return
        if not data and not name:
            return
        said = words(name.encode("utf-8", "replace"))
        kind = sniffed(data, part.content_type, said)
        content_id = words(part.header.raw("content-id")).strip("<> ")
        if content_id:
            self.body.images.setdefault(content_id, part)
        inline = disposition == "inline" and kind.startswith("image/")
        known = file_name(said, kind, part.number)
        self.body.files.append(Attachment(part.number, known, kind, len(data), inline))

    def _forwarded(self, part: Part, name: str) -> Attachment:
        data = part.bytes(self.mail.raw)
        header, _, _ = split(data, 0, len(data), 64 * 1024)
        said = name or header.text("subject") or "message"
        known = file_name(
            words(said.encode("utf-8", "replace")).replace("/", "-"), "message/rfc822", part.number
        )
        known = known if known.lower().endswith(".eml") else f"{known[:100]}.eml"
        return Attachment(part.number, known, "message/rfc822", len(data))

    def _pack(self, part: Part, pack: Unpacked) -> None:
        self._files_within(part, pack.files)
        self.body.sealed |= pack.sealed
        self.body.invitation = self.body.invitation or pack.invitation
        if not self.body.text:
            html = lines_of(pack.html)
            self.body.html = self.body.html or html
            self.body.texts.append(lines_of(pack.text) or (as_text(html)[0] if html else ""))

    def _without_files(self, part: Part, data: bytes) -> bytes:
        if part.content_type != "text/plain" or b"begin " not in data:
            return data
        words, files = taken_out(part.bytes(self.mail.raw))
        self._files_within(part, files)
        return words if files else data

    def _files_within(self, part: Part, files: list[File]) -> None:
        for i, it in enumerate(files):
            said = words(it.name.encode("utf-8", "replace"))
            kind = sniffed(it.data, "", said)
            place = IN_A_PACK * (part.number + 1) + i
            self.body.files.append(Attachment(place, file_name(said, kind, i + 1), kind, len(it.data)))


def _signed(data: bytes, signatures: int) -> Unpacked | None:
    """What an opaque signature is put around, None where it is closed to everybody but its recipient."""
    inner = content(data) if signatures < MOST_SIGNATURES else b""
    if not inner:
        return None
    mail = taken_apart(inner)
    body = gathered(mail, signatures=signatures + 1)
    files = [File(it.name, part_bytes(mail, it.part, signatures + 1) or b"") for it in body.files]
    return Unpacked(files[: IN_A_PACK - 1], body.text, body.html, b"", body.invitation, body.sealed)


def part_bytes(mail: Mail, number: int, signatures: int = 0) -> bytes | None:
    """The bytes of the file that an `Attachment.part` names, None when there is none."""
    if 0 <= number < len(mail.parts):
        return mail.parts[number].bytes(mail.raw)
    place, i = divmod(number, IN_A_PACK)
    if not 1 <= place <= len(mail.parts):
        return None
    files = _files_of(mail.parts[place - 1].content_type, mail.parts[place - 1].bytes(mail.raw), signatures)
    return files[i].data if i < len(files) else None


def _files_of(kind: str, data: bytes, signatures: int) -> list[File]:
    """The files that lie within a part."""
    if data.startswith(SIGN_OFF):
        return unpacked(data).files
    if kind in _SEALED:
        within = _signed(data, signatures)
        return within.files if within else []
    return taken_out(data)[1] if kind == "text/plain" else []


def _holds_plain(part: Part) -> bool:
    return any(it.content_type == "text/plain" for it in _leaves(part))


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children:
        yield part
    for it in part.children:
        yield from _leaves(it)


def _is_placeholder(text: str) -> bool:
    """Whether the plain text says no more than that there is HTML."""
    said = text.strip()
    return not said or (len(said) < 300 and bool(_PLACEHOLDER.search(said)))


def _is_no_text(data: bytes, kind: str) -> bool:
    """Whether a file's bytes stand where words should; a stray zero among words makes no file of them."""
    head = data[:1024]
    odd = len(head) - len(head.translate(None, _ODD))
    if kind == UNKNOWN:
        return b"\0" in head and odd * 10 > len(head)
    return kind.startswith(_BINARY) and odd > 2


def _is_wide(part: Part) -> bool:
    return part.parameters.get("charset", "").lower().startswith(("utf-16", "utf-32", "ucs-2", "unicode"))


def _unmarked(part: Part, text: str) -> str:
    if part.content_type in ("text/enriched", "text/richtext"):
        return _RICH_TAG.sub("", text.replace("<<", "‹"))
    text = _unsigned(text)
    if part.parameters.get("format", "").lower() == "flowed":
        return _reflowed(text, part.parameters.get("delsp", "").lower() == "yes")
    return text


def _unsigned(text: str) -> str:
    """Without the armour around what was signed within the text itself (RFC 9580 §7); programs alone read that."""
    for _ in range(MOST_SIGNATURES):
        before, begins, after = text.partition("-----BEGIN PGP SIGNED MESSAGE-----\n")
        said, ends, armour = after.partition("\n-----BEGIN PGP SIGNATURE-----\n")
        _, closed, behind = armour.partition("-----END PGP SIGNATURE-----")
        if not (begins and ends and closed) or before.rpartition("\n")[2]:
            break
        hash_of, empty, words_of = said.partition("\n\n")
        said = words_of if empty and ("\n" + hash_of).count("\n") == hash_of.count(": ") else said
        text = before + "\n".join(it.removeprefix("- ") for it in said.split("\n")) + behind
    return text


def _reflowed(text: str, delete: bool) -> str:
    """format=flowed (RFC 3676): a line that ends with a blank goes on in the next of the same depth."""
    out: list[str] = []
    flows, last = False, 0
    for line in text.split("\n"):
        rest = line.lstrip(">")
        depth = len(line) - len(rest)
        rest = rest.removeprefix(" ")
        whole = rest == "-- "
        if flows and depth == last and not whole:
            out[-1] = (out[-1][:-1] if delete else out[-1]) + rest
        else:
            out.append(">" * depth + " " * bool(depth) + rest)
        flows, last = rest.endswith(" ") and not whole, depth
    return "\n".join(out)
