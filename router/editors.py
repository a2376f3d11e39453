"""Who writes articles: checked against the plan, saved as a new version, on record in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..queue.engine import Queue
from ..queue.history.article import Article
from .articles import Library, faults
from .rulebook import Rulebook


class Faulty(Exception):
    """What can't stay, by field."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in fields.items()))
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Editors:
    """Every way to change an article but the command line's, which may run while no Tierline does."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    library: Library

    async def save(self, who: str, it: Article, expected: int | None, origin: str) -> int:
        """Its new version's number. Raises Faulty, Overtaken (somebody has saved since `expected`), StoreError."""
        plan = self.book().plan
        found = faults(it, plan.languages, [service.name for service in plan.services])
        if found:
            raise Faulty(found)
        told = replace(it, at=await self.queue().now(), author=who)
        version = await self.library.store().save(told, expected)
        self.library.forget()
        what = {
            "slug": it.slug,
            "language": it.language,
            "version": version,
            "state": it.state,
            "title": it.title,
        }
        await self.queue().audit(who, "articles.put", what, origin)
        return version
