"""Mail as one stand-in: the server that the product sends through, everybody's mailboxes, and the way back to it.

customer ─▶ POST /mail ─▶ SMTP ─▶ the product's listener
the product ─▶ SMTP ─▶ submission ─┬─▶ a mailbox of the cast; its absence note, if on
                                   ├─▶ an address of ours: the listener again, as on the Internet
                                   └─▶ nobody: a bounce to the envelope's sender
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import nh3
from aiohttp import web

from .api import Field, Refused, read_fields
from .mail_box import Mail, MailBox, address_of, attachments, body, header, payload
from .mail_road import Answer, Road
from .mail_server import MailServer
from .mail_words import absence, bounce
from .stage import Cast, Clock, Faults, Wire
from .tasks import Tasks

USER = "tierline"
AGAIN = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try of a server's own mail that was refused for a while; real ones wait longer."""
LARGEST_MAIL = 60 * 1024 * 1024
"""Bytes: more than anybody takes, so that they can say so."""
SETTLE = 10.0
"""Seconds that time travel waits for bounces and notes."""
_FRAME = {
    # Whoever wrote it chose every byte: it draws, and does nothing else.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
_STYLE = "body{font:15px/1.5 system-ui,sans-serif;margin:12px;overflow-wrap:anywhere;color-scheme:light dark}"


@dataclass(slots=True)
class Away:
    """A customer's note of absence; `bare`: by a program that heeds no RFC and marks nothing."""

    bare: bool = False
    answered: int = 0


@dataclass(slots=True)
class People:
    """Whose mailboxes there are: the cast's, and that of whoever has written."""

    known: set[str] = field(default_factory=set)
    away: dict[str, Away] = field(default_factory=dict)


class MailStandIn:
    """The stand-in for mail. `road.listener` is told by whoever starts the product."""

    def __init__(
        self,
        cast: Cast,
        clock: Clock,
        wire: Wire,
        faults: Faults,
        changed: Callable[[str, dict[str, str]], None],
    ) -> None:
        self._cast, self._clock, self._changed = cast, clock, changed
        self.box, self.road = MailBox(), Road(wire)
        self.ours = {it.casefold() for it in cast.mailboxes}
        domains = sorted({it.partition("@")[2].casefold() for it in cast.mailboxes})
        self.user = f"{USER}@{domains[0]}" if domains else USER
        self.server = MailServer(
            self.user, cast.credentials.smtp_password, domains, faults, wire, self._submitted
        )
        self.people = People(self._of_cast())
        self._tasks = Tasks()

    def _of_cast(self) -> set[str]:
        mails = (*(it.mail for it in self._cast.customers), *(it.email for it in self._cast.people))
        return {it.casefold() for it in (*mails, *self._cast.others) if it}

    @property
    def smtp_url(self) -> str:
        """What the product is configured with, once the port is open."""
        user = self.user.replace("@", "%40")
        return f"smtp://{user}:{self._cast.credentials.smtp_password}@127.0.0.1:{self.server.port}"

    async def listen(self) -> None:
        """Open the submission server's port."""
        await self.server.start()

    def routes(self) -> list[web.RouteDef]:
        """Mail servers have no faces on the web."""
        return []

    def api_routes(self) -> list[web.RouteDef]:
        """Customers' mail programs."""
        return [
            web.post("/sandbox/api/mail", self._post),
            web.get("/sandbox/api/mail", self._list),
            web.get("/sandbox/api/mail/box", self._folders),
            web.get("/sandbox/api/mail/away", self._get_away),
            web.post("/sandbox/api/mail/away", self._set_away),
            web.get("/sandbox/api/mail/{n:[0-9]{1,9}}", self._one),
            web.get("/sandbox/api/mail/{n:[0-9]{1,9}}/raw", self._raw),
            web.get("/sandbox/api/mail/{n:[0-9]{1,9}}/html", self._html),
            web.get("/sandbox/api/mail/{n:[0-9]{1,9}}/part/{part:[0-9]{1,4}}", self._part),
            web.post("/sandbox/api/mail/{n:[0-9]{1,9}}/bounce", self._bounce),
        ]

    def reset(self) -> None:
        """Empty mailboxes; nobody is away."""
        self._tasks.abandon()
        self.box.clear()
        self.people = People(self._of_cast())

    async def stop(self) -> None:
        """Close the port; let go of what is under way."""
        await self._tasks.stop()
        await self.server.stop()

    async def settle(self) -> None:
        """Wait until bounces and notes under way have arrived."""
        await self._tasks.settled(SETTLE)

    # ---- from the product ---------------------------------------------------------------------------------------

    async def _submitted(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        mail = self.box.keep("out", self._clock.iso(), sender, recipients, raw, 250)
        for each in recipients:
            self._announce(mail, each)
            self._after(self._delivered(mail, each))

    async def _delivered(self, mail: Mail, recipient: str) -> None:
        """What the servers behind the submission do with it."""
        address = recipient.casefold()
        local, _, domain = address.partition("@")
        if f"{local.partition('+')[0]}@{domain}" in self.ours:
            hop = f"Received: from mail.sandbox.example by mx.sandbox.example; {header(mail.parsed(), 'Date')}\r\n"
            await self._carry(mail.sender, recipient, hop.encode() + mail.raw)
        elif address not in self.people.known:
            if mail.sender:
                await self._send_bounce(mail, recipient, "5.1.1", "User unknown in virtual mailbox table")
        elif (away := self.people.away.get(address)) is not None:
            # RFC 3834: no note to what a program wrote. Programs that heed no RFC look at nothing.
            automatic = header(mail.parsed(), "Auto-Submitted").lower() not in ("", "no") or not mail.sender
            if not automatic or away.bare:
                away.answered += 1
                note = absence(mail, recipient, self._clock.now(), f"{mail.n}.{away.answered}", away.bare)
                to = address_to(note)
                await self._carry(recipient if away.bare else "", to, note)

    async def _send_bounce(self, mail: Mail, recipient: str, status: str, said: str) -> None:
        report = bounce(mail, recipient, status, said, self._clock.now(), f"{mail.n}.{self.box.count}")
        await self._carry("", mail.sender, report)

    async def _carry(self, sender: str, recipient: str, raw: bytes) -> Answer:
        """To the product, again for a while when it says "later"; what it refuses for good is dropped."""
        for pause in (*AGAIN, 0.0):
            answer = await self.road.carry(sender, [recipient], raw)
            if answer.code >= 500 or answer.accepted or not pause:
                break
            await asyncio.sleep(pause)
        self._announce(self._kept_in(sender, (recipient,), raw, answer), sender)
        return answer

    def _kept_in(self, sender: str, recipients: tuple[str, ...], raw: bytes, answer: Answer) -> Mail:
        return self.box.keep("in", self._clock.iso(), sender, recipients, raw, answer.code, answer.text)

    def _announce(self, mail: Mail, address: str) -> None:
        self._changed("mail", {"n": str(mail.n), "address": address.casefold()})

    def _after(self, work: Coroutine[object, object, object]) -> None:
        self._tasks.spawn(work)

    # ---- customers' programs ------------------------------------------------------------------------------------

    async def _post(self, request: web.Request) -> web.StreamResponse:
        """`POST /mail`: raw bytes; `to` and `from` are the envelope, without them as in the mail's own headers."""
        raw = await request.clone(client_max_size=LARGEST_MAIL).read()
        if not raw:
            raise Refused("there is no mail in the body", "send its bytes, as message/rfc822")
        recipients = _addresses(request.query.getall("to", [])) or _recipients(raw)
        if not recipients:
            raise Refused("nobody is named to whom it goes", "?to=support@…")
        sender = request.query["from"] if "from" in request.query else address_of(raw)
        answer = await self.road.carry(sender, recipients, raw)
        mail = self._kept_in(sender, tuple(recipients), raw, answer)
        for each in {sender, address_of(raw)} - {""}:
            self.people.known.add(each.casefold())
            self._announce(mail, each)
        told = {"accepted": answer.accepted, "code": answer.code, "text": answer.text, "n": mail.n}
        return web.json_response({**told, "refused": list(answer.refused)})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return web.json_response([it.shown() for it in self.box.to(_address(request))])

    async def _folders(self, request: web.Request) -> web.StreamResponse:
        return web.json_response([it.shown(whole=False) for it in self.box.of(_address(request))])

    async def _one(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._asked(request).shown())

    async def _raw(self, request: web.Request) -> web.StreamResponse:
        return _file(self._asked(request).raw, "message/rfc822")

    async def _html(self, request: web.Request) -> web.StreamResponse:
        """The mail's HTML for a frame: no script, no form, nothing fetched from anywhere."""
        tags = set(nh3.ALLOWED_TAGS) - {"img"}  # pictures elsewhere would tell that it was read
        raw = body(self._asked(request).parsed(), "html")
        shown = nh3.clean(raw, tags=tags, url_schemes={"http", "https", "mailto", "tel"})
        text = f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{shown}"
        return web.Response(text=text, content_type="text/html", headers=_FRAME)

    async def _part(self, request: web.Request) -> web.StreamResponse:
        wanted = int(request.match_info["part"])
        for i, part in attachments(self._asked(request).parsed()):
            if i == wanted:
                return _file(payload(part), "application/octet-stream", part.get_filename() or "file")
        raise Refused(f"the mail has no file at {wanted}", "see its attachments", 404)

    async def _bounce(self, request: web.Request) -> web.StreamResponse:
        """`POST /mail/{n}/bounce`: a server further on says that it can't deliver what the product sent."""
        said = await read_fields(request, {"status": Field(str, False), "text": Field(str, False)})
        mail = self._asked(request)
        if mail.way != "out" or not mail.sender:
            raise Refused(
                "this mail can't bounce", "only what the product sent, with an address to return it to", 409
            )
        status, text = said.get("status", "5.1.1"), said.get("text", "User unknown")
        await self._send_bounce(mail, mail.recipients[0], status, text)
        return web.json_response({"bounced": mail.n, "to": mail.sender})

    async def _get_away(self, request: web.Request) -> web.StreamResponse:
        """Who is away."""
        return web.json_response([{"address": a, "bare": it.bare} for a, it in self.people.away.items()])

    async def _set_away(self, request: web.Request) -> web.StreamResponse:
        """`POST /mail/away` {"address", "on", "bare"}: every mail to them is answered by their program."""
        said = await read_fields(
            request, {"address": Field(str), "on": Field(bool), "bare": Field(bool, False)}
        )
        address = said["address"].casefold()
        if said["on"]:
            self.people.known.add(address)
            self.people.away[address] = Away(bool(said.get("bare")))
        else:
            self.people.away.pop(address, None)
        self._changed("mail", {"n": "0", "address": address})
        return await self._get_away(request)

    def _asked(self, request: web.Request) -> Mail:
        n = int(request.match_info["n"])
        mail = self.box.one(n)
        if mail is None:
            raise Refused(f"there is no mail {n}", "GET /mail/box?address= lists them", 404)
        return mail


def _file(content: bytes, kind: str, name: str = "mail.eml") -> web.Response:
    safe = (
        "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:80]
        .encode("ascii", "replace")
        .decode()
    )
    return web.Response(
        body=content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{safe}"'}
    )


def _address(request: web.Request) -> str:
    address = request.query.get("address", "")
    if "@" not in address:
        raise Refused("whose mails?", "?address=eva@customer.example")
    return address


def _addresses(given: list[str]) -> list[str]:
    return [it.strip() for each in given for it in each.split(",") if it.strip()]


def _recipients(raw: bytes) -> list[str]:
    from email import message_from_bytes
    from email.utils import getaddresses

    message = message_from_bytes(raw)
    named = [str(it) for name in ("To", "Cc", "Bcc") for it in message.get_all(name, [])]
    return [address for _, address in getaddresses(named) if "@" in address]


def address_to(raw: bytes) -> str:
    """The first address in To."""
    return next(iter(_recipients(raw)), "")
