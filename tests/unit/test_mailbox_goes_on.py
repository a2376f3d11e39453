"""A mailbox is looked after whatever happens: the same promises as with a real server, on any machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from mailbox_fake import FakeImap, Provider

from tierline.channels.channel import NotTaken, Taken
from tierline.channels.email.account import Account
from tierline.channels.email.letter import Envelope
from tierline.channels.email.mailbox import Mailbox

SUPPORT = "support@x.example"


def mail(name: object) -> bytes:
    return f"Subject: {name}\r\n\r\nx".encode()


@dataclass
class Told:
    begun: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)

    async def begin(self, name: str, text: str) -> None:
        if name not in self.open:
            self.open.add(name)
            self.begun.append(text)

    async def end(self, name: str, text: str) -> None:
        if name in self.open:
            self.open.discard(name)
            self.over.append(text)

    async def once(self, name: str, text: str) -> None:
        self.said.append(text)


@dataclass
class World:
    """A provider, a store, and what was posted: `kept` once by content, `brought` as often as it came."""

    provider: Provider = field(default_factory=Provider)
    kept: list[bytes] = field(default_factory=list)
    brought: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    fails: Callable[[bytes], Exception | None] = lambda content: None
    mine: bool = True

    async def post(self, content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        assert envelope.recipients == (SUPPORT,)
        if (error := self.fails(content)) is not None:
            raise error
        self.brought += 1
        if content not in self.kept:
            self.kept.append(content)
        return ()

    async def known(self, name: str, number: int) -> int:
        self.numbers[name] = max(self.numbers.get(name, 0), number)
        return self.numbers[name]

    @contextlib.asynccontextmanager
    async def process(self, options: str = "", password: str = "b") -> AsyncIterator[Mailbox]:
        """One process that looks after it, and is gone at the end."""
        account = Account.of(f"imaps://a:{password}@host.example/{options}")
        box = Mailbox(
            account, self.post, lambda: [SUPPORT], self.known, self.told, lambda: self.mine,
            connection=lambda it: FakeImap(it, self.provider),
        )  # fmt: skip
        task = asyncio.create_task(box.run())
        try:
            yield box
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, holds: Callable[[], object]) -> None:
        ends = asyncio.get_running_loop().time() + 20
        while not holds():
            assert asyncio.get_running_loop().time() < ends
            await asyncio.sleep(0.005)

    async def settled(self, box: Mailbox) -> None:
        await self.until(lambda: box.state == "waits for mails")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST", "LONGEST", "LOGIN", "TURN", "POLLED"):
        monkeypatch.setattr(f"tierline.channels.email.mailbox.{name}", 0.02)


@pytest.mark.promise("mailbox-in")
@pytest.mark.promise("mailbox-start")
@pytest.mark.parametrize("idle", [True, False])
async def test_what_comes_after_the_first_start_is_taken_and_what_was_there_is_not(idle: bool) -> None:
    it = World(Provider(idle=idle))
    it.provider.deliver(mail("old"))
    async with it.process() as box:
        await it.until(lambda: "waits" in box.state or "looks" in box.state)
        it.provider.deliver(mail("new"))
        await it.until(lambda: it.kept == [mail("new")])
    assert it.provider.done == []


@pytest.mark.promise("mailbox-start")
@pytest.mark.promise("mailbox-marks")
async def test_settings_take_what_is_there_and_mark_what_is_taken() -> None:
    it = World()
    it.provider.deliver(mail("old"))
    async with it.process("?existing=take&mark=Tierline") as box:
        await it.settled(box)
    assert it.kept == [mail("old")]
    assert it.provider.done == [1]


@pytest.mark.promise("mailbox-gap")
async def test_everything_since_the_last_look_is_taken_once_in_order_after_a_gap() -> None:
    it = World()
    async with it.process() as box:
        await it.settled(box)
    it.provider.deliver(*(mail(n) for n in range(1000)))
    async with it.process() as box:
        await it.settled(box)
    assert it.kept == [mail(n) for n in range(1000)]
    assert it.brought == 1000


@pytest.mark.promise("mailbox-once")
async def test_other_uids_lose_and_double_nothing() -> None:
    it = World()
    async with it.process() as box:
        await it.settled(box)
        it.provider.deliver(mail(1), mail(2))
        await it.until(lambda: len(it.kept) == 2)
        await it.settled(box)
    it.provider.new_uids()
    it.provider.deliver(mail(3))
    async with it.process() as box:
        await it.until(lambda: len(it.kept) == 3)
    assert it.kept == [mail(1), mail(2), mail(3)]


@pytest.mark.promise("mailbox-gap")
async def test_the_cursor_never_passes_a_mail_that_is_not_durable() -> None:
    it = World()
    async with it.process() as box:
        await it.settled(box)
        it.fails = lambda content: NotTaken("the store is away") if content == mail(2) else None
        it.provider.deliver(mail(1), mail(2), mail(3))
        await it.until(lambda: "the store is away" in box.state)
    assert it.kept == [mail(1)]
    it.fails = lambda content: None
    async with it.process() as box:
        await it.until(lambda: len(it.kept) == 3)
    assert it.kept == [mail(1), mail(2), mail(3)]
    assert it.told.begun == []


@pytest.mark.promise("mailbox-malformed")
async def test_a_mail_that_always_breaks_is_left_and_told_and_the_rest_goes_on() -> None:
    it = World()
    it.fails = lambda content: RecursionError("deep") if content == mail(2) else None
    async with it.process() as box:
        await it.settled(box)
        it.provider.deliver(mail(1), mail(2), mail(3))
        await it.until(lambda: mail(3) in it.kept)
    assert it.kept == [mail(1), mail(3)]
    assert len(it.told.said) == 1


@pytest.mark.promise("mailbox-told")
async def test_a_refused_login_is_told_once_and_its_end() -> None:
    it = World()
    async with it.process(password="wrong") as box:
        await it.until(lambda: it.provider.opened >= 4)
        assert len(it.told.begun) == 1
        assert "wrong@" not in it.told.begun[0] + box.state + repr(box)
        it.provider.password = "wrong"
        await it.until(lambda: it.told.over)
    assert len(it.told.over) == 1


@pytest.mark.promise("mailbox-told")
async def test_a_server_that_stays_away_is_told_and_one_that_comes_back_soon_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it = World()
    async with it.process() as box:
        await it.settled(box)
        it.provider.away("the connection broke")
        await it.until(lambda: box.state.startswith("away"))
        it.provider.away("")
        await it.settled(box)
        assert it.told.begun == []
        monkeypatch.setattr("tierline.channels.email.mailbox.SILENT", 0.1)
        it.provider.away("the connection broke")
        await it.until(lambda: it.told.begun)
        it.provider.away("")
        it.provider.deliver(mail(1))
        await it.until(lambda: it.told.over and it.kept)


@pytest.mark.promise("mailbox-once")
async def test_only_the_process_that_delivers_looks_after_it() -> None:
    it = World(mine=False)
    async with it.process() as box:
        await it.until(lambda: "elsewhere" in box.state)
        assert it.provider.opened == 0
        it.mine = True
        await it.settled(box)
        it.mine = False
        await it.until(lambda: "elsewhere" in box.state)
        it.provider.deliver(mail(1))
        await asyncio.sleep(0.1)
        assert it.kept == []
        it.mine = True
        await it.until(lambda: it.kept == [mail(1)])


@pytest.mark.promise("mailbox-in")
async def test_a_server_that_says_idle_and_refuses_it_is_looked_at_by_and_by() -> None:
    it = World(Provider(refuses_idle=True))
    async with it.process() as box:
        await it.until(lambda: "no IDLE" in box.state)
        it.provider.deliver(mail(1))
        await it.until(lambda: it.kept == [mail(1)])
        assert it.provider.opened == 1
