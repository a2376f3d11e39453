"""Many processes on one store, as the Procfile starts them: `tierline web` behind a small balancer, `tierline worker`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from helpers_proxy import LoopbackProxy
from story_stage import (
    DESK,
    PLAN,
    Process,
    Stage,
    environment,
    free_port,
    payload,
    stand_ins,
)
from twilio.request_validator import RequestValidator

from tierline.queue.client import Client
from tierline.queue.embedded import EmbeddedStore
from tierline.rehearsal import cast_of
from tierline.router.plan.load import parse
from tierline.sandbox.twilio_sms import TwilioStandIn

MOST, PACE = 400, 0.1
"""Texts of the flow, and seconds between two of them."""
QUICK = {"twilio": {"enforce_limits": False}}  # else one text a second leaves a number
SECRET = "8YxKq2mZ-vT4nB7wLr9Jd5Hf3Gs6Pc"

MANY = PLAN + 'texts: {received: {en: "We have your message."}}\n'


@dataclass
class Front:
    """A balancer: each connection goes to the next web process that takes it."""

    ports: list[int]
    port: int = 0
    turn: itertools.count[int] = field(default_factory=itertools.count)
    server: asyncio.Server | None = None
    links: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._come, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
        for link in list(self.links):
            link.cancel()
        await asyncio.gather(*self.links, return_exceptions=True)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.links.add(task)
        task.add_done_callback(self.links.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._join(reader, writer)
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(self.turn)
        for i in range(len(self.ports)):
            with contextlib.suppress(OSError):
                far, back = await asyncio.open_connection(
                    "127.0.0.1", self.ports[(first + i) % len(self.ports)]
                )
                break
        else:
            return
        try:
            ways = [asyncio.ensure_future(_pump(reader, back)), asyncio.ensure_future(_pump(far, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)
        finally:
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()


@dataclass
class Crew(Stage):
    """A stage whose product is many processes."""

    webs: list[Process] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)
    store: Client | None = None
    ways: list[LoopbackProxy] = field(
        default_factory=list
    )  # each worker's own way to Slack, if they have one

    async def started(self, *processes: Process) -> None:
        """Start (again) and wait until each works."""
        said = {id(it): it.log.count("Tierline ") for it in processes}
        await asyncio.gather(*(it.start() for it in processes))

        def there() -> bool:
            for it in processes:
                assert it.running is not None and it.running.returncode is None, it.log[-3000:]
            return all(it.log.count("Tierline ") > said[id(it)] for it in processes)

        await self.until(there, 150)

    async def holder(self, role: str = "outbox") -> Process | None:
        """The worker that has the role now: the one that delivers, or writes the `history`."""
        assert self.store is not None
        who = await self.store.call("HGET", f"{{main}}:lease:{role}", "holder")
        pid = int(who.decode().split(":")[-2]) if isinstance(who, bytes) else 0
        return next((it for it in self.workers if it.running is not None and it.pid == pid), None)

    async def delivering(self, *but: Process, role: str = "outbox") -> Process:
        """Wait until some worker, none of `but`, has the role, and return it."""

        async def found() -> Process | None:
            it = await self.holder(role)
            return it if it is not None and it not in but else None

        it: Process = await self.until(found)
        return it

    def form(self, sid: str, sender: str, text: str) -> dict[str, str]:
        """A text as Twilio posts it."""
        return {
            "ToCountry": "DE", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "SmsSid": sid,
            "SmsStatus": "received", "Body": text, "FromCountry": "DE", "To": DESK, "NumSegments": "1",
            "MessageSid": sid, "AccountSid": self.cast.credentials.account_sid, "From": sender,
            "ApiVersion": "2010-04-01", "ToZip": "",
        }  # fmt: skip

    def signed(self, form: dict[str, str]) -> dict[str, str]:
        """The header that makes it Twilio's."""
        sign = RequestValidator(self.cast.credentials.auth_token).compute_signature
        return {"X-Twilio-Signature": sign(f"{self.product}/twilio/sms", form)}

    async def offers_shown(self) -> Counter[tuple[str, int]]:
        """How often each offer was shown to somebody, by what Slack has."""
        found: Counter[tuple[str, int]] = Counter()
        for person in self.cast.people:
            for message in await self.call(f"/slack/messages?user={person.slack}"):
                it = payload(message)
                if "offer" in it:
                    found[it["contact"], it["offer"]] += 1
        return found

    async def sent(self) -> Counter[tuple[str, str]]:
        """How often each text came to each phone, by what Twilio has."""
        twilio = next(it for it in self.sandbox.standins if isinstance(it, TwilioStandIn))
        found = twilio.store.messages.values()
        return Counter((m.to, m.body) for m in found if m.direction != "inbound")


@contextlib.asynccontextmanager
async def open_crew(
    home: Path, webs: int = 2, workers: int = 3, plan: str = MANY, lease: float = 2.0, own_ways: bool = False,
    history: str = "", more: Mapping[str, str] | None = None, slack_http: bool = False,
) -> AsyncIterator[Crew]:  # fmt: skip
    """Stand-ins here; a store, `webs` and `workers` in processes of their own. All stop cleanly at the end.

    `own_ways`: each worker reaches Slack's API through a proxy of its own. `history` is its URL; without one, the
    processes share a file. `more` is said to each process. With `slack_http` Slack calls the web processes.
    """
    front = Front([free_port() for _ in range(webs)])
    await front.start()
    product = f"http://127.0.0.1:{front.port}"
    (home / "plan.yaml").write_text(plan)
    cast = cast_of(parse(plan), product)
    # As `tierline setup` writes it: three more tries after any failure.
    numbers = tuple(dataclasses.replace(n, sms_url=f"{n.sms_url}#rc=3&rp=all") for n in cast.numbers)
    cast = dataclasses.replace(cast, numbers=numbers)
    sandbox = stand_ins(cast, product)
    port = await sandbox.start(0)
    base = f"http://127.0.0.1:{port}"
    ways = [await LoopbackProxy.start(("127.0.0.1", port)) for _ in range(workers if own_ways else 0)]
    server = await EmbeddedStore.start(home / "store")
    shared = {
        "REDIS_URL": server.url,
        "DATABASE_URL": history or f"sqlite:///{home / 'history.sqlite3'}",
        "TIERLINE_SECRET": SECRET,
        "TIERLINE_LEASE": str(lease),
    } | dict(more or {})
    if slack_http:
        shared |= {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": cast.credentials.signing_secret}

    def process(command: str, n: int, **more: str) -> Process:
        own = home / f"{command}{n}"
        own.mkdir()
        return Process((command,), environment(home, cast, base, product, own / "data") | shared | more, own)

    faces = [process("web", n, PORT=str(port)) for n, port in enumerate(front.ports)]
    slack = [{"TIERLINE_SLACK_API_URL": f"{way.url('http')}/slack/api/"} for way in ways] or [{}] * workers
    hands = [process("worker", n, **slack[n]) for n in range(workers)]
    store = await Client(server.url).start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(90)) as http:
        crew = Crew(
            sandbox,
            cast,
            base,
            product,
            hands[0],
            http,
            home,
            webs=faces,
            workers=hands,
            store=store,
            ways=ways,
        )
        try:
            await crew.started(*faces, *hands)
            if slack_http:
                await crew.call("/slack/request-url", {"url": f"{product}/slack/events"})
            await crew.delivering()
            yield crew
            alive = [it for it in faces + hands if it.running and it.running.returncode is None]
            codes = await asyncio.gather(*(it.stop() for it in alive))
            assert not any(codes), f"{codes}: {[it.log[-2000:] for it in alive]}"
        finally:
            for it in faces + hands:
                await it.kill()
            await store.close()
            await front.stop()
            for way in ways:
                await way.close()
            await sandbox.stop()
            await server.stop()


async def _is_with(crew: Crew, sender: str, name: str) -> bool:
    it = await crew.contact(sender)
    return bool(it["owner"]) and it["owner"]["name"] == name


async def take(crew: Crew, name: str, text: str, sender: str) -> None:
    """Accept the offer with `text`; pressed again where a socket of somebody dead swallowed it."""

    async def pressed() -> bool:
        for card in await crew.cards(name, text):
            body = {"user": crew.person(name).slack, "channel": card["channel"], "ts": card["ts"]}
            url = f"{crew.base}/sandbox/api/slack/act"
            async with crew.http.post(url, json=body | {"action_id": "offer.accept"}) as answer:
                await answer.read()
        return await _is_with(crew, sender, name)

    await crew.until(pressed)


async def slash(crew: Crew, name: str, text: str) -> None:
    """A command, typed again until Slack reaches somebody who lives."""
    who = crew.person(name)
    body = {"user": who.slack, "channel": who.dm, "command": "/tierline", "text": text}

    async def heard() -> bool:
        async with crew.http.post(f"{crew.base}/sandbox/api/slack/command", json=body) as answer:
            return answer.status == 200

    await crew.until(heard)


async def greeted(crew: Crew, phones: Iterable[str]) -> bool:
    reached = {number for number, _ in await crew.sent()}
    return reached >= set(phones)


@contextlib.asynccontextmanager
async def flow(crew: Crew) -> AsyncIterator[dict[str, int | None]]:
    """Somebody new texts every `PACE` seconds, until this is left; phone → what Twilio was answered."""
    answers: dict[str, int | None] = {}
    over = asyncio.Event()

    async def texts() -> None:
        for n in range(1, MOST):
            phone = f"+49154{n:08}"
            answers[phone] = await crew.text(f"word of {phone}", phone)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PACE)
                return

    await crew.call("/faults", QUICK)
    flowing = asyncio.create_task(texts())
    try:
        yield answers
    finally:
        over.set()
        await flowing


async def roll(crew: Crew, it: Process) -> None:
    """Stop one as a new release does, and start it anew."""
    others = crew.workers if it in crew.workers else crew.webs
    assert (status := await it.stop()) == 0, (status, it.log[-3000:])
    if it in crew.workers:  # its role is free at once
        assert await crew.delivering(it) in others
    await crew.started(it)
