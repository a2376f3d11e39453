"""Debian's Dovecot as a process of the test's own: mailboxes in a folder, IMAP and LMTP on loopback, no root needed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from helpers_app import PLAN, Inside, free_port, inside

from tierline.channels.channel import Taken
from tierline.channels.email.account import Account
from tierline.channels.email.imap import Imap
from tierline.channels.email.letter import Envelope
from tierline.channels.email.mailbox import Mailbox

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
HAS_LMTP = bool(DOVECOT) and Path("/usr/lib/dovecot/lmtp").exists()
needs_dovecot = pytest.mark.skipif(
    not HAS_LMTP, reason="no dovecot-imapd and dovecot-lmtpd here: .ci/run installs them"
)
BOX, PASSWORD = "support@inside.example", "a pass/word:with@signs"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap lmtp
{tls}
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{home}/mail/%u
mail_max_userip_connections = 50
auth_mechanisms = plain{mechanisms}
{passdb}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = {with_tls}
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol imap {{
  imap_idle_notify_interval = 2 mins
  imap_capability = {capability}
}}
"""


@dataclass
class Dovecot:
    """One server. `capability`: what it says of itself instead of the truth; `oauth`: where it asks about tokens.

    `certificate`: PEM, with its key.
    """

    home: Path
    imap: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    certificate: str = ""
    capability: str = ""
    mechanisms: str = ""
    oauth: str = ""
    process: asyncio.subprocess.Process | None = None

    def url(self, password: str = PASSWORD, options: str = "", user: str = BOX) -> str:
        """As IMAP_URL has it."""
        return f"imap://{quote(user)}:{quote(password, safe='')}@127.0.0.1:{self.imap}/INBOX{options}"

    def write(self, password: str = PASSWORD) -> None:
        """Configuration and users."""
        who = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        group = grp.getgrgid(who.pw_gid).gr_name
        text = CONFIG.format(
            home=self.home, user=who.pw_name, group=group, uid=who.pw_uid, gid=who.pw_gid, imap=self.imap,
            lmtp=self.lmtp, capability=self.capability, passdb=self._passdb(), mechanisms=self.mechanisms,
            imaps=self.imaps if self.certificate else 0, with_tls="yes" if self.certificate else "no", tls=self._tls(),
        )  # fmt: skip
        (self.home / "dovecot.conf").write_text(text)
        # A colon would end a field of the file.
        given = "{PLAIN.b64}" + base64.b64encode(password.encode()).decode()
        (self.home / "users").write_text(f"{BOX}:{given}::::::\n")
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, who.pw_uid, who.pw_gid)
            os.chmod(path, 0o700 if path.is_dir() else 0o600)

    def _tls(self) -> str:
        if not self.certificate:
            return "ssl = no"
        (self.home / "cert.pem").write_text(self.certificate)
        return f"ssl = yes\nssl_cert = <{self.home}/cert.pem\nssl_key = <{self.home}/cert.pem\nssl_dh ="

    def _passdb(self) -> str:
        if not self.oauth:
            return ""
        asks = f"introspection_mode = post\nintrospection_url = {self.oauth}\nusername_attribute = username\n"
        (self.home / "oauth2").write_text(asks + "active_attribute = active\nactive_value = true\n")
        return f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {self.home}/oauth2\n}}"

    async def start(self) -> None:
        """Listening when it returns."""
        assert DOVECOT is not None
        nobody = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
        self.process = await asyncio.create_subprocess_exec(
            DOVECOT, "-F", "-c", str(self.home / "dovecot.conf"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **(nobody if os.getuid() == 0 else {}),
        )  # fmt: skip
        for _ in range(500):
            with contextlib.suppress(OSError):
                for port in (self.imap, self.lmtp):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                return
            assert self.process.returncode is None, self.log()
            await asyncio.sleep(0.02)
        raise AssertionError(self.log())

    async def stop(self) -> None:
        """Gone when it returns, with all its children."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 20)
            self.process = None

    def log(self) -> str:
        path = self.home / "log"
        return path.read_text() if path.exists() else "no log"

    def deliver(self, mails: Sequence[bytes], to: str = BOX, sender: str = "eva@customer.example") -> None:
        """By LMTP, as a mail server does it."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            for it in mails:
                refused = lmtp.sendmail(sender, [to], it)
                assert not refused, refused

    @contextlib.contextmanager
    def person(self, password: str = PASSWORD) -> Iterator[imaplib.IMAP4]:
        """Somebody with a mail program, in the mailbox."""
        client = imaplib.IMAP4("127.0.0.1", self.imap, timeout=20)
        client.login(f'"{BOX}"', password)  # it quotes the password alone
        client.select("INBOX")
        try:
            yield client
        finally:
            client.logout()

    def new_uids(self) -> None:
        """The server forgets its index, as after a repair: every mail gets another UID under another UIDVALIDITY."""
        inbox = self.home / "mail" / BOX
        (inbox / "dovecot-uidlist").unlink()
        for path in [*inbox.glob("dovecot.index*"), *inbox.glob("dovecot-uidvalidity*")]:
            path.unlink()


@contextlib.asynccontextmanager
async def dovecot(**more: str) -> AsyncIterator[Dovecot]:
    """A server with one empty mailbox."""
    home = Path(tempfile.mkdtemp(prefix="tierline-dovecot-"))
    server = Dovecot(home, **more)  # type: ignore[arg-type]
    try:
        server.write()
        await server.start()
        yield server
    finally:
        await server.stop()
        shutil.rmtree(home, ignore_errors=True)


IMAP_PLAN = PLAN.replace("entry: [", f"entry: [{{channel: email, to: {BOX}, service: help}}, ")


@contextlib.asynccontextmanager
async def looked_after(
    home: Path, server: Dovecot, plan: str = IMAP_PLAN, url: str = "", **more: str
) -> AsyncIterator[Inside]:
    """A running product that takes mails from the server's mailbox."""
    async with inside(home, plan, mail={"IMAP_URL": url or server.url(), **more}) as it:
        yield it


@dataclass
class Telling:
    """What whoever can mend it was told."""

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
class Keeper:
    """Stands where `post` and the store stand: keeps every mail once by its content, and numbers that only grow."""

    kept: list[bytes] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    brought: int = 0  # mails, counted as often as they came
    numbers: dict[str, int] = field(default_factory=dict)
    fails: Callable[[bytes], Exception | None] = lambda content: None

    async def post(self, content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        if (error := self.fails(content)) is not None:
            raise error
        self.brought += 1
        if content in self.kept:
            return (Taken("duplicate", "C1", 1),)
        self.kept.append(content)
        self.envelopes.append(envelope)
        return (Taken("new", "C1", 1),)

    async def known(self, name: str, number: int) -> int:
        self.numbers[name] = max(self.numbers.get(name, 0), number)
        return self.numbers[name]

    @property
    def subjects(self) -> list[str]:
        """Of the mails that were kept, in order."""
        return [it.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for it in self.kept]


@contextlib.asynccontextmanager
async def looking(
    server: Dovecot, keeper: Keeper, told: Telling | None = None, url: str = "", ours: Sequence[str] = (BOX,)
) -> AsyncIterator[Mailbox]:
    """One process that looks after the mailbox, by itself, and stops in the end as if it were killed."""
    async with by_account(Account.of(url or server.url()), keeper, told, ours=ours) as box:
        yield box


@contextlib.asynccontextmanager
async def by_account(
    account: Account, keeper: Keeper, told: Telling | None = None, connection: Callable[[Account], Imap] = Imap,
    ours: Sequence[str] = (BOX,),
) -> AsyncIterator[Mailbox]:  # fmt: skip
    """As `looking`."""
    box = Mailbox(
        account,
        keeper.post,
        lambda: ours,
        keeper.known,
        told or Telling(),
        lambda: True,
        connection=connection,
    )
    task = asyncio.create_task(box.run())
    try:
        yield box
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object], within: float = 60.0) -> None:
    """Wait for a condition."""
    ends = asyncio.get_running_loop().time() + within
    while not holds():
        assert asyncio.get_running_loop().time() < ends, f"not within {within} s"
        await asyncio.sleep(0.02)


async def settled(box: Mailbox) -> None:
    """Until it has taken what is there and waits."""
    await until(lambda: box.state == "waits for mails")
