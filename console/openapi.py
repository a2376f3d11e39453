"""`/api/v1` described in OpenAPI 3.1, read off the routes and their handlers' first lines."""

from __future__ import annotations

import inspect
import re
from typing import Any

from aiohttp import web

from .. import __version__

QUERIES = {
    "/api/v1/contacts": ("state", "customer", "limit"),
    "/api/v1/contacts/{id}/why": ("at", "choices"),
    "/api/v1/ledger": ("since", "limit"),
    "/api/v1/plan/diff": ("a", "b"),
    "/api/v1/audit": ("after", "limit"),
    "/api/v1/audit/verify": ("n", "hash"),
}


def describe(routes: list[web.RouteDef], summaries: dict[str, str] | None = None) -> dict[str, Any]:
    """The document; `summaries` by "METHOD path" where the handler's own docstring isn't at hand."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        names = re.findall(r"\{(\w+)\}", route.path)
        where = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]
        where += [
            {"name": n, "in": "query", "schema": {"type": "string"}} for n in QUERIES.get(route.path, ())
        ]
        doc = (summaries or {}).get(f"{route.method} {route.path}") or inspect.getdoc(route.handler) or ""
        paths.setdefault(route.path, {})[route.method.lower()] = {
            "summary": doc.partition("\n")[0],
            "parameters": where,
            "responses": {"200": {"description": "JSON"}, "401": {"description": "the token is missing"}},
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tierline", "version": __version__},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": paths,
    }
