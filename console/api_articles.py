"""`/api/v1/articles…`: what customers read on `/help`, every version of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from ..queue.history.article import LONGEST_BODY, Article, Overtaken
from ..router.articles import text_of, written
from ..router.editors import Editors, Faulty
from .api_moves import text
from .api_plan import origin
from .bodies import BadBody, plain, read_object
from .problem import problem
from .shapes import ARTICLE_STATES, MOST_IN_LIST
from .views import iso

Handler = Callable[[web.Request], Awaitable[web.Response]]
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class ArticlesApi:
    """Thin handlers over the library and its editors."""

    editors: Callable[[], Editors]

    def routes(self, only: Callable[[Handler], Handler]) -> list[web.RouteDef]:
        """Each behind the token."""
        return [
            web.get("/api/v1/articles", only(self.listed)),
            web.get("/api/v1/articles/{slug}", only(self.one)),
            web.put("/api/v1/articles/{slug}", only(self.put)),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """The last version of every article; with `q` and `language` the published ones that fit, the best first."""
        library, query = self.editors().library, request.query.get("q", "")[:200]
        if query:
            language = request.query.get("language") or self.editors().book().plan.languages[0]
            found = await library.search(query, language, MOST_LISTED)
        else:
            found = list(await library.store().newest())
        return web.json_response([_row(it) for it in found])

    async def one(self, request: web.Request) -> web.Response:
        """The last version of one in `language` (else the plan's first), and whether it helped."""
        store, slug = self.editors().library.store(), request.match_info["slug"]
        language = request.query.get("language") or self.editors().book().plan.languages[0]
        versions = await store.versions(slug, language)
        if not versions:
            return problem(404, "no such article", "`GET /api/v1/articles` lists them.")
        yes, no = (await store.votes()).get((slug, language), (0, 0))
        it = versions[-1]
        rows = [
            {"version": v.version, "at": iso(v.at) if v.at else None, "author": v.author, "state": v.state}
            for v in versions
        ]
        whole = {"body": text_of(it), "helped": yes, "did_not_help": no, "versions": rows}
        return web.json_response({**_row(it), **whole})

    async def put(self, request: web.Request) -> web.Response:
        """A new version: `{"language", "title", "body", "tags"?, "services"?, "state"?, "on"?, "by"?}`."""
        raw = await read_object(request)
        it, expected = read_article(request.match_info["slug"], raw), _on(raw)
        who = text(raw, "by")[:200] or "api token"
        try:
            version = await self.editors().save(who, it, expected, origin(request))
        except Faulty as faulty:
            return problem(422, "this article can't stay so", str(faulty))
        except Overtaken:
            return problem(
                409, "somebody has saved it since", "Read it again, and send `on` with its version."
            )
        return web.json_response({"slug": it.slug, "language": it.language, "version": version})


def read_article(slug: str, raw: Mapping[str, object]) -> Article:
    """What was sent. Raises BadBody; whether the plan allows it is asked later."""
    language, title, body = (raw.get(name) for name in ("language", "title", "body"))
    if not isinstance(language, str) or len(language) != 2:
        raise BadBody("`language` is two letters: en.")
    if not isinstance(title, str) or not title or not plain(title, 200):
        raise BadBody("`title` is a short text.")
    if not isinstance(body, str) or not plain(body, LONGEST_BODY):
        raise BadBody(f"`body` is Markdown of at most {LONGEST_BODY:,} characters.")
    state = raw.get("state", "draft")
    if state not in ARTICLE_STATES:
        raise BadBody("`state` is draft, published or retired.")
    return written(slug, language, title, body, _texts(raw, "tags"), _texts(raw, "services"), str(state))


def _texts(raw: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = raw.get(name, [])
    if not isinstance(found, list) or len(found) > MOST_IN_LIST:
        raise BadBody(f"`{name}` is a list of at most {MOST_IN_LIST} texts.")
    texts = tuple(it for it in found if plain(it, 200))
    if len(texts) != len(found):
        raise BadBody(f"`{name}` is a list of short texts.")
    return tuple(dict.fromkeys(texts))


def _on(raw: Mapping[str, object]) -> int | None:
    on = raw.get("on")
    if on is not None and (isinstance(on, bool) or not isinstance(on, int) or not 0 <= on < 1 << 53):
        raise BadBody("`on` is the number of the version that was edited, 0 for none.")
    return on


def _row(it: Article) -> dict[str, object]:
    return {
        "slug": it.slug, "language": it.language, "version": it.version, "state": it.state, "title": it.title,
        "tags": list(it.tags), "services": list(it.services), "steps": list(it.steps),
        "at": iso(it.at) if it.at else None, "author": it.author,
    }  # fmt: skip
