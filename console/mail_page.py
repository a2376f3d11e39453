"""`GET /mail/{contact}/{n}`: a whole mail as safe HTML, its bytes and its files, for whoever has a link that still opens.

What the sender wrote is shown in a page that can't run, load or send anything; files are only ever saved, never opened
as pages of ours (SEC22).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web

from ..channels.channel import NotDelivered
from ..channels.email.beside import SCHEME
from ..queue.failures import StoreError
from ..router.body import Body
from ..router.mail_files import MailFiles

_CONTACT, _NUMBER = re.compile(r"C\d{1,12}"), re.compile(r"\d{1,6}")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#1a1a1a;background:#fff}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}dt{color:#555;float:left;clear:left;min-width:5em}"
    "dd{margin-left:5.5em}details{margin:1em 0}.note,small{color:#555}a{color:#064}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
COMMON = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PAGE = {
    **COMMON,
    "Content-Security-Policy": (
        f"default-src 'none'; img-src data:; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox allow-downloads allow-popups allow-popups-to-escape-sandbox"
    ),
}
FILE = {**COMMON, "Content-Security-Policy": "default-src 'none'; sandbox"}
_FILE = re.compile(r'<li data-part="(\d{1,6})">(.*?)( <small>)', re.DOTALL)
"""A file of the mail as the page names it: nothing that a sender wrote can look so, its HTML keeps no `data-part`."""
CLOSED = "This link opens nothing any more. The button in the contact's thread makes a new one.\n"


class MailPage:
    """Three routes under one link."""

    def __init__(self, files: MailFiles) -> None:
        self.files = files

    def routes(self) -> list[web.RouteDef]:
        """Each checks its link."""
        path = "/mail/{contact}/{n}"
        return [
            web.get(path, self._whole),
            web.get(f"{path}/raw", self._raw),
            web.get(f"{path}/{{part}}", self._part),
        ]

    async def _whole(self, request: web.Request) -> web.Response:
        async def shown(body: Body, ref: str) -> web.Response:
            page = await self.files.mails.page(ref)
            return web.Response(text=_document(page, request), content_type="text/html", headers=PAGE)

        return await self._opened(request, shown)

    async def _raw(self, request: web.Request) -> web.Response:
        async def raw(body: Body, ref: str) -> web.Response:
            name = f"{request.match_info['contact']}-{request.match_info['n']}.eml"
            return _saved(await self.files.mails.raw(ref), name)

        return await self._opened(request, raw)

    async def _part(self, request: web.Request) -> web.Response:
        part = request.match_info["part"]

        async def file(body: Body, ref: str) -> web.Response:
            content = await self.files.mails.part(ref, int(part)) if _NUMBER.fullmatch(part) else None
            if content is None:
                return _no(404, "There is no such file.\n")
            name = next((it.name for it in body.media if it.url == f"{SCHEME}{ref}/{part}"), "")
            return _saved(content, name or f"file-{part}")

        return await self._opened(request, file)

    async def _opened(
        self, request: web.Request, answer: Callable[[Body, str], Awaitable[web.Response]]
    ) -> web.Response:
        contact, n = request.match_info["contact"], request.match_info["n"]
        until, sig = request.query.get("until", ""), request.query.get("sig", "")
        known = _CONTACT.fullmatch(contact) and _NUMBER.fullmatch(n)
        if not known or not self.files.good(contact, n, until, sig):
            return _no(403, CLOSED)
        try:
            found = await self.files.of(contact, int(n))
            return await answer(*found) if found is not None else _no(404, "There is no such mail.\n")
        except StoreError:
            return _no(503, "Try again in a moment.\n")
        except NotDelivered as error:
            return _no(404 if error.permanent else 502, f"{error.reason}\n")


def _document(page: str, request: web.Request) -> str:
    """The fragment as a page, its files as links."""
    here, query = escape(request.path), escape(request.rel_url.raw_query_string)
    linked = _FILE.sub(lambda it: f'<li><a href="{here}/{it[1]}?{query}">{it[2]}</a>{it[3]}', page)
    title = escape(request.match_info["contact"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body>{linked}"
        f'<p><a href="{here}/raw?{query}">The mail as it came (.eml)</a></p></body></html>'
    )


def _saved(content: bytes, name: str) -> web.Response:
    """Bytes that a browser only ever saves."""
    safe = (
        "".join(c for c in name if c.isascii() and (c.isalnum() or c in " ._-")).strip(" .")[:100] or "file"
    )
    headers = {
        **FILE,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{safe}"',
    }
    return web.Response(body=content, headers=headers)


def _no(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers={"Cache-Control": "no-store"})
