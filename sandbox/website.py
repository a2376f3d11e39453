"""`/website`: a customer's website with the product's own chat on it, by the one script tag that is documented."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path

from aiohttp import web


def tag(product: str) -> str:
    """The script tag for a product at this base."""
    return f'<script type="module" src="{html.escape(product, quote=True)}/chat/widget.js"></script>'


def policy(product: str) -> str:
    """What the page may load: itself and the product, nothing else; no inline script or style (SEC22)."""
    socket = product.replace("http", "ws", 1)
    return (
        f"default-src 'none'; script-src {product}; style-src 'self'; img-src 'self'; connect-src {product} {socket}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'"
    )


async def website(page: Path, product: str) -> web.Response:
    """The page, with the tag at its end."""
    text = await asyncio.to_thread((page / "website.html").read_text, "utf-8")
    return web.Response(
        text=text.replace("</body>", f"{tag(product)}\n</body>"),
        content_type="text/html",
        headers={"Content-Security-Policy": policy(product)},
    )
