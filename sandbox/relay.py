"""`/product/*`: a plain relay to the product, so that the page needs no token and the product no CORS."""

from __future__ import annotations

import aiohttp
from aiohttp import web
from yarl import URL

from .api import SHIELD, Refused

# Hop-by-hop (RFC 9110 §7.6.1) and what must not cross: our host, the browser's cookies and claims.
_NOT_SENT = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer upgrade "
    "transfer-encoding host origin referer cookie authorization content-length accept-encoding forwarded "
    "x-forwarded-for x-forwarded-proto x-forwarded-host".split()
)
_NOT_RETURNED = frozenset(
    "connection keep-alive proxy-authenticate trailer transfer-encoding upgrade content-length "
    "content-encoding set-cookie server date".split()
)


class Relay:
    """Carries one request to `base` with the product's API token and its answer back, as it comes."""

    def __init__(self, base: str) -> None:
        self._base = URL(base)
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        """Close the connections to the product."""
        if self._session:
            await self._session.close()
            self._session = None

    async def carry(self, request: web.Request, token: str) -> web.StreamResponse:
        """The product's answer to what follows `/product`; raises `Refused` (502) when it gives none."""
        rest = request.rel_url.raw_path_qs.removeprefix("/product")
        target = URL(str(self._base).rstrip("/") + rest, encoded=True)
        if target.origin() != self._base.origin():
            raise Refused("that path leaves the product", "use /product/api/v1/…")
        if self._session is None:
            # No total limit: an event stream of the product stays open as long as the page reads it.
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _NOT_SENT}
        headers["Authorization"] = f"Bearer {token}"
        body = await request.read() if request.can_read_body else None
        try:
            async with self._session.request(
                request.method, target, headers=headers, data=body, allow_redirects=False
            ) as answer:
                return await self._answer(request, answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Refused("the product does not answer", f"{type(error).__name__}; is it up?", 502) from error

    async def _answer(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, reason=answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in _NOT_RETURNED and not name.lower().startswith("access-control-"):
                response.headers.add(name, value)
        for name, value in SHIELD.items():
            response.headers[name] = value
        await response.prepare(request)
        try:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            # Half an answer must not look whole: cut the line instead of ending it properly.
            if request.transport:
                request.transport.abort()
        return response
