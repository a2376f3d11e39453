"""Articles, which help without anybody being asked: every version is kept, the last published one is what is seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select

from .article import Article, Overtaken
from .database import READ_WAIT, WRITE_WAIT, Database
from .fold import clean
from .tables import article_votes, articles, insert_into


@dataclass(frozen=True, slots=True)
class Articles:
    """The table. Every method raises HistoryUnavailable."""

    database: Database

    async def newest(self) -> tuple[Article, ...]:
        """The last version of each, drafts and retired ones included, by title."""
        return _last(await self._all(None))

    async def published(self) -> tuple[Article, ...]:
        """What customers see, by title: a newer draft doesn't hide what it will replace."""
        kept = [it for it in await self._all(None) if it.state != "draft"]
        return tuple(it for it in _last(kept) if it.state == "published")

    async def versions(self, slug: str, language: str) -> tuple[Article, ...]:
        """All of one, oldest first."""
        return tuple(it for it in await self._all(slug) if it.language == language)

    async def stamp(self) -> tuple[int, int]:
        """Another one than before whenever anything was saved."""
        query = select(func.count(), func.coalesce(func.max(articles.c.at), 0)).select_from(articles)

        async def read() -> tuple[int, int]:
            async with self.database.read() as connection:
                n, at = (await connection.execute(query)).one()
                return int(n), int(at)

        return await self.database.whole(read(), READ_WAIT)

    async def save(self, it: Article, expected: int | None = None) -> int:
        """Its new version's number; the last one's where that says the same.

        `expected`: the version that was edited, 0 for none; raises Overtaken when there is a newer one. None: any.
        """

        async def write() -> int:
            async with self.database.write() as connection:
                query = select(articles).where(
                    articles.c.slug == it.slug, articles.c.language == it.language
                ).order_by(articles.c.version.desc()).limit(1)  # fmt: skip
                row = (await connection.execute(query)).mappings().first()
                last = _article(row) if row is not None else None
                if expected is not None and expected != (last.version if last else 0):
                    raise Overtaken
                if last is not None and last.says(it):
                    return last.version
                version = (last.version if last else 0) + 1
                await connection.execute(insert(articles), [_row(it, version)])
                return version

        return await self.database.whole(write(), WRITE_WAIT)

    async def vote(self, slug: str, language: str, helped: bool) -> None:
        """Somebody says whether it helped."""
        row = {"slug": slug, "language": language, "yes": int(helped), "no": int(not helped)}

        async def write() -> None:
            async with self.database.write() as connection:
                new = insert_into(article_votes, connection.dialect.name).values(row)
                more = {name: article_votes.c[name] + row[name] for name in ("yes", "no")}
                await connection.execute(
                    new.on_conflict_do_update(index_elements=["slug", "language"], set_=more)
                )

        await self.database.whole(write(), WRITE_WAIT)

    async def votes(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """(slug, language) → how many it helped, how many it didn't."""

        async def read() -> Mapping[tuple[str, str], tuple[int, int]]:
            async with self.database.read() as connection:
                rows = (await connection.execute(select(article_votes))).mappings().all()
            return {(r["slug"], r["language"]): (int(r["yes"]), int(r["no"])) for r in rows}

        return await self.database.whole(read(), READ_WAIT)

    async def _all(self, slug: str | None) -> Sequence[Article]:
        query = select(articles).order_by(articles.c.slug, articles.c.language, articles.c.version)
        wanted = query if slug is None else query.where(articles.c.slug == slug)

        async def read() -> Sequence[Article]:
            async with self.database.read() as connection:
                return [_article(row) for row in (await connection.execute(wanted)).mappings().all()]

        return await self.database.whole(read(), READ_WAIT)


def _last(of: Sequence[Article]) -> tuple[Article, ...]:
    found = {(it.slug, it.language): it for it in of}  # by version, ascending
    return tuple(sorted(found.values(), key=lambda it: (it.title.casefold(), it.slug, it.language)))


def _row(it: Article, version: int) -> dict[str, object]:
    lists = {
        name: json.dumps([clean(one) for one in getattr(it, name)], ensure_ascii=False) for name in _LISTS
    }
    words = {name: clean(str(getattr(it, name))) for name in ("title", "body", "author")}
    return {
        "slug": it.slug,
        "language": it.language,
        "version": version,
        "at": it.at,
        "state": it.state,
        **words,
        **lists,
    }


def _article(row: Mapping[Any, Any]) -> Article:
    lists = {name: tuple(json.loads(row[name])) for name in _LISTS}
    return Article(
        row["slug"], row["language"], row["title"], row["body"], **lists, state=row["state"], version=row["version"],
        at=row["at"], author=row["author"],
    )  # fmt: skip


_LISTS = ("tags", "services", "steps")
