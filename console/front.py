"""The front door, open while most of the program is still being loaded: it says that we are up, and who wants more waits.

Nothing of ours is imported here but the listener, so that it can stand as soon as the store does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiohttp import web

from .listen import LARGEST, LAST, Listener, again


async def up(request: web.Request) -> web.Response:
    """Up: this process answers."""
    return web.json_response({"status": "up"})


async def not_yet(request: web.Request) -> web.Response:
    """What `/readyz` says while there is nothing yet that could give an account of itself."""
    return web.json_response({"status": "down"}, status=503)


class Front:
    """`open` listens, `furnish` says what is answered, `close` ends it; who comes before `listener.let_in` waits."""

    def __init__(self) -> None:
        self.listener = Listener()
        self.runner: web.AppRunner | None = None
        self.port = 0
        self._rooms = Rooms(self.listener)

    async def open(self, host: str, port: int) -> None:
        """Listen on every address of `host`, unless it does so already. Raises OSError."""
        if self.runner is not None:
            return
        app = web.Application(client_max_size=LARGEST, middlewares=[self.listener.middleware])
        app.router.register_resource(self._rooms)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST)
        await self.runner.setup()
        self.port = await self.listener.start(self.runner, host, port)

    def furnish(self, routes: Iterable[web.RouteDef]) -> None:
        """These are answered from now on."""
        rooms = web.UrlDispatcher()
        rooms.add_routes(list(routes))
        self._rooms.inside = rooms

    async def close(self, grace: float) -> None:
        """After `listener.close`: wait at most `grace` seconds for the requests in hand, and let everybody go."""
        await self.listener.finish(grace)
        if self.runner is not None:
            await self.runner.cleanup()


class Rooms(web.PlainResource):
    """Every path there is. aiohttp takes no routes once it listens, but a resource may look them up where it likes."""

    def __init__(self, listener: Listener) -> None:
        super().__init__("/")
        self._listener = listener
        self.inside = web.UrlDispatcher()
        self.inside.add_routes([web.get("/healthz", up), web.get("/readyz", not_yet)])
        self._closed = web.UrlDispatcher()
        self._closed.add_route("*", "/{all:.*}", _still_starting)

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo, set[str]]:
        """Who answers: once we are open, at the latest when `request` has waited long enough."""
        opens = await self._listener.opens_to(request)
        return await (self.inside if opens else self._closed).resolve(request), set()

    def __iter__(self) -> Iterator[web.AbstractRoute]:  # type: ignore[override]
        return iter(self.inside.routes())

    def __len__(self) -> int:
        return len(self.inside.routes())


async def _still_starting(request: web.Request) -> web.Response:
    return again("still starting", "Try again in a moment.")
