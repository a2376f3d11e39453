"""Whether the outside reaches us: our own `/healthz`, fetched by the public address."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

WITHIN = aiohttp.ClientTimeout(total=10.0)
LARGEST = 64 * 1024


def tunnel_command(port: int) -> str:
    """The exact command that gives a machine without an address one; what is installed comes first."""
    if shutil.which("cloudflared"):
        return f"cloudflared tunnel --url http://127.0.0.1:{port}"
    if shutil.which("ngrok"):
        return f"ngrok http 127.0.0.1:{port}"
    return f"ssh -R 80:127.0.0.1:{port} nokey@localhost.run"


def refusal(url: str) -> str:
    """Why `url` can't be our public address; "" when it can."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "this is no address"
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        return "write a whole address, such as https://help.example.com"
    return ""


@asynccontextmanager
async def answering(host: str, port: int) -> AsyncIterator[str]:
    """Have something answer `/healthz` on the port: Tierline if it runs, else a tiny listener with a word of its own.

    Gives the word that the answer must contain. Raises OSError when another program has the port.
    """
    local = "127.0.0.1" if host in ("0.0.0.0", "") else host
    if (await fetch(f"http://{local}:{port}"))[0]:
        yield '"status"'
        return
    word = secrets.token_hex(16)
    app = web.Application()

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "up", "setup": word})

    app.add_routes([web.get("/healthz", healthz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield word
    finally:
        await runner.cleanup()


async def fetch(url: str) -> tuple[bool, str]:
    """(whether a Tierline answers `url`/healthz, its answer or what went wrong)."""
    try:
        async with aiohttp.ClientSession(timeout=WITHIN, trust_env=True) as http:
            async with http.get(url.rstrip("/") + "/healthz", allow_redirects=False) as answer:
                body = (await answer.content.read(LARGEST)).decode("utf-8", "replace")
                if answer.status in (301, 302, 307, 308):
                    return (
                        False,
                        f"it redirects to {answer.headers.get('Location', '')[:200]}: give that address",
                    )
                if answer.status != 200 or '"status"' not in body:
                    return False, f"something else answers there (HTTP {answer.status})"
                return True, body
    except aiohttp.ClientConnectorCertificateError:
        return False, "its certificate isn't trusted, so Twilio will refuse it too"
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return False, f"nobody answers there ({type(error).__name__})"


async def reached(public_url: str, host: str, port: int) -> str:
    """ "" when the public address leads to this machine, else what is wrong and what to do."""
    try:
        async with answering(host, port) as word:
            good, said = await fetch(public_url)
    except OSError:
        return f"another program listens on port {port}: stop it, or set PORT"
    if not good:
        return said
    return "" if word in said else "another Tierline answers there, not the one on this machine"
