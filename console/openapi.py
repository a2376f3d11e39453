"""`/api/v1` described in OpenAPI 3.1: the routes, their handlers' first lines, and the shapes of `shapes.py`."""

from __future__ import annotations

import inspect
import re
from typing import Any

from aiohttp import web

from .. import __version__
from . import shapes

QUERIES = {
    "/api/v1/contacts": ("state", "customer", "limit"),
    "/api/v1/contacts/{id}/why": ("at", "choices"),
    "/api/v1/ledger": ("since", "limit"),
    "/api/v1/plan/diff": ("a", "b"),
    "/api/v1/articles": ("q", "language"),
    "/api/v1/articles/{slug}": ("language",),
    "/api/v1/audit": ("after", "limit"),
    "/api/v1/audit/verify": ("n", "hash"),
}
MUST = {"/api/v1/plan/diff"}
"""Whose queries can't be left out."""
ACCEPTED = {"POST /api/v1/plan/replay"}
"""Answered 202: it is begun."""
OPEN = ("/healthz", "/readyz")
"""Who asks these needs no token."""
LOOKING = (400, 401, 404, 422, 503)
"""How a look may be refused; whatever changes something may be by all of these:"""
REFUSALS = {
    400: "the body or a query is wrong; the hint says how",
    401: "the token is missing",
    403: "whoever it is done for may not",
    404: "there is no such thing",
    409: "something else was faster: a newer version, another owner, another replay",
    413: "the body is too large",
    422: "it can't be done, or the plan has mistakes",
    503: "the store, the history or the record can't be asked now: try again",
}


def describe(routes: list[web.RouteDef], summaries: dict[str, str] | None = None) -> dict[str, Any]:
    """The document; `summaries` by "METHOD path" where the handler's own docstring isn't at hand."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        name = f"{route.method} {route.path}"
        doc = (summaries or {}).get(name) or inspect.getdoc(route.handler) or ""
        found: dict[str, Any] = {
            "summary": doc.partition("\n")[0],
            "parameters": _parameters(route.path),
            "responses": _responses(name, route.path),
        }
        if name in shapes.BODIES:
            must, shape = shapes.BODIES[name]
            found["requestBody"] = {"required": must, "content": _json(shape)}
        if route.path in OPEN:
            found["security"] = []
        paths.setdefault(route.path, {})[route.method.lower()] = found
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tierline", "version": __version__},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": shapes.PROBLEM, "Mistakes": shapes.MISTAKES},
        },
        "security": [{"token": []}],
        "paths": paths,
    }


def _parameters(path: str) -> list[dict[str, Any]]:
    text = {"type": "string"}
    named = [
        {"name": n, "in": "path", "required": True, "schema": text} for n in re.findall(r"\{(\w+)\}", path)
    ]
    return named + [
        {"name": n, "in": "query", "required": path in MUST, "schema": text} for n in QUERIES.get(path, ())
    ]


def _responses(name: str, path: str) -> dict[str, Any]:
    well = "202" if name in ACCEPTED else "200"
    content = (
        {"text/plain": {"schema": {"type": "string"}}}
        if path == "/metrics"
        else _json(shapes.ANSWERS.get(name, {}))
    )
    found: dict[str, Any] = {
        well: {"description": "done" if name in shapes.BODIES else "found", "content": content}
    }
    if path in OPEN:
        unwell = {"503": {"description": "down", "content": content}} if path == "/readyz" else {}
        return found | unwell
    for status, words in REFUSALS.items():
        if status not in LOOKING and name not in shapes.BODIES:
            continue
        shape = {"$ref": "#/components/schemas/Problem"}
        if status == 422 and "/plan" in path:
            shape = {"$ref": "#/components/schemas/Mistakes"}
        if status == 413:
            found[str(status)] = {"description": words}  # the server's own words
        else:
            found[str(status)] = {"description": words, "content": _json(shape)}
    return found


def _json(shape: shapes.Shape) -> dict[str, Any]:
    return {"application/json": {"schema": shape}}
