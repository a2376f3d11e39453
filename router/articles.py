"""Articles as they are written, found and read: Markdown files in, the best ones for some words out.

The index is SQLite's FTS5 in this process's memory, made anew when a version was saved: a few thousand articles take
some tens of milliseconds, and it is the same whether the history is SQLite or PostgreSQL.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..queue.history.article import (
    LONGEST_BODY,
    LONGEST_STEP,
    LONGEST_TITLE,
    MOST_STEPS,
    SLUG,
    Article,
    State,
)

FRESH = 2.0
"""Seconds for which it isn't asked whether anything was saved."""
MOST_WORDS = 24
"""Words of a query that count."""
TELLING = 4
"""Letters of a word that may find an article by itself where not all words do."""
_HEAD = re.compile(r"---\r?\n(.*?)\r?\n---\r?\n?(.*)", re.DOTALL)
_STEP = re.compile(r"^\s*[-*] \[[ xX]\] +(.+)$", re.MULTILINE)
_FILE = re.compile(r"(?P<slug>.+?)(?:\.(?P<language>[a-z]{2}))?\.(?:md|markdown)")


class Unreadable(ValueError):
    """A file that is no article; the text says why, in words for who wrote it."""


def slug_of(title: str) -> str:
    """A title as an address: "Reset the Router!" → "reset-the-router"."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")[:80].strip("-") or "article"


def faults(it: Article, languages: Sequence[str], services: Sequence[str]) -> dict[str, str]:
    """What can't stay, by field, in words that say what would do."""
    found: dict[str, str] = {}
    if not it.title or len(it.title) > LONGEST_TITLE:
        found["title"] = f"A title of at most {LONGEST_TITLE} characters."
    if not SLUG.fullmatch(it.slug):
        found["slug"] = "Small letters, digits and hyphens: reset-the-router."
    if not it.body.strip() and not it.steps:
        found["body"] = "Write what helps."
    if len(it.body) > LONGEST_BODY:
        found["body"] = f"At most {LONGEST_BODY:,} characters."
    if len(it.steps) > MOST_STEPS or any(len(step) > LONGEST_STEP for step in it.steps):
        found["body"] = f"At most {MOST_STEPS} steps of {LONGEST_STEP} characters."
    if it.language not in languages:
        found["language"] = f"One of the plan's languages: {', '.join(languages)}."
    if strange := [name for name in it.services if name not in services]:
        found["services"] = f"The plan has no service {', '.join(strange)}; it has {', '.join(services)}."
    return found


def read_file(name: str, text: str, language: str) -> Article:
    """A Markdown file as an article; `language` where neither its head nor its name (`x.de.md`) says one.

    Its head is `title: …`, `tags: a, b`, `services: a, b`, `state: draft` between two
    lines `---`; without a title there the first heading is it.
    Lines `- [ ] …` are the steps of a guide. Raises Unreadable.
    """
    named = _FILE.fullmatch(name)
    if named is None:
        raise Unreadable(f"{name}: its name ends in .md")
    found = _HEAD.fullmatch(text.lstrip("\ufeff"))
    head, body = _pairs(name, found[1]) if found else {}, (found[2] if found else text.lstrip("\ufeff"))
    if "title" not in head and (first := re.match(r"\s*# +(.+)", body)):
        head["title"], body = first[1], body[first.end() :]
    if not head.get("title"):
        raise Unreadable(f"{name}: it has no title; begin it with a line “# Title”")
    state = head.get("state", "published")
    if state not in ("draft", "published", "retired"):
        raise Unreadable(f"{name}: state is draft, published or retired")
    return written(
        head.get("slug") or slug_of(named["slug"]),
        head.get("language") or named["language"] or language,
        head["title"],
        body,
        _list(head.get("tags", "")),
        _list(head.get("services", "")),
        state,
    )


def written(
    slug: str,
    language: str,
    title: str,
    body: str,
    tags: tuple[str, ...],
    services: tuple[str, ...],
    state: str,
) -> Article:
    """An article from its text: its lines `- [ ] …` become the steps."""
    steps = tuple(it.strip() for it in _STEP.findall(body))
    kept = re.sub(r"\n{3,}", "\n\n", _STEP.sub("", body)).strip()
    kind: State = "published" if state == "published" else "retired" if state == "retired" else "draft"
    return Article(slug, language, title.strip(), kept, tags, services, steps, kind)


def text_of(it: Article) -> str:
    """The text as it is edited: the body, and the steps as lines `- [ ] …`."""
    return "\n".join(
        [it.body, *([""] if it.body and it.steps else []), *(f"- [ ] {step}" for step in it.steps)]
    )


def _pairs(name: str, head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(str.strip, head.splitlines()):
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in ("title", "slug", "language", "tags", "services", "state"):
            raise Unreadable(
                f"{name}: “{line.strip()[:60]}”? Its head knows title, tags, services, language, slug, state"
            )
        found[key.strip()] = value.strip().strip("\"'")
    return found


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(it.strip().strip("\"'") for it in text.strip("[] ").split(",") if it.strip()))


# ---- finding -------------------------------------------------------------------------------------------------------


def words_of(text: str) -> list[str]:
    """The words of a query, without anything that FTS5 would read as an operator."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text))[:MOST_WORDS]


class Index:
    """Published articles, to be found by words. Not changed once it is made."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = {n: it for n, it in enumerate(articles)}
        self.by_name = {(it.slug, it.language): it for it in articles}
        self._lock = threading.Lock()  # searches come from several threads
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE found USING fts5(title, tags, body, language UNINDEXED, "
            "tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')"
        )
        self._db.executemany(
            "INSERT INTO found(rowid, title, tags, body, language) VALUES (?, ?, ?, ?, ?)",
            [
                (n, it.title, " ".join(it.tags), "\n".join([it.body, *it.steps]), it.language)
                for n, it in self.articles.items()
            ],
        )

    def search(self, text: str, language: str, count: int) -> list[Article]:
        """The best first: those with all words (the last one may be a beginning), else with any that tells something."""
        words = words_of(text)
        if not words:
            return []
        every = " ".join(f'"{it}"' for it in words[:-1]) + f' "{words[-1]}"*'
        found = self._ask(every, language, count)
        telling = [f'"{it}"*' for it in words if len(it) >= TELLING]
        return found or (self._ask(" OR ".join(telling), language, count) if telling else [])

    def _ask(self, query: str, language: str, count: int) -> list[Article]:
        with self._lock:
            rows = self._db.execute(
                "SELECT rowid FROM found WHERE found MATCH ? AND language = ? ORDER BY bm25(found, 10, 6, 1) LIMIT ?",
                (query, language, count),
            ).fetchall()
        return [self.articles[n] for (n,) in rows]

    def one(self, slug: str, language: str) -> Article | None:
        """The article in that language, else in any."""
        own = self.by_name.get((slug, language))
        return own or next((it for (name, _), it in self.by_name.items() if name == slug), None)

    def listed(self, language: str) -> list[Article]:
        """All in that language, by title."""
        return [it for it in self.articles.values() if it.language == language]


class Store(Protocol):
    """Where every version is kept. Every method raises HistoryUnavailable."""

    async def newest(self) -> tuple[Article, ...]:
        """The last version of each, drafts and retired ones included, by title."""

    async def published(self) -> tuple[Article, ...]:
        """What customers see, by title."""

    async def stamp(self) -> tuple[int, int]:
        """Another one than before whenever anything was saved."""

    async def versions(self, slug: str, language: str) -> tuple[Article, ...]:
        """All of one, oldest first."""

    async def save(self, it: Article, expected: int | None = None) -> int:
        """Its new version's number; raises Overtaken when `expected` isn't the last one."""

    async def vote(self, slug: str, language: str, helped: bool) -> None:
        """Somebody says whether it helped."""

    async def votes(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """(slug, language) → how many it helped, how many it didn't."""


@dataclass(slots=True)
class Library:
    """The published articles of this moment, a couple of seconds late at most."""

    store: Callable[[], Store]
    clock: Callable[[], float] = time.monotonic
    index: Index | None = None
    stamp: tuple[int, int] = (-1, 0)
    looked: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self) -> Index:
        """The index. Raises HistoryUnavailable where there is none yet and none can be made."""
        if self.index is not None and self.clock() - self.looked < FRESH:
            return self.index
        async with self.lock:
            if self.index is not None and self.clock() - self.looked < FRESH:
                return self.index
            store = self.store()
            stamp = await store.stamp()
            if self.index is None or stamp != self.stamp:
                self.index = await asyncio.to_thread(Index, await store.published())
                self.stamp = stamp
            self.looked = self.clock()
            return self.index

    async def search(self, words: str, language: str, count: int) -> list[Article]:
        """The best for these words, looked for beside the loop: of many long articles it takes tens of milliseconds."""
        index = await self.now()
        return await asyncio.to_thread(index.search, words, language, count)

    def forget(self) -> None:
        """Something was saved here: it is looked at once."""
        self.looked = float("-inf")
