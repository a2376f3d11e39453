"""`make mail DIR=folder`: every mail of a folder through the door of a running sandbox, and what became of it.

Prints for each mail: the contacts that it became part of (one is right), whether it could be read, how often it was
answered by itself, whether anything raised, and the seconds from its first byte to our 250. Exits 1 when something
raised, when a mail was taken and is no contact's, or when a robot was answered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from ...channels.email.glance import glanced
from ...channels.email.letter import Envelope
from ..processes import free_port, python
from .judged import Judged, Judges, addresses
from .sources import Source, mails

AT_ONCE = 6
BATCH = 800
"""Mails between two looks at what was answered: the stand-in keeps 2,000, of both directions."""
SETTLED = 3.0
"""Seconds without another answer after which none is expected."""
ROBOTS = {"robots", "bounces", "auto-replies", "autoreplies", "lists"}
"""Folders whose mails are robots' whatever our own judgement says."""
TOO_LARGE = 552
STRANGER = "sender@customer.example"
_CONTACT = re.compile(r"\bC\d{3,}\b")
_PATH = re.compile(rb"(?im)\AReturn-Path:[ \t]*<([^<>\r\n]*)>|^Return-Path:[ \t]*<([^<>\r\n]*)>")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one mail; `code` is the answer to its body, 0 none."""

    name: str
    code: int
    said: str
    contacts: int
    judged: Judged
    seconds: float

    @property
    def raised(self) -> str:
        """What went wrong with it, "" nothing. A mail that is too large is refused as it should be."""
        if self.judged.raised:
            return self.judged.raised
        if self.code == TOO_LARGE:
            return ""
        if not 200 <= self.code < 300:
            return f"{self.code} {self.said}"[:120]
        return "" if self.contacts else f"no contact: {self.said}"[:120]

    @property
    def robot(self) -> bool:
        """Whether a machine wrote it."""
        return bool(self.judged.robot) or bool(ROBOTS & set(Path(self.name).parts[:-1]))


async def run(folder: Path) -> int:
    """Start the sandbox, put all through, tell."""
    found = list(mails(folder))
    if not found:
        print(f"there are no mails in {folder}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="tierline-mail-") as data:
        page = free_port()
        env = {"PORT": str(free_port()), "TIERLINE_SANDBOX_PORT": str(page), "TIERLINE_DATA": data}
        log = os.path.join(data, "log")
        async with python("-m", "tierline", "sandbox", "--headless", env=env, cwd=data, told=log):
            timeout = aiohttp.ClientTimeout(total=180)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{page}", timeout=timeout) as session:
                return await _all(session, found, await _state(session), folder.name)


async def _state(session: aiohttp.ClientSession) -> dict[str, list[str]]:
    end = time.monotonic() + 120
    while True:
        try:
            async with session.get("/sandbox/api/state") as answer:
                if answer.status == 200:
                    state: dict[str, list[str]] = await answer.json()
                    return state
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.2)
        if time.monotonic() > end:
            raise TimeoutError("the sandbox doesn't start")


async def _all(
    session: aiohttp.ClientSession, found: Sequence[Source], state: dict[str, list[str]], folder: str
) -> int:
    ours = tuple(state["mailboxes"])
    limits = {"slack": {"enforce_limits": False}, "twilio": {"enforce_limits": False}}
    async with session.post("/sandbox/api/faults", json=limits) as answer:
        answer.raise_for_status()
    judges, room = Judges(ours), asyncio.Semaphore(AT_ONCE)
    done: list[Done] = []
    answers: list[tuple[str, str]] = []
    seen: set[int] = set()
    took = 0.0
    try:
        for at in range(0, len(found), BATCH):
            begun = time.monotonic()
            batch = found[at : at + BATCH]
            done += await asyncio.gather(*(_one(session, judges, room, it, ours[0], folder) for it in batch))
            took += time.monotonic() - begun
            answers += await _answers(session, done[-2 * BATCH :], seen)
    finally:
        judges.close()
    return _told(done, answered(answers, done), took)


async def _one(
    session: aiohttp.ClientSession, judges: Judges, room: asyncio.Semaphore, it: Source, box: str, folder: str
) -> Done:
    async with room:
        sender = _envelope(it.raw)
        judged = await judges(it.raw, Envelope(sender, (box,), 0))
        begun = time.monotonic()
        async with session.post(
            "/sandbox/api/mail", params={"to": box, "from": sender}, data=it.raw or b"\r\n",
            headers={"Content-Type": "message/rfc822"},
        ) as answer:  # fmt: skip
            told = await answer.json() if answer.status == 200 else {"code": 0, "text": await answer.text()}
        text = str(told["text"])
        contacts = len(set(_CONTACT.findall(text)))
        return Done(
            f"{folder}/{it.name}", int(str(told["code"])), text, contacts, judged, time.monotonic() - begun
        )


def _envelope(raw: bytes) -> str:
    """The reverse path as its last server wrote it, else whom it says it is from."""
    head = raw[: 64 * 1024].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = _PATH.search(head)
    if found is not None:
        path = (found[1] or found[2] or b"").decode("ascii", "replace")
        return path if not path or re.fullmatch(r"[\x21-\x7e]{1,64}@[A-Za-z0-9.-]{1,250}", path) else STRANGER
    sender = glanced(raw, Envelope("", (), 0), "").sender
    return sender if sender.isascii() and re.fullmatch(r"[^\s\"]+@[a-z0-9.-]+", sender) else STRANGER


async def _answers(
    session: aiohttp.ClientSession, done: Sequence[Done], seen: set[int]
) -> list[tuple[str, str]]:
    """The answers of the product's own accord: what each says that it answers, and to whom it went.

    Asked until nothing more comes. `seen` are the numbers of the answers that were counted before.
    """
    everybody = addresses(it.judged for it in done)
    before = -1
    end = time.monotonic() + 60
    while True:
        got = [one for address in everybody for one in await _sent_to(session, address)]
        if len(got) == before or time.monotonic() > end:
            break
        before = len(got)
        await asyncio.sleep(SETTLED)
    new = {(it, n): address for it, n, address in got if n not in seen}
    seen.update(n for _, n in new)
    return [(to[0], address) for to, address in new.items()]


def answered(answers: Sequence[tuple[str, str]], done: Sequence[Done]) -> dict[str, int]:
    """How often each mail was answered, by name; `answers` are the Message-ID that each names and whom it went to.

    Where several mails have that id and that sender, as copies and test suites have, people's are taken to have been
    answered first, each once: what is left over was said to a robot.
    """
    counts: dict[str, int] = {}
    people_first = sorted(done, key=lambda it: it.robot)
    for message_id, address in answers:
        theirs = [it for it in people_first if address in it.judged.answers]
        same = [it for it in theirs if it.judged.message_id == message_id]
        nameless = [it for it in theirs if not it.judged.message_id]
        them = same or nameless or theirs
        one = next((it for it in them if it.name not in counts), them[-1])
        counts[one.name] = counts.get(one.name, 0) + 1
    return counts


async def _sent_to(session: aiohttp.ClientSession, address: str) -> list[tuple[str, int, str]]:
    """What it answers, its number, and to whom."""
    async with session.get("/sandbox/api/mail", params={"address": address}) as answer:
        answer.raise_for_status()
        return [(str(it["in_reply_to"]).strip(), int(it["n"]), address) for it in await answer.json()]


def _told(done: Sequence[Done], answers: dict[str, int], took: float) -> int:
    wide = min(70, max(len(it.name) for it in done))
    print(f"{'file':{wide}}  contacts  readable  answered  raised  seconds")
    for it in done:
        answered = answers.get(it.name, 0)
        mark = "  a robot was answered" if answered and it.robot else f"  {it.raised}" if it.raised else ""
        print(
            f"{it.name[-wide:]:{wide}}  {it.contacts:8}  {'yes' if it.judged.readable else 'no':>8}  {answered:8}"
            f"  {int(bool(it.raised)):6}  {it.seconds:7.3f}{mark}"
        )
    raised = [it for it in done if it.raised]
    wrong = [it for it in done if it.robot and answers.get(it.name)]
    times = sorted(it.seconds for it in done)
    print(
        f"\n{len(done)} mails in {took:.1f} s ({len(done) / took:.0f} a second, median {times[len(times) // 2]:.3f} s, "
        f"longest {times[-1]:.3f} s): {sum(it.contacts == 1 for it in done)} with exactly one contact, "
        f"{sum(it.judged.readable for it in done)} readable, {sum(it.robot for it in done)} robots, "
        f"{sum(map(bool, answers.values()))} answered, {len(wrong)} robots answered, {len(raised)} raised"
    )
    return 1 if raised or wrong else 0


def main() -> int:
    """Read the command's words."""
    parser = argparse.ArgumentParser(prog="make mail", description=__doc__)
    parser.add_argument("folder", type=Path, help="with .eml files, mbox files or maildirs, at any depth")
    args = parser.parse_args()
    return asyncio.run(run(args.folder))


if __name__ == "__main__":
    sys.exit(main())
