"""The whole mail as safe HTML, for a page behind a signed link: header, words, history, its own HTML, its files.

A fragment without scripts, styles or anything from elsewhere; what the sender wrote is escaped or sanitised (SEC22).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from .body import Body, gathered
from .folding import folded
from .headers import words
from .markup import safe
from .mime import Mail, taken_apart

FIELDS = ("From", "Reply-To", "To", "Cc", "Date", "Subject")
LARGEST_IMAGE, MOST_OF_IMAGES = 500_000, 3_000_000
"""Bytes of one image shown within, and of all of them; the others are among the files."""
_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def page(raw: bytes) -> str:
    """`<article class="mail">…</article>`; for any bytes. A file's `<li>` names its part: `data-part="3"`."""
    try:
        mail = taken_apart(raw)
        body = gathered(mail)
        return _article(mail, body)
    except Exception:  # whatever the mail is: its bytes can be had, and the page says so
        return _unreadable(raw)


def _article(mail: Mail, body: Body) -> str:
    head = mail.top.header
    rows = [(name, _field(head.all(name.lower()))) for name in FIELDS]
    text, rest = folded(body.text, head.text("subject"))
    pieces = [
        "<dl>",
        *(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in rows if said),
        "</dl>",
        f'<p class="invitation">{escape(body.invitation)}</p>' if body.invitation else "",
        f"<pre>{escape(text)}</pre>" if text else "",
        f"<details><summary>Earlier mails and signature</summary><pre>{escape(rest)}</pre></details>"
        if rest
        else "",
        _as_html(mail, body),
        _files(body),
    ]
    return f'<article class="mail">{"".join(pieces)}</article>'


def _field(values: Iterable[bytes]) -> str:
    return ", ".join(words(it, longest=4_000) for it in values)[:8_000]


def _as_html(mail: Mail, body: Body) -> str:
    if not body.html:
        return ""
    cleaned = safe(body.html, _images(mail, body))
    if not cleaned.strip():
        return ""
    note = "Images from elsewhere aren't loaded: they would tell the sender that this was read."
    return (
        f'<details><summary>As the sender laid it out</summary><p class="note">{note}</p>'
        f'<section class="html">{cleaned}</section></details>'
    )


def _images(mail: Mail, body: Body) -> dict[str, str]:
    """Content id → `data:` URL of those that its HTML shows."""
    kinds = {it.part: it.content_type for it in body.files}
    out: dict[str, str] = {}
    total = 0
    for cid, part in body.images.items():
        kind = kinds.get(part.number, "")
        if cid not in body.shown or kind not in _IMAGES:
            continue
        data = part.bytes(mail.raw)
        total += len(data)
        if len(data) <= LARGEST_IMAGE and total <= MOST_OF_IMAGES:
            out[cid] = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return out


def _files(body: Body) -> str:
    rows = [
        f'<li data-part="{it.part}">{escape(it.name)} <small>{escape(it.content_type)}, {_size(it.size)}</small></li>'
        for it in body.files
    ]
    return f'<ul class="files">{"".join(rows)}</ul>' if rows else ""


def _size(bytes: int) -> str:
    return f"{bytes / 1_048_576:.1f} MB" if bytes >= 1_048_576 else f"{max(1, bytes // 1024)} KB"


def _unreadable(raw: bytes) -> str:
    start = escape(words(raw[:2_000], longest=2_000))
    return f'<article class="mail"><p class="note">This mail can\'t be read. It begins:</p><pre>{start}</pre></article>'
