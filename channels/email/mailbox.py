"""A mailbox at a provider: everything that comes there is taken, once, in order, whoever reads it first.

    open ─▶ where were we? ─▶ all since then, in pieces, oldest first ─▶ post ─▶ the cursor ─▶ IDLE ─▶ all since …

The cursor is a UID, durable in the store and moved after what lies before it is durable: who dies between takes a piece
twice, and `post` knows what it has. Where UIDs have lost their meaning (another UIDVALIDITY), everything that came since
a while before our last look is posted again. Flags and dates decide nothing else: whoever reads a mail first hides it
from nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from ..channel import NotTaken
from .account import Account
from .addressed import addressed
from .conversation import short
from .imap import Away, Folder, Imap, Listed, Refused, Trouble
from .imap_line import ImapLine
from .letter import Envelope, Post

log = structlog.get_logger()

PIECE, BATCH, BYTES = 200, 25, 8 * 1024 * 1024
"""Mails that are listed at a time, and that are fetched at a time; bytes of the latter."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a mail that are taken: more than providers let through. Of a longer one the beginning."""
AWAKE, POLLED, TURN = 540.0, 30.0, 2.0
"""Seconds of one IDLE (routers forget a silent connection after ten minutes); between two looks where there is no IDLE;
between two looks at whether the mailbox is still ours to look after."""
FIRST, LONGEST, LOGIN = 1.0, 60.0, 300.0
"""Seconds between tries: the first, the longest, and after a refused login, which providers count."""
SILENT = 120.0
"""Seconds for which a mailbox may be away before anybody is told."""
WITHIN = 120.0
"""Seconds in which one mail is taken."""
TRIES = 3
"""How often one mail may fail before it is left aside."""
OVERLAP = 2 * 86_400_000
"""ms before our last look from which on is posted again once UIDs have lost their meaning: dates are days there, in zones
of the server's own."""

GRANTED = {
    "microsoft": "What the app may: IMAP.AccessAsApp with an administrator's consent, and this mailbox (README, “Mail”)",
    "google": "What the person granted: https://mail.google.com/ for this very address (README, “Mail”)",
}
"""What to look at where a provider refuses us although there is a token, or gives none."""

Known = Callable[[str, int], Awaitable[int]]
"""A durable number by name: the largest that was ever given, 0 before the first. Raises NotTaken."""
Token = Callable[[bool], Awaitable[str]]
"""A token for the login; with True never the one from before. Raises Trouble."""


class Telling(Protocol):
    """Tells trouble to whoever can mend it."""

    async def begin(self, name: str, text: str) -> None:
        """It has begun; said once until `end`."""

    async def end(self, name: str, text: str) -> None:
        """It is over; said only if it had begun."""

    async def once(self, name: str, text: str) -> None:
        """Said at most once in an hour."""


class _Later(Exception):
    """Something isn't there yet; the same again in a moment."""


@dataclass(slots=True)
class Mailbox:
    """Looked after by `run` while `mine` says that this process does. `state` is for people."""

    account: Account
    post: Post
    ours: Callable[[], Collection[str]]
    known: Known
    alerts: Telling
    mine: Callable[[], bool]
    token: Token | None = None
    connection: Callable[[Account], Imap] = Imap
    state: str = "not looked after yet"
    taken: int = 0
    waits: int = 0  # mails that are known to lie there and aren't taken yet
    _failed: dict[int, int] = field(default_factory=dict)  # UID → how often
    _polls: bool = False  # the server has IDLE and refuses it
    _met: bool = False  # all was well in the present visit
    _away_since: float | None = None
    _looked: int = 0

    @property
    def well(self) -> bool:
        """Whether nothing is known to be amiss."""
        return not self.state.startswith(("trouble", "away"))

    @property
    def key(self) -> str:
        """By what the store knows its cursor: it outlives a move of the mailbox to another server."""
        return f"imap:{short(self.account.user.casefold(), self.account.folder)}"

    async def run(self) -> None:
        """For ever. Trouble is told, and tried again."""
        pause = FIRST
        while True:
            if not self.mine():
                self.state = "elsewhere: another process looks after it"
                await asyncio.sleep(TURN)
                continue
            self._met = False
            try:
                await self._visit()
            except Refused as error:
                await self._refused(error)
                pause = LOGIN if error.login else LONGEST
            except Away as error:
                await self._gone(error)
            except NotTaken as error:
                self.state = f"waits: {error}"
                log.warning("mailbox.not_taken", mailbox=self.account.setting, why=str(error))
            except _Later as error:
                self.state = f"goes on: {error}"
            await asyncio.sleep(FIRST if self._met else pause)
            pause = FIRST if self._met else min(pause * 2, LONGEST)

    # ---- one connection -----------------------------------------------------------------------------------------

    async def _visit(self) -> None:
        """Connect and stay, as long as it is ours. Raises Trouble, NotTaken."""
        line = ImapLine(self.connection(self.account))
        try:
            folder = await self._opened(line)
            start = await self._begin(line, folder)
            while self.mine():
                at = _now()
                start = await self._take_since(line, folder, start)
                await self._well(folder, at)
                await self._wait(line, folder)
        finally:
            await line.close()

    async def _opened(self, line: ImapLine) -> Folder:
        if self.token is None:
            return await line.do(line.imap.open)
        token = await self.token(False)
        try:
            return await line.do(lambda: line.imap.open(token))
        except Refused as error:
            if not error.login:
                raise
        fresh = await self.token(True)  # that one may have been withdrawn
        await line.do(line.imap.close)
        return await line.do(lambda: line.imap.open(fresh))

    async def _begin(self, line: ImapLine, folder: Folder) -> int:
        """The UID to go on from: the cursor; at the first start of all what comes from now on."""
        cursor = f"{self.key}:{folder.validity}"
        self._looked = await self.known(f"{self.key}:looked", 0)
        if start := await self.known(cursor, 0):
            return start
        if self._looked:
            return await self._again(line, folder)
        start = 1 if self.account.existing else folder.next
        log.info("mailbox.begins", mailbox=self.account.setting, uid=start, existing=self.account.existing)
        return await self.known(cursor, start)

    async def _again(self, line: ImapLine, folder: Folder) -> int:
        """UIDs mean something else now (F75): whatever came since our last look, and a while before, is posted again."""
        since = self._looked - OVERLAP
        uids = await line.do(lambda: line.imap.dated_since(since))
        log.warning("mailbox.other_uids", mailbox=self.account.setting, again=len(uids))
        await self._take(line, [it for it in uids if it < folder.next], None)
        return await self.known(f"{self.key}:{folder.validity}", folder.next)

    async def _take_since(self, line: ImapLine, folder: Folder, start: int) -> int:
        uids = await line.do(lambda: line.imap.since(start))
        await self._take(line, uids, f"{self.key}:{folder.validity}")
        return uids[-1] + 1 if uids else start

    async def _well(self, folder: Folder, at: int) -> None:
        """Everything that was there at `at` is taken."""
        self._met, self._away_since, self._failed = True, None, {}
        self._looked = await self.known(f"{self.key}:looked", at)
        told = folder.idle and not self._polls
        self.state = "waits for mails" if told else f"looks every {POLLED:.0f} s: the server has no IDLE"
        await self.alerts.end(self._name, f"The mailbox {self.account.shown} works again; nothing was lost.")

    async def _wait(self, line: ImapLine, folder: Folder) -> None:
        """Until something comes, or it is time to look."""
        if folder.idle and not self._polls:
            try:
                came = await line.do(line.imap.idle)
            except Refused as error:
                self._polls = True
                log.warning("mailbox.polled", mailbox=self.account.setting, why=str(error))
            else:
                if not came:
                    await self._while_mine(AWAKE, line.readable)
                await line.do(line.imap.idle_over)
                return
        await self._while_mine(POLLED, asyncio.sleep)
        await line.do(line.imap.ask)

    async def _while_mine(self, seconds: float, wait: Callable[[float], Awaitable[object]]) -> None:
        """Wait in turns, until one says that there is something."""
        ends = time.monotonic() + seconds
        while self.mine() and (left := ends - time.monotonic()) > 0:
            if await wait(min(TURN, left)):
                return

    # ---- mails --------------------------------------------------------------------------------------------------

    async def _take(self, line: ImapLine, uids: Sequence[int], cursor: str | None) -> None:
        """Take them, oldest first; the cursor follows (None: it stays). Raises Trouble, NotTaken, _Later."""
        self.waits = len(uids)
        for first in range(0, len(uids), PIECE):
            piece = uids[first : first + PIECE]
            listed = await line.do(partial(line.imap.listed, piece))
            for batch in batches(listed):
                if not self.mine():
                    raise _Later("another process looks after it")
                await self._batch(line, batch, cursor is not None)
                self.waits = len(uids) - first - piece.index(batch[-1].uid) - 1
                if cursor:
                    await self.known(cursor, batch[-1].uid + 1)
                await self._done(line, [it.uid for it in batch])
            if cursor:  # also behind those that somebody deleted meanwhile
                await self.known(cursor, piece[-1] + 1)
        self.waits = 0

    async def _batch(self, line: ImapLine, batch: Sequence[Listed], fresh: bool) -> None:
        uids, most = [it.uid for it in batch], LARGEST if batch[0].size > LARGEST else 0
        try:
            bodies = await line.do(lambda: line.imap.bodies(uids, most))
        except Refused:
            bodies = {}  # because of one of them, perhaps
        for it in batch:
            content = bodies.pop(it.uid, None)
            if content is None:
                content = await self._alone(line, it)
            if content is not None:
                await self._post(content, it, fresh)
        if most:
            size = f"{batch[0].size // 1024 // 1024} MB"
            await self._aside(batch[0].uid, f"is larger than we take ({size}): only its beginning is shown")

    async def _alone(self, line: ImapLine, it: Listed) -> bytes | None:
        """A mail that didn't come with the others; None when it is gone. What a server doesn't give out is a contact all
        the same (F78): of its header, else of its mere being there."""
        try:
            if (found := await line.do(lambda: line.imap.bodies([it.uid]))).get(it.uid) is not None:
                return found[it.uid]
        except Refused as error:
            log.warning("mailbox.not_given", mailbox=self.account.setting, uid=it.uid, why=str(error))
        if not await line.do(lambda: line.imap.there(it.uid)):
            return None
        self._again_or(it.uid, "the server doesn't give out a mail")
        try:
            head = await line.do(lambda: line.imap.head(it.uid))
        except Refused:
            head = None
        await self._aside(it.uid, "isn't given out by your mail server: a contact says so")
        return head or stand_in(self.account, it)

    async def _post(self, content: bytes, it: Listed, fresh: bool) -> None:
        """Raises NotTaken; what fails for another reason is tried again, and then left aside: others wait behind it."""
        to = addressed(content, self.ours(), self.account.user)
        if not to.recipients:
            await self.alerts.begin(
                self._name, f"Mails wait in {self.account.shown}: the plan has no entry for mail."
            )
            raise NotTaken("the plan has no entry for mail")
        # It came after our last look: what its date says before that is wrong, or somebody moved it here.
        at = max(it.at, self._looked) if fresh else it.at
        envelope = Envelope(to.sender, to.recipients, min(at, _now()) or _now(), self.account.setting.lower())
        try:
            async with asyncio.timeout(WITHIN):
                await self.post(content, envelope)
        except TimeoutError:
            raise NotTaken("it takes too long") from None
        except NotTaken:
            raise
        except Exception:
            log.exception("mailbox.broken", mailbox=self.account.setting, uid=it.uid)
            self._again_or(it.uid, "a mail can't be taken")
            await self._aside(it.uid, "can't be taken and is left there; the log says why")
            return
        self.taken += 1

    async def _done(self, line: ImapLine, uids: Sequence[int]) -> None:
        """Marked or moved, where somebody wants that. It stops nothing."""
        if self.account.mark or self.account.move:
            try:
                await line.do(lambda: line.imap.done(uids))
            except Refused as error:
                said = f"What was taken in {self.account.shown} can't be marked or moved: {error}. It is taken, though."
                await self.alerts.once(f"{self._name}:done", said)

    def _again_or(self, uid: int, why: str) -> None:
        """Raises _Later, until it was tried often enough."""
        self._failed[uid] = self._failed.get(uid, 0) + 1
        if self._failed[uid] < TRIES:
            raise _Later(why)

    # ---- telling ------------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return f"mailbox:{self.account.name or 'main'}"

    async def _aside(self, uid: int, what: str) -> None:
        await self.alerts.once(f"{self._name}:{uid}", f"A mail in {self.account.shown} (UID {uid}) {what}.")

    async def _refused(self, error: Refused) -> None:
        self.state = f"trouble: {error}"
        log.warning("mailbox.refused", mailbox=self.account.setting, why=str(error))
        mend = (
            f"Mails wait there. Mend {self.account.setting} and start anew"
            if error.login
            else "Mails wait there"
        )
        await self.alerts.begin(self._name, f"The mailbox {self.account.shown}: {error}. {mend}.")

    async def _gone(self, error: Trouble) -> None:
        """Told when it lasts: connections break every day."""
        self.state = f"away: {error}"
        log.info("mailbox.away", mailbox=self.account.setting, why=str(error))
        now = time.monotonic()
        self._away_since = self._away_since or now
        if now - self._away_since > SILENT:
            said = (
                f"The mailbox {self.account.shown}: {error}. Mails wait there, and are taken when it answers."
            )
            await self.alerts.begin(self._name, said)


def batches(listed: Sequence[Listed]) -> Iterator[list[Listed]]:
    """What is fetched at a time, in order; a mail that is larger than we take comes alone."""
    batch: list[Listed] = []
    size = 0
    for it in listed:
        if batch and (len(batch) == BATCH or size + it.size > BYTES):
            yield batch
            batch, size = [], 0
        batch.append(it)
        size += it.size
    if batch:
        yield batch


def stand_in(account: Account, it: Listed) -> bytes:
    """A mail about a mail of which the server gives out nothing."""
    host = account.host.encode("ascii", "replace").decode()
    return (
        f"Subject: A mail that the mail server doesn't give out\r\nMessage-ID: <{it.uid}.{it.at}@{host}>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n"
        f"It lies in the mailbox {account.shown} ({it.size} bytes, UID {it.uid}): please look at it there.\r\n"
    ).encode()


def _now() -> int:
    return time.time_ns() // 1_000_000
