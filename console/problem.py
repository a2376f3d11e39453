"""A refusal as the API says it."""

from __future__ import annotations

from aiohttp import web


def problem(status: int, error: str, hint: str) -> web.Response:
    """A refusal that says what to do."""
    return web.json_response({"error": error, "hint": hint}, status=status)
