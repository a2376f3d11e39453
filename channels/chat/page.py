"""The widget as browsers fetch it: one module, made of the parts in `widget/`, with a version and a hash to pin it by."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from aiohttp import web

from .door import ChatDoor
from .frames import iso

SHIELD = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True)
class Widget:
    """`script` is the whole of it."""

    @cached_property
    def script(self) -> bytes:
        """The parts in the order of their names; the style is a text, so that no page forbids it."""
        parts = sorted(files("tierline.channels.chat.widget").iterdir(), key=lambda it: it.name)
        found = ["// Tierline's chat. No third party, no eval, no markup from words."]
        for part in parts:
            text = part.read_text(encoding="utf-8") if part.name.endswith((".js", ".css")) else ""
            found.append(f"const STYLE = {json.dumps(text)};" if part.name.endswith(".css") else text)
        return "\n".join(found).encode()

    @cached_property
    def integrity(self) -> str:
        """As a script tag's `integrity` has it (W3C Subresource Integrity)."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.script).digest()).decode()

    @cached_property
    def version(self) -> str:
        """Changes with every byte."""
        return hashlib.sha256(self.script).hexdigest()[:12]

    def tags(self, base: str) -> str:
        """What goes into a page."""
        url = f"{base}/chat/widget.js"
        return (
            "Put this into the page, before </body>. It follows this Tierline's updates:\n\n"
            f'<script type="module" src="{url}"></script>\n\n'
            "Or pin it to this very version. After an update of Tierline the browser refuses another one, so the page\n"
            "then needs the new line from here:\n\n"
            f'<script type="module" src="{url}?v={self.version}" integrity="{self.integrity}" crossorigin></script>\n\n'
            "The page's origin stands in the plan: channels: {chat: {origins: [https://www.northwind.example]}}\n"
            'May be added: data-language="de", data-theme="light" or "dark", data-open.\n'
        )


@dataclass(frozen=True, slots=True)
class WidgetPage:
    """What is the same for everybody, and what only the plan's pages are told."""

    door: ChatDoor
    widget: Widget = Widget()

    def routes(self) -> list[web.RouteDef]:
        """The module, how to embed it, and the plan's words for it."""
        return [
            web.get("/chat/widget.js", self._script),
            web.get("/chat/embed", self._embed),
            web.get("/chat/face", self._face),
        ]

    async def _script(self, request: web.Request) -> web.Response:
        it = self.widget
        pinned = request.query.get("v") == it.version
        headers = {
            **SHIELD,
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "public, max-age=31536000, immutable" if pinned else "public, max-age=300",
            "ETag": f'"{it.version}"',
        }
        if request.headers.get("If-None-Match") == f'"{it.version}"':
            return web.Response(status=304, headers=headers)
        return web.Response(body=it.script, content_type="text/javascript", charset="utf-8", headers=headers)

    async def _embed(self, request: web.Request) -> web.Response:
        text = self.widget.tags(self.door.where.public_url)
        return web.Response(text=text, headers={**SHIELD, "Cache-Control": "no-store"})

    async def _face(self, request: web.Request) -> web.Response:
        if (refused := self.door.refusal(request)) is not None:
            return refused
        face, standing = self.door.talk.face(), await self.door.talk.standing("")
        return web.json_response(
            {
                "title": dict(face.title),
                "hello": dict(face.hello),
                "colour": face.colour,
                "languages": list(face.languages),
                "mails": face.mails,
                "open": standing.open,
                "next_open": iso(standing.next_open),
                "version": self.widget.version,
            },
            headers={
                **SHIELD,
                "Access-Control-Allow-Origin": self.door.where.origin(request) or "null",
                "Vary": "Origin",
                "Cache-Control": "no-store",
            },
        )
