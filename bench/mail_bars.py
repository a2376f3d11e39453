"""Mail in: a thousand of 20 KB, 250 after each is a contact, against a bare aiosmtpd that appends and fsyncs.

Both are asked in turn, a slice of mails each, over as many connections as Postfix opens to one destination; our client's
part is the same for both. With fewer, both wait for the disk at every mail, and ours more often: that is told as well.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp

from .bars import Bar, Finding
from .processes import free_port, python

CONNECTIONS, FEW = 20, 8
"""`default_destination_concurrency_limit` of Postfix (postfix.org/postconf.5.html); and fewer."""
SIZE = 20_000  # bytes of a mail
MAILBOX = "help@bench.example"
TOKEN = "bench-mail-3Qz8-token-9Yx7"
HALF = 0.5
PLAN = f"""
site: bench
timezone: Etc/UTC
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help: {{schedule: always, answer_within: 4h, steps: [{{tiers: [L1], until: 8h}}, {{then: hold}}]}}
entry: [{{channel: email, to: {MAILBOX}, service: help}}]
agents: [{{name: Ada, slack: ada@bench.example, team: desk, tier: L1}}]
"""


async def mail(quick: bool) -> list[Finding]:
    """Mails a second of both, slice by slice in turn; afterwards each of ours is a contact."""
    slices, each = (4, 40) if quick else (25, 40)
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tierline-bench-")))
        ours, web = await _product(stack, home)
        bare = await _bare(stack, home)
        made = _Letters()
        for port in (ours, bare):
            await _send(port, made, each, FEW)  # the first of each begin processes and pages
        rates = {(port, lines): list[float]() for port in (ours, bare) for lines in (CONNECTIONS, FEW)}
        for n in range(slices):
            for lines in (CONNECTIONS, FEW):
                for port in (ours, bare) if n % 2 else (bare, ours):
                    rates[port, lines].append(each / await _send(port, made, each, lines))
        there = await _contacts(web)
    lost = (2 * slices + 1) * each - there
    name = "mail: 20 KB, durable contacts a second / a bare aiosmtpd that fsyncs"
    return [
        _against(name, rates[ours, CONNECTIONS], rates[bare, CONNECTIONS], HALF),
        _against(f"{name}, over {FEW} connections", rates[ours, FEW], rates[bare, FEW], None),
        Bar("mail: of those that were answered with 250, not a contact", lost, 0, "", (lost, lost), there + lost),
    ]  # fmt: skip


def _against(name: str, own: list[float], other: list[float], limit: float | None) -> Bar:
    ours, theirs = statistics.median(own), statistics.median(other)
    pairs = [a / b for a, b in zip(own, other, strict=True)]
    told = f"{ours:.0f} a second against {theirs:.0f}"
    return Bar(name, ours / theirs, limit, "×", (min(pairs), max(pairs)), len(own), "at least", told)


async def _product(stack: AsyncExitStack, home: Path) -> tuple[int, str]:
    (home / "plan.yaml").write_text(PLAN)
    port, smtp = free_port(), free_port()
    env = {
        "PORT": str(port), "TIERLINE_DATA": str(home / "data"), "TIERLINE_PLAN": str(home / "plan.yaml"),
        "TIERLINE_SMTP_LISTEN": f"127.0.0.1:{smtp}", "TIERLINE_API_TOKEN": TOKEN,
    }  # fmt: skip
    await stack.enter_async_context(python("-m", "tierline", "run", env=env, cwd=str(home), told=os.devnull))
    base = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with http.get(f"{base}/readyz") as answer:
                    if answer.status == 200:
                        return smtp, base
            await asyncio.sleep(0.1)


async def _bare(stack: AsyncExitStack, home: Path) -> int:
    port = free_port()
    beside = await stack.enter_async_context(
        python("-m", "tierline.bench.peers.smtp", str(port), str(home / "mails"), cwd=str(home))
    )
    assert beside.stdout is not None
    await asyncio.wait_for(beside.stdout.readline(), 60)
    return port


async def _contacts(base: str) -> int:
    """How many arrived, by the ledger."""
    since, arrived = "0-0", 0
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        while True:
            async with http.get(f"{base}/api/v1/ledger?since={since}") as answer:
                events = await answer.json()
            if not events:
                return arrived
            since = events[-1]["id"]
            arrived += sum(it["event"] == "arrived" for it in events)


class _Letters:
    """Mails that nobody has sent yet, each from somebody else."""

    def __init__(self) -> None:
        self.n, self.random = 0, random.Random(20)

    def next(self) -> tuple[str, bytes]:
        """Its sender, and all of it as DATA takes it."""
        self.n += 1
        sender = f"customer{self.n}@elsewhere.example"
        head = (
            f"From: Customer {self.n} <{sender}>\r\nTo: {MAILBOX}\r\nSubject: Question {self.n}\r\n"
            f"Message-ID: <{self.n}.bench@elsewhere.example>\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\n"
            'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\n'
        )
        lines = [
            " ".join(self.random.choice(("server", "invoice", "please", "since", "again")) for _ in range(11))
            for _ in range(SIZE // 72)
        ]
        return sender, (head + "\r\n".join(lines) + "\r\n").encode()


async def _send(port: int, made: _Letters, count: int, lines: int) -> float:
    """`count` mails, shared by so many connections; the seconds until the last was answered."""
    mails = [made.next() for _ in range(count)]
    begun = time.perf_counter()
    await asyncio.gather(*(_session(port, mails[i::lines]) for i in range(lines)))
    return time.perf_counter() - begun


async def _session(port: int, mails: list[tuple[str, bytes]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def said(words: bytes, code: bytes) -> None:
        writer.write(words)
        async with asyncio.timeout(60):
            while (line := await reader.readline())[3:4] == b"-":
                pass
        if not line.startswith(code):
            raise RuntimeError(f"{line!r} to {words[:60]!r}")

    await said(b"", b"220")
    await said(b"EHLO bench.example\r\n", b"250")
    for sender, content in mails:
        await said(f"MAIL FROM:<{sender}>\r\n".encode(), b"250")
        await said(f"RCPT TO:<{MAILBOX}>\r\n".encode(), b"250")
        await said(b"DATA\r\n", b"354")
        await said(content + b".\r\n", b"250")
    await said(b"QUIT\r\n", b"221")
    writer.close()
    await writer.wait_closed()
