"""`/api/v1/plan…` and `/api/v1/audit…`: thin handlers over the supervisor's verbs on the plan."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from ..queue.history.records import PlanVersion
from ..router.active import Stale
from ..router.plan.errors import PlanErrors
from ..router.versions import Checked, NoSuchVersion, Publication, Stranded, Versions
from ..router.walk import Count
from .bodies import BadBody, read_draft, read_object, read_rollback
from .problem import problem
from .views import iso

if TYPE_CHECKING:
    from ..queue.history.audit import Line, Verified

Handler = Callable[[web.Request], Awaitable[web.Response]]
MOST = 1_000
MOST_DRY = 5_000
"""Contacts that a dry run looks at, at most."""


class Logs(Protocol):
    """What is asked of the history."""

    async def audit(self, after: int = 0, limit: int = MOST) -> tuple[Line, ...]:
        """Lines of the audit log behind a number."""

    async def verify(self, noted: tuple[int, str] | None = None) -> Verified:
        """Whether it is as it was written."""


@dataclass(slots=True)
class PlanApi:
    """What the handlers need."""

    versions: Callable[[], Versions]
    logs: Callable[[], Logs]

    def routes(self, only: Callable[[Handler], Handler]) -> list[web.RouteDef]:
        """All routes, each behind `only`."""

        def guarded(handler: Handler) -> Handler:
            return only(_plainly(handler))

        return [
            web.get("/api/v1/plan", guarded(self.plan)),
            web.put("/api/v1/plan", guarded(self.put_plan)),
            web.get("/api/v1/plan/versions", guarded(self.list_versions)),
            web.get("/api/v1/plan/versions/{n}", guarded(self.one_version)),
            web.get("/api/v1/plan/diff", guarded(self.diff)),
            web.post("/api/v1/plan/check", guarded(self.check)),
            web.post("/api/v1/plan/dry-run", guarded(self.dry_run)),
            web.post("/api/v1/plan/rollback", guarded(self.rollback)),
            web.get("/api/v1/audit", guarded(self.audit_lines)),
            web.get("/api/v1/audit/verify", guarded(self.audit_verify)),
        ]

    async def plan(self, request: web.Request) -> web.Response:
        """The active version as it was written, and the re-evaluation that is under way, if any."""
        versions = self.versions()
        book, active, walk = versions.plan(), await versions.queue.plan(), await versions.queue.walk()
        told: dict[str, object] = {"version": book.version, "yaml": book.plan.source}
        if active is not None and active.version == book.version:
            told |= {"author": active.author, "reason": active.reason, "at": iso(active.at)}
        told["reevaluating"] = (
            {"version": walk.version, "seen": walk.seen, "moved": walk.moved} if walk is not None else None
        )
        return web.json_response(told)

    async def put_plan(self, request: web.Request) -> web.Response:
        """Publish: `{"yaml", "author", "reason", "on"?, "waiting"?}`, waiting: new or reevaluate; stale ones refused."""
        draft = read_draft(await read_object(request))
        done = await self.versions().publish(
            draft.yaml, draft.author, draft.reason, draft.on, draft.waiting, origin(request)
        )
        return web.json_response(published(done))

    async def rollback(self, request: web.Request) -> web.Response:
        """Publish an earlier version again: `{"to", "author", "reason"?, "on"?, "waiting"?}`."""
        it = read_rollback(await read_object(request))
        done = await self.versions().rollback(it.to, it.author, it.reason, it.on, it.waiting, origin(request))
        return web.json_response(published(done))

    async def check(self, request: web.Request) -> web.Response:
        """A draft `{"yaml"}` before it is published: mistakes, or diff, warnings, coverage, and whom it would move."""
        return web.json_response(checked(await self.versions().check(_yaml(await read_object(request)))))

    async def dry_run(self, request: web.Request) -> web.Response:
        """Which of the last contacts would have gone elsewhere: `{"yaml", "last"?}`."""
        raw = await read_object(request)
        last = raw.get("last", MOST)
        if isinstance(last, bool) or not isinstance(last, int) or not 1 <= last <= MOST_DRY:
            raise BadBody(f"`last` is a number of contacts from 1 to {MOST_DRY}")
        it = await self.versions().dry_run(_yaml(raw), last)
        rows = [
            {"was": d.was, "now": d.now, "count": d.count, "examples": list(d.examples)}
            for d in it.differences
        ]
        return web.json_response(
            {
                "looked": it.looked,
                "elsewhere": it.elsewhere,
                "differences": rows,
                "scripts_not_run": it.scripted,
                "text": list(it.lines()),
            }
        )

    async def list_versions(self, request: web.Request) -> web.Response:
        """Every version, oldest first: author, reason, when, what changed in words, whom it moved."""
        return web.json_response([version(it) for it in await self.versions().versions()])

    async def one_version(self, request: web.Request) -> web.Response:
        """One version whole, with its yaml."""
        it = await self.versions().version(_number(request.match_info["n"]))
        return web.json_response(version(it) | {"yaml": it.yaml})

    async def diff(self, request: web.Request) -> web.Response:
        """What version `b=` says otherwise than version `a=`, in sentences."""
        a, b = (_number(request.query.get(key, "")) for key in ("a", "b"))
        return web.json_response({"a": a, "b": b, "lines": list(await self.versions().diff(a, b))})

    async def audit_lines(self, request: web.Request) -> web.Response:
        """Who changed what, when and from where: lines behind number `after=`, oldest first."""
        after, limit = (request.query.get(key, "") for key in ("after", "limit"))
        most = min(MOST, max(1, _number(limit))) if limit else MOST
        lines = await self.logs().audit(_number(after) if after else 0, most)
        return web.json_response([it.to_json() | {"at": iso(it.at)} for it in lines])

    async def audit_verify(self, request: web.Request) -> web.Response:
        """Whether the audit log is as it was written; `n=` and `hash=` of a line that was noted elsewhere."""
        n, digest = request.query.get("n", ""), request.query.get("hash", "")
        if bool(n) != bool(digest) or (digest and not re.fullmatch("[0-9a-f]{64}", digest)):
            raise BadBody("`n` and `hash` come together: a line's number and its 64 digits")
        it = await self.logs().verify((_number(n), digest) if n else None)
        return web.json_response({"ok": not it.wrong, "lines": it.lines, "head": it.head, "wrong": it.wrong})


def _plainly(handler: Handler) -> Handler:
    """What can be wrong with a plan or a version, as answers."""

    @wraps(handler)
    async def plain(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except PlanErrors as errors:
            found = [
                {"line": e.line, "column": e.column, "message": e.message, "fix": e.fix}
                for e in errors.errors
            ]
            return web.json_response({"error": "the plan has mistakes", "mistakes": found}, status=422)
        except Stale as stale:
            return problem(409, "stale", str(stale))
        except Stranded as stranded:
            return problem(409, "contacts would be stranded", str(stranded))
        except NoSuchVersion as none:
            return problem(404, "no such version", f"{none}. `GET /api/v1/plan/versions` lists them.")

    return plain


def origin(request: web.Request) -> str:
    """From where a change came, for the audit log."""
    return f"api {request.remote or 'unknown'}"


def published(it: Publication) -> Mapping[str, object]:
    """The answer to a publishing: its version, and what was known of it before."""
    return {"version": it.version, "waiting": it.waiting} | dict(checked(it.checked))


def checked(it: Checked) -> Mapping[str, object]:
    """A draft looked at."""
    return {
        "on": it.on,
        "diff": list(it.diff),
        "warnings": list(it.warnings),
        "coverage": [{"kind": f.kind, "about": f.about, "text": f.text} for f in it.coverage],
        "moves": None if it.count is None else counted(it.count),
    }


def counted(it: Count) -> Mapping[str, object]:
    """Whom a draft would move."""
    rows = [{"from": a, "to": b, "count": n} for a, b, n in it.moves]
    return {
        "waiting": it.waiting,
        "moved": it.moved,
        "whole": it.whole,
        "by_service": rows,
        "text": " ".join(it.lines()),
    }


def version(it: PlanVersion) -> dict[str, Any]:
    """A version as a row of the list."""
    return {
        "version": it.version, "at": iso(it.at) if it.at else None, "author": it.author, "reason": it.reason,
        "waiting": it.waiting, "seen": it.seen, "moved": it.moved, "diff": list(it.diff),
    }  # fmt: skip


def _yaml(raw: Mapping[str, object]) -> str:
    yaml = raw.get("yaml")
    if not isinstance(yaml, str) or not yaml:
        raise BadBody('Send {"yaml": the plan as text}.')
    return yaml


def _number(raw: str) -> int:
    if not re.fullmatch("[0-9]{1,15}", raw):
        raise BadBody("a version and a line are whole numbers")
    return int(raw)
