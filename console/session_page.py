"""`/session/{contact}/{number}`: a customer agrees to a session, or not, before it begins. For whoever has the link."""

from __future__ import annotations

import re
import secrets
import time
from html import escape

from aiohttp import web

from ..queue.failures import StoreError
from ..router.facts import Facts
from ..router.plan.model_texts import fill
from ..router.session import Session
from ..router.session_words import Words, words
from ..router.sessions import Sessions
from .bodies import read_field

_CONTACT, _NUMBER = re.compile(r"C\d{1,12}"), re.compile(r"\d{1,6}")
_STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:3em auto;padding:0 1em;color:#1a1a1a;background:#fff}"
    "button,a.go{font:inherit;display:inline-block;padding:.6em 1.2em;margin:.3em .6em .3em 0;border:2px solid #0b5;"
    "border-radius:.4em;background:#063;color:#fff;text-decoration:none;cursor:pointer}"
    "button.no{background:#fff;color:#333;border-color:#777}small{color:#555}"
)


class SessionPage:
    """Looking at the page changes nothing; its buttons do."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def routes(self) -> list[web.RouteDef]:
        """Both check the link."""
        path = "/session/{contact}/{number}"
        return [web.get(path, self._look), web.post(path, self._answer)]

    async def _look(self, request: web.Request) -> web.Response:
        return await self._page(request, None)

    async def _answer(self, request: web.Request) -> web.Response:
        if not self._good(request):
            return _answered(403, "en", words("en"), f"<p>{escape(words('en').over)}</p>")
        given = await read_field(request, "answer")
        if given not in ("yes", "no"):
            shown = await self._page(request, None)
            if shown.status == 200:
                shown.set_status(400)  # with its buttons, which are all that can be answered
            return shown
        return await self._page(request, given == "yes")

    def _good(self, request: web.Request) -> bool:
        contact, number = request.match_info["contact"], request.match_info["number"]
        if not (_CONTACT.fullmatch(contact) and _NUMBER.fullmatch(number)):
            return False
        query, path = request.query, f"/session/{contact}/{number}"
        return self.sessions.links.good(path, query.get("until", ""), query.get("sig", ""), time.time())

    async def _page(self, request: web.Request, yes: bool | None) -> web.Response:
        """The page as it is after the answer `yes` (None: nobody has answered now)."""
        if not self._good(request):
            return _answered(403, "en", words("en"), f"<p>{escape(words('en').over)}</p>")
        contact, number = request.match_info["contact"], int(request.match_info["number"])
        try:
            view = await self.sessions.queue().contact(contact)
            it = await self.sessions.of(contact)
            if yes is not None:
                it = await self.sessions.answer(contact, number, yes)
        except StoreError:
            return _answered(503, "en", words("en"), "<p>Please try again in a moment.</p>")
        language = Facts.parse(view.facts if view else "").language
        said = words(language)
        if it is None or it.number != number:
            return _answered(410, language, said, f"<p>{escape(said.over)}</p>")
        return _answered(200, language, said, self._body(it, said), self._title(it, said))

    def _title(self, it: Session, said: Words) -> str:
        book = self.sessions.book()
        return fill(said.title, agent=book.called(it.agent), site=book.plan.site)

    def _body(self, it: Session, said: Words) -> str:
        name = self.sessions.book().called(it.agent)
        what = escape(fill(said.remote if it.kind == "remote" else said.video, agent=name))
        match it.state:
            case "asked":
                return (
                    f"<p>{what}</p><p><small>{escape(self.sessions.origin(it))}</small></p><form method=post>"
                    f"<button name=answer value=yes>{escape(said.agree)}</button>"
                    f"<button class=no name=answer value=no>{escape(said.refuse)}</button></form>"
                )
            case "agreed":
                go = f'<a class=go rel="noreferrer noopener" href="{escape(it.url)}">{escape(said.go)}</a>'
                return f"<p>{what}</p><p>{go}</p><p><small>{escape(self.sessions.origin(it))}</small></p>"
            case "refused":
                return f"<p>{escape(said.refused)}</p>"
            case _:
                return f"<p>{escape(said.over)}</p>"


def _answered(status: int, language: str, said: Words, body: str, title: str = "") -> web.Response:
    nonce = secrets.token_urlsafe(12)
    head = escape(title or fill(said.title, agent="…", site="…"))
    page = (
        f'<!doctype html><html lang="{escape(language or "en")}"><head><meta charset=utf-8>'
        f'<meta name=viewport content="width=device-width,initial-scale=1"><meta name=robots content=noindex>'
        f'<title>{head}</title><style nonce="{nonce}">{_STYLE}</style></head>'
        f"<body><main><h1>{head}</h1>{body}</main></body></html>"
    )
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    headers = {
        "Cache-Control": "private, no-store", "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
    }  # fmt: skip
    return web.Response(status=status, text=page, content_type="text/html", headers=headers)
