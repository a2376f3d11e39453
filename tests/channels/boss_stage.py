"""A supervisor at her keyboard in the sandbox's Slack: commands, buttons, forms."""

from __future__ import annotations

import json
from typing import Any

from helpers_app import Inside


class Boss:
    """Mira at her keyboard: she is in no team and on no rota."""

    def __init__(self, it: Inside) -> None:
        self.it, self.who = it, next(p for p in it.rehearsal.cast.people if p.email == "mira@inside.example")

    async def types(self, text: str) -> Any:
        """What a command answers, whole."""
        body = {"user": self.who.slack, "channel": self.who.dm, "command": "/tierline", "text": text}
        return (await self.it.call("/slack/command", body))["response"]

    async def sees(self, text: str) -> Any:
        """A message to her that shows `text`, the latest."""

        async def look() -> Any:
            found = await self.it.call(f"/slack/messages?user={self.who.slack}")
            return [m for m in found if text in json.dumps(m, ensure_ascii=False) and not m.get("deleted")]

        return (await self.it.until(look, 40))[-1]

    async def press(self, message: Any, action: str, value: str | None = None) -> None:
        where = {"channel": message["channel"], "ts": message["ts"], "action_id": action}
        more = {} if value is None else {"value": value}
        await self.it.call("/slack/act", {"user": self.who.slack, **where, **more})

    async def form(self, message: Any, action: str, ready: str) -> Any:
        """The form behind a button, once it is no loading view any more."""
        await self.press(message, action)
        return await self.view(ready)

    async def view(self, ready: str) -> Any:
        async def look() -> Any:
            views = await self.it.call(f"/slack/views?user={self.who.slack}")
            return next((v for v in views if ready in json.dumps(v, ensure_ascii=False)), None)

        return await self.it.until(look, 40)

    async def sends(self, view: Any, **values: Any) -> Any:
        sent = {"user": self.who.slack, "view_id": view["id"], "values": values}
        return await self.it.call("/slack/submit", sent)

    async def mistakes(self, view: Any, **values: Any) -> str:
        """What can't stay: at the fields, or, where the house took its time, above them."""
        said = await self.sends(view, **values)
        if said.get("errors"):
            return json.dumps(said["errors"], ensure_ascii=False)
        return json.dumps(await self.view("This can't stay as it is"), ensure_ascii=False)


def option(view: Any, field: str, name: str) -> str:
    """The option of a menu that begins with `name`."""
    block = next(b for b in view["blocks"] if b.get("block_id") == field)
    return str(next(o["value"] for o in block["element"]["options"] if o["text"]["text"].startswith(name)))
