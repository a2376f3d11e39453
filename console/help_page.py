"""`/help`: what customers can read without asking anybody. Public, and nothing is remembered of who reads.

GET /help?q=&l= ─▶ the page, or with part=1 the list alone       GET /help/NAME ─▶ an article
POST /help/NAME (helped=yes|no) ─▶ counted, and on no how to reach a person
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from aiohttp import web

from ..channels.chat.door import Where
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.article import SLUG, Article
from ..router.articles import Index, Library
from ..router.rulebook import Rulebook
from . import help_views
from .bodies import read_field
from .help_words import words

PER_MINUTE, BURST = 120, 60
"""Requests from one address: somebody who types makes a few a second, for a moment."""
VOTES_PER_MINUTE, VOTES_BURST = 6, 6
MOST_ADDRESSES = 20_000
LONGEST_QUERY, FOUND = 200, 20


@dataclass(slots=True)
class Bucket:
    """How often each address may come: `per_minute`, and so many at once; the addresses of long ago are forgotten."""

    per_minute: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    seen: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def lets(self, address: str) -> bool:
        """Whether it may now; a refused one doesn't count."""
        now = self.clock()
        left, at = self.seen.pop(address, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.per_minute / 60)
        good = left >= 1
        self.seen[address] = (left - 1 if good else left, now)
        while len(self.seen) > MOST_ADDRESSES:
            self.seen.popitem(last=False)
        return good


@dataclass(slots=True)
class HelpPage:
    """`chat`: whether the chat's widget is served here. `trusted`: proxies whose word on the client's address counts."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    library: Library
    chat: Callable[[], bool]
    trusted: tuple[str, ...] = ()
    reads: Bucket = field(default_factory=lambda: Bucket(PER_MINUTE, BURST))
    votes: Bucket = field(default_factory=lambda: Bucket(VOTES_PER_MINUTE, VOTES_BURST))
    dress: help_views.Dress = field(init=False, repr=False)

    def __post_init__(self) -> None:
        style, script = (
            Path(__file__).with_name(name).read_text("utf-8") for name in ("help.css", "help.js")
        )
        self.dress = help_views.Dress(style, script)

    def routes(self) -> list[web.RouteDef]:
        """For everybody."""
        return [
            web.get("/help", self._front),
            web.get("/help/{slug}", self._article),
            web.post("/help/{slug}", self._helped),
        ]

    async def _front(self, request: web.Request) -> web.Response:
        language, part = self._language(request), request.query.get("part") == "1"
        if not self.reads.lets(client(request, self.trusted)):
            return self._refused(request, 429, words(language).busy)
        query = " ".join(request.query.get("q", "")[:LONGEST_QUERY].split())
        try:
            library = self.library
            found = await (library.search(query, language, FOUND) if query else self._all(language))
            now = await self.queue().now()
        except StoreError:
            return self._refused(request, 503, words(language).busy)
        if part:
            return _safe(
                web.Response(text=help_views.results(language, query, found), content_type="text/html")
            )
        by = help_views.ways(self.book(), self.chat())
        body = help_views.front(self.book(), language, now, query, found, by)
        title = f"{words(language).help} – {self.book().plan.site}"
        return self._page(title, language, body, f"<h1>{escape(title)}</h1>", "/help")

    async def _all(self, language: str) -> list[Article]:
        return (await self.library.now()).listed(language)

    async def _article(self, request: web.Request) -> web.Response:
        return await self._one(request, "")

    async def _helped(self, request: web.Request) -> web.Response:
        """Counted once a visit as far as we can know: what is asked too often is thanked for and not counted."""
        if request.content_length is None or request.content_length > 1_000:
            return self._refused(request, 413, words(self._language(request)).missing)
        said = await read_field(request, "helped")
        return await self._one(request, said if said in ("yes", "no") else "")

    async def _one(self, request: web.Request, answered: str) -> web.Response:
        language, slug = self._language(request), request.match_info["slug"]
        address = client(request, self.trusted)
        if not self.reads.lets(address):
            return self._refused(request, 429, words(language).busy)
        try:
            index: Index = await self.library.now()
            it = index.one(slug, language) if SLUG.fullmatch(slug) else None
            if it is None:
                return self._refused(request, 404, words(language).missing)
            if answered and self.votes.lets(address):
                await self.library.store().vote(it.slug, it.language, answered == "yes")
            now = await self.queue().now()
        except StoreError:
            return self._refused(request, 503, words(language).busy)
        by = help_views.ways(self.book(), self.chat())
        body = help_views.article(self.book(), language, now, it, by, answered)
        site = f'<a href="/help?l={language}">{escape(words(language).help)} – {escape(self.book().plan.site)}</a>'
        return self._page(it.title, language, body, site, f"/help/{it.slug}")

    def _language(self, request: web.Request) -> str:
        """The one that was chosen, else the first of the browser's that the plan has, else the plan's first."""
        known = self.book().plan.languages or ("en",)
        if (chosen := request.query.get("l", "")) in known:
            return chosen
        said = request.headers.get("Accept-Language", "")[:300].split(",")
        wanted = [it.split(";")[0].strip()[:2].lower() for it in said]
        return next((it for it in wanted if it in known), known[0])

    def _refused(self, request: web.Request, status: int, text: str) -> web.Response:
        language = self._language(request)
        if request.query.get("part") == "1":
            part = web.Response(
                status=status, text=f'<p class="quiet">{escape(text)}</p>', content_type="text/html"
            )
            return _safe(part)
        site = f"{words(language).help} – {self.book().plan.site}"
        back = f'<p>{escape(text)}</p><p><a href="/help?l={language}">{escape(words(language).back)}</a></p>'
        answer = self._page(site, language, back, f"<h1>{escape(site)}</h1>", "/help")
        answer.set_status(status)
        return answer

    def _page(self, title: str, language: str, body: str, head: str, here: str) -> web.Response:
        nonce = secrets.token_urlsafe(12)
        others = help_views.tongues(self.book().plan.languages, language, here, words(language).language)
        text = help_views.page(self.dress, title, language, body, head, nonce, others)
        return _safe(web.Response(text=text, content_type="text/html"), nonce)


def _safe(answer: web.Response, nonce: str = "") -> web.Response:
    """Nothing of others is loaded, and nobody frames it."""
    own = f"style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; " if nonce else ""
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; {own}form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    answer.headers.update(
        {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    )
    return answer


def client(request: web.Request, trusted: tuple[str, ...]) -> str:
    """Whose request it is; behind trusted proxies the last address that isn't one of them. IPv6 counts by its /64."""
    address = Where("", trusted_proxies=trusted).address(request)
    try:
        it = ipaddress.ip_address(address)
    except ValueError:
        return "?"
    return str(ipaddress.ip_network((it, 64), strict=False)) if it.version == 6 else str(it)
