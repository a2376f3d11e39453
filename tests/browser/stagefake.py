"""A stage without a product: serves the page and plays the API's shapes, so that page tests need nothing else.

It is no measure of the product: one text makes one contact, whoever is available is asked, the first accept owns it.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from callsfake import CallsFake

PAGE = Path(__file__).parents[2] / "sandbox" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
NAMES = [
    ("Ada", "L2", "inhouse"),
    ("Lin", "L1", "inhouse"),
    ("Noor", "L1", "nightowl"),
    ("Mira", "L3", "experts"),
]
Json = dict[str, Any]


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action: str, style: str | None = None) -> Json:
    made: Json = {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action,
        "value": "1",
    }
    return made | ({"style": style} if style else {})


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass
class StageFake:
    """The whole stage in one object; `notes` are the open event streams."""

    offset: float = 0.0
    texts: list[Json] = field(default_factory=list)
    contacts: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    views: list[Json] = field(default_factory=list)
    submitted: list[Json] = field(default_factory=list)
    presence: dict[str, str] = field(default_factory=dict)
    faults: Json = field(default_factory=dict)
    streams: set[asyncio.Queue[str]] = field(default_factory=set)
    count: int = 0
    streaming: bool = True
    port: int = 0
    runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self.agents = [
            {"name": n, "slack": f"U{i}", "phone": f"+4917000000{i}", "tier": t, "team": team, "dm": f"D{i}"}
            for i, (n, t, team) in enumerate(NAMES, 1)
        ]
        self.presence = {str(a["slack"]): "offline" for a in self.agents}
        self.phones = CallsFake(self)

    def now(self) -> float:
        return time.time() + self.offset

    def iso(self, ahead: float = 0.0) -> str:
        return datetime.fromtimestamp(self.now() + ahead, UTC).isoformat()

    def next(self) -> int:
        self.count += 1
        return self.count

    def tell(self, kind: str) -> None:
        for stream in self.streams:
            stream.put_nowait(json.dumps({"kind": kind}))

    def post(self, channel: str, user: str, text: str, **more: Any) -> Json:
        message: Json = {
            "channel": channel,
            "ts": f"{self.now():.0f}.{self.next():06}",
            "user": user,
            "text": text,
        }
        message |= {"blocks": [], "reactions": [], "files": []} | more
        self.messages.append(message)
        self.tell("slack.message")
        return message

    def text(self, sender: str, to: str, text: str, status: str = "delivered") -> Json:
        made: Json = {
            "sid": f"SM{self.next():032}",
            "from": sender,
            "to": to,
            "text": text,
            "media": [],
            "status": status,
        }
        made["at"] = self.iso()
        self.texts.append(made)
        self.tell("sms")
        return made

    def arrive(self, sender: str, text: str) -> Json:
        """A text from a customer becomes a contact and, if anybody is available, an offer."""
        n = self.next()
        contact: Json = {
            "id": f"c{n}",
            "number": n,
            "state": "waiting",
            "service": "outage",
            "channel": "sms",
        }
        contact |= {
            "customer": {"key": sender, "name": {"+4915112345678": "Eva Klein"}.get(sender, sender)},
            "owner": None,
        }
        contact |= {
            "offers": [],
            "step": 1,
            "steps": 4,
            "tier": "L1",
            "rank": self.iso(60),
            "due": self.iso(60),
        }
        contact |= {"arrived": self.iso(), "waited_s": 0, "language": "en", "last_text": text}
        contact["transcript"] = [
            {"n": 1, "at": self.iso(), "direction": "in", "author": sender, "text": text}
        ]
        contact["timeline"] = [{"at": self.iso(), "event": "queued", "text": "in outage, rule “outage”"}]
        self.contacts.append(contact)
        self.text(sender, "+4915790000000", text, "received")
        self.offer(contact)
        return contact

    def offer(self, contact: Json) -> None:
        busy = {o["agent"]["slack"] for c in self.contacts for o in c["offers"]} | {
            c["owner"]["slack"] for c in self.contacts if c["owner"]
        }
        agent = next(
            (a for a in self.agents if self.presence[a["slack"]] == "available" and a["slack"] not in busy),
            None,
        )
        if agent is None or self.faults.get("slack", {}).get("down"):
            return
        contact["state"] = "offered"
        contact["offers"] = [
            {
                "agent": {"name": agent["name"], "slack": agent["slack"]},
                "offer": f"o{self.next()}",
                "state": "pending",
                "deadline": self.iso(60),
            }
        ]
        stamp = int(self.now() + 60)
        blocks = [
            section(
                f"*{contact['customer']['name']}* needs help with *outage*\n&gt; {escape(contact['last_text'])}"
            ),
            {
                "type": "context",
                "elements": [
                    {
                        "type": "mrkdwn",
                        "text": f":hourglass_flowing_sand: yours until <!date^{stamp}^{{time_secs}}|soon>, step 1 of 4",
                    }
                ],
            },
            {
                "type": "actions",
                "block_id": "offer",
                "elements": [button("Accept", "offer.accept", "primary"), button("Decline", "offer.decline")],
            },
        ]
        meta = {
            "event_type": "offer",
            "event_payload": {"contact": contact["id"], "offer": contact["offers"][0]["offer"]},
        }
        self.post(agent["dm"], "UAPP", f"Offer: {escape(contact['last_text'])}", blocks=blocks, metadata=meta)
        self.tell("wire")

    def accept(self, user: str, message: Json) -> None:
        contact = next(c for c in self.contacts if c["id"] == message["metadata"]["event_payload"]["contact"])
        agent = next(a for a in self.agents if a["slack"] == user)
        contact |= {"state": "active", "owner": {"name": agent["name"], "slack": user}, "offers": []}
        message["blocks"] = [section(f":white_check_mark: You have it: *{contact['customer']['name']}*")]
        head = [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": f"{contact['customer']['name']} · outage"},
            },
            section(
                f"&gt; {escape(contact['last_text'])}\nWhat {agent['name']} types here goes to the customer by text. `//` keeps a line inside."
            ),
            {
                "type": "actions",
                "elements": [button("Note", "contact.note"), button("Close", "contact.close", "danger")],
            },
        ]
        self.post(
            "C1",
            "UAPP",
            escape(contact["last_text"]),
            blocks=head,
            metadata={"event_payload": {"contact": contact["id"]}},
        )
        self.text("+4915790000000", contact["customer"]["key"], f"{agent['name']} is on it.")
        self.tell("wire")

    def reply(self, user: str, channel: str, thread: str | None, text: str) -> None:
        self.post(channel, user, escape(text), **({"thread_ts": thread} if thread else {}))
        contact = self.about(thread)
        if contact and contact["owner"]["slack"] == user and not text.startswith("//"):
            self.text("+4915790000000", contact["customer"]["key"], text)
            contact["transcript"].append(
                {
                    "n": 2,
                    "at": self.iso(),
                    "direction": "out",
                    "author": contact["owner"]["name"],
                    "text": text,
                    "status": "delivered",
                }
            )
            held = [
                section(":hourglass_flowing_sand: Held for 8 s."),
                {"type": "actions", "elements": [button("Undo", "reply.undo")]},
            ]
            self.post(channel, "UAPP", "Held", blocks=held, thread_ts=thread, ephemeral_to=user)

    def about(self, thread: str | None) -> Json | None:
        parent = next((m for m in self.messages if m["ts"] == thread), None)
        wanted = (parent or {}).get("metadata", {}).get("event_payload", {}).get("contact")
        return next((c for c in self.contacts if c["id"] == wanted), None)

    def open_close(self, user: str, message: Json) -> None:
        options = [
            {"text": {"type": "plain_text", "text": t}, "value": t.lower()} for t in ("Solved", "Spam")
        ]
        blocks = [
            {
                "type": "input",
                "block_id": "disposition",
                "label": {"type": "plain_text", "text": "Disposition"},
                "element": {"type": "static_select", "action_id": "value", "options": options},
            },
            {
                "type": "input",
                "block_id": "cause",
                "label": {"type": "plain_text", "text": "Root cause"},
                "element": {"type": "plain_text_input", "action_id": "value"},
            },
        ]
        view: Json = {
            "id": f"V{self.next()}",
            "type": "modal",
            "callback_id": "contact.close",
            "title": {"type": "plain_text", "text": "Close"},
            "blocks": blocks,
        }
        view |= {"submit": {"type": "plain_text", "text": "Close it"}, "user": user, "thread": message["ts"]}
        self.views.append(view)
        self.tell("slack.view")

    # -- HTTP

    async def start(self) -> str:
        app = web.Application()
        app.add_routes([
            web.get("/sandbox/api/events", self.h_events), web.route("*", "/sandbox/api/{call:.*}", self.h_stage),
            web.get("/product/api/v1/{call:.*}", self.h_product), web.get("/{name:.*}", self.h_file),
        ])  # fmt: skip
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self.runner.addresses[0][1])
        return f"http://127.0.0.1:{self.port}/"

    async def stop(self) -> None:
        for stream in self.streams:
            stream.put_nowait("")
        if self.runner:
            await self.runner.cleanup()

    async def h_file(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / (request.match_info["name"] or "index.html")
        if path.suffix not in TYPES or not path.is_file():
            return web.json_response({"error": "no such page", "hint": "/"}, status=404)
        return web.Response(
            body=path.read_bytes(),
            content_type=TYPES[path.suffix],
            charset="utf-8",
            headers={"Content-Security-Policy": POLICY},
        )

    async def h_events(self, request: web.Request) -> web.StreamResponse:
        if not self.streaming:
            return web.json_response({"error": "no stream", "hint": "ask"}, status=404)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        stream: asyncio.Queue[str] = asyncio.Queue()
        self.streams.add(stream)
        try:
            while note := await stream.get():
                await response.write(f"data: {note}\n\n".encode())
        except ConnectionError:
            return response
        finally:
            self.streams.discard(stream)
        return response

    async def h_product(self, request: web.Request) -> web.StreamResponse:
        parts = request.match_info["call"].split("/")
        if parts == ["contacts"]:
            state = request.query.get("state")
            return web.json_response([c for c in self.contacts if not state or c["state"] == state])
        if parts[0] == "contacts":
            contact = next(c for c in self.contacts if c["id"] == parts[1])
            return web.json_response(self.why(contact) if len(parts) > 2 else contact)
        if parts == ["agents"]:
            return web.json_response(
                [
                    a
                    | {
                        "presence": self.presence[a["slack"]],
                        "state": self.presence[a["slack"]],
                        "load": 25
                        * sum((c["owner"] or {}).get("slack") == a["slack"] for c in self.contacts),
                        "budget": 100,
                        "contacts": [],
                        "shift_until": None,
                    }
                    for a in self.agents
                ]
            )
        waiting = sum(c["state"] == "waiting" for c in self.contacts)
        return web.json_response(
            [
                {"name": "outage", "open": True, "next_open": None, "waiting": waiting, "promise": 60},
                {
                    "name": "howto",
                    "open": False,
                    "next_open": self.iso(40000),
                    "waiting": 0,
                    "promise": {"sms": 600},
                },
            ]
        )

    def why(self, contact: Json) -> Json:
        agents = [
            {
                "agent": a["name"],
                "reason": None if self.presence[a["slack"]] == "available" else self.presence[a["slack"]],
                "since": self.iso(-600),
                "until": None,
            }
            for a in self.agents
        ]
        return {"contact": contact["id"], "state": contact["state"], "rule": {"name": "outage", "line": 61}, "service": "outage", "agents": agents,
                "step": {"index": 1, "opened": self.iso(), "until": self.iso(30), "tiers": ["L1"]}, "next": {"at": self.iso(30), "what": "step 2 asks L2 too"},
                "text": "Nobody who may take it is available; step 2 opens in 30 s."}  # fmt: skip

    async def h_stage(self, request: web.Request) -> web.StreamResponse:
        call = request.match_info["call"]
        if request.method == "GET":
            return web.json_response(self.read(call, request.query))
        body = await request.json()
        return web.json_response(self.write(call, body))

    def read(self, call: str, query: Any) -> Any:
        if call.startswith("calls"):
            return self.phones.read(call, query.get("number"))
        match call:
            case "state":
                base = {
                    "product": "http://127.0.0.1:1",
                    "api": {"url": "http://127.0.0.1:1", "token": "t"},
                    "time": self.iso(),
                    "plan_version": 1,
                }
                people = [
                    {"name": "Eva Klein", "phone": "+4915112345678", "mail": "eva@example.org"},
                    {"name": "Jon Weber", "phone": "+4915187654321", "mail": "jon@example.org"},
                ]
                return base | {
                    "numbers": ["+4915790000000"],
                    "mailboxes": [],
                    "customers": people,
                    "agents": self.agents,
                    "channels": [{"id": "C1", "name": "support"}],
                }
            case "sms":
                return [t for t in self.texts if query["number"] in (t["from"], t["to"])]
            case "slack/messages":
                return [m for m in self.messages if m["channel"] == query["channel"]]
            case "slack/views":
                return [v for v in self.views if v["user"] == query["user"]]
            case "faults":
                slack = self.faults.get("slack", {})
                return {
                    "twilio": self.faults.get("twilio", {}),
                    "slack": {"down": slack.get("down", False)},
                    "receipts": self.faults.get("receipts", "auto"),
                }
            case _:
                return []

    def write(self, call: str, body: Json) -> Any:
        if call.startswith("calls"):
            return self.phones.write(call, body)
        self.tell(call)
        match call:
            case "sms":
                self.arrive(body["from"], body["text"])
            case "slack/command":
                word = body["text"].split()[0]
                if word in ("available", "away", "offline"):
                    self.presence[body["user"]] = word
                    for contact in self.contacts:
                        if contact["state"] == "waiting":
                            self.offer(contact)
                return {"text": f"You are *{word}*."}
            case "slack/act":
                message = next(m for m in self.messages if m["ts"] == body["ts"])
                if body["action_id"] == "offer.accept":
                    self.accept(body["user"], message)
                elif body["action_id"] == "contact.close":
                    self.open_close(body["user"], message)
                elif body["action_id"] == "reply.undo":
                    message |= {"deleted": True}
                self.tell("slack.message")
            case "slack/reply":
                self.reply(body["user"], body["channel"], body.get("thread_ts"), body["text"])
            case "slack/submit":
                return self.submit(body)
            case "clock":
                self.offset += 600 if "advance" in body else 86400
                return {"time": self.iso(), "fired": 2}
            case "faults":
                self.faults = body
        return {}

    def submit(self, body: Json) -> Json:
        self.submitted.append(body)
        cause = body["values"]["cause"]["value"]["value"]
        if cause == "?":
            return {"response_action": "errors", "errors": {"cause": "A question mark is no cause."}}
        view = next(v for v in self.views if v["id"] == body["view_id"])
        self.views.remove(view)
        if contact := self.about(view["thread"]):
            contact["state"] = "closed"
        return {}
