"""One connection to a mailbox. Every method blocks, and is called by one thread at a time, save `cut`.

Trouble
├── Away      it can't be reached, or the connection broke: try again
└── Refused   it is there and says no; `login`: to who we are
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.utils import encode_folder

from .account import Account

WITHIN = 30.0
"""Seconds for each answer."""
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([ \d]?\d-\w{3}-\d{4} \d\d:\d\d:\d\d) ([+-])(\d\d)(\d\d)"')
_QUOTED = re.compile(rb'BODY\[\w*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.DOTALL)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FOR_A_WHILE = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN")
"""Codes of RFC 5530 by which a server says that it isn't about who we are."""


class Trouble(Exception):
    """A mailbox doesn't do what it is asked for; why, in words without secrets."""


class Away(Trouble):
    """It can't be reached, or the connection broke."""


class Refused(Trouble):
    """It is there and says no."""

    def __init__(self, why: str, login: bool = False) -> None:
        super().__init__(why)
        self.login = login


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was opened. UIDs mean something with `validity` alone; the next mail gets `next` or more."""

    validity: int
    next: int
    idle: bool  # whether the server tells by itself what comes


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail in the mailbox: bytes, and when it came there, ms since the epoch (0: unknown)."""

    uid: int
    size: int
    at: int


class Imap:
    """`tls` is for tests with authorities of their own."""

    def __init__(self, account: Account, tls: ssl.SSLContext | None = None, within: float = WITHIN) -> None:
        self.account, self._tls, self._within = account, tls, within
        self._box: BaseMailBox | None = None
        self._client: imaplib.IMAP4 | None = None  # also of a connection that is just closed
        self._can: frozenset[str] = frozenset()
        self._idle = b""  # the tag of the IDLE that is on

    def open(self, token: str = "") -> Folder:
        """Connect, log in (`token`: of OAuth2), open the folder. Raises Trouble."""
        at = self.account
        with _trouble("can't be reached"):
            self._box = self._connected()
        client = self._client = self._box.client
        with _trouble("breaks off at the login", login=True):
            if at.oauth is not None:
                answers = iter([f"user={at.user}\1auth=Bearer {token}\1\1".encode()])
                client.authenticate("XOAUTH2", lambda _: next(answers, b""))
            elif (at.user + at.password).isascii():
                self._box.login(at.user, at.password, initial_folder=None)
            else:
                self._box.login_utf8(at.user, at.password, initial_folder=None)
        with _trouble(f"doesn't open the folder {at.folder}"):
            self._can = _capabilities(client.capability()[1])  # often more of them after the login
            # Read-only where nothing is to be written: not even \Recent is taken from anybody.
            self._box.folder.set(at.folder, readonly=not (at.mark or at.move))
            validity, ahead = _number(client, "UIDVALIDITY"), _number(client, "UIDNEXT")
        if not validity:
            raise Refused(
                f"{at.host} says no UIDVALIDITY of {at.folder}: nobody could know there what is new"
            )
        with _trouble("breaks off"):
            return Folder(validity, ahead or self._last() + 1, self._has("IDLE"))

    def close(self) -> None:
        """Log out, if there is a connection."""
        box, self._box = self._box, None
        if box is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                self._end_idle(box)
                box.logout()
            with contextlib.suppress(OSError):
                box.client.shutdown()

    def cut(self) -> None:
        """End what is in hand, from any thread: whoever waits for an answer hears that the connection is gone."""
        if self._client is not None:
            with contextlib.suppress(OSError, AttributeError):
                # The bare socket's: TLS must not be taken from beneath a thread that reads.
                socket.socket.shutdown(self._client.sock, socket.SHUT_RDWR)

    # ---- mails --------------------------------------------------------------------------------------------------

    def since(self, uid: int) -> list[int]:
        """UIDs from `uid` on, in order. Raises Trouble."""
        self._untold()  # what was told until now is looked for now
        return [
            it for it in self._search(f"UID {max(uid, 1)}:*") if it >= uid
        ]  # `n:*` is never empty (RFC 9051)

    def dated_since(self, at: int) -> list[int]:
        """UIDs of mails that came on the day of `at` (ms) or later, in order. Raises Trouble."""
        day = datetime.fromtimestamp(at / 1000, UTC)
        return self._search(f"SINCE {day.day:02}-{_MONTHS[day.month - 1]}-{day.year:04}")

    def there(self, uid: int) -> bool:
        """Whether it is still there. Raises Trouble."""
        return uid in self._search(f"UID {uid}")

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        """Those of `uids` that are still there, in order. Raises Trouble."""
        found = self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
        return [Listed(uid, _size(said), internal_date(said)) for uid, (said, _) in sorted(found.items())]

    def bodies(self, uids: Sequence[int], most: int = 0) -> dict[int, bytes]:
        """Their bytes, at most the first `most` (0: all); nothing is marked as read. Those that a server doesn't give
        out are missing. Raises Trouble."""
        part = f"<0.{most}>" if most else ""
        found = self._fetch(uids, f"(UID BODY.PEEK[]{part})")
        return {uid: body for uid, (_, body) in found.items() if body is not None}

    def head(self, uid: int) -> bytes | None:
        """Its header alone, None where the server doesn't give it out. Raises Trouble."""
        return self._fetch([uid], "(UID BODY.PEEK[HEADER])").get(uid, (b"", None))[1]

    def done(self, uids: Sequence[int]) -> None:
        """Mark them, or move them away, as the account says. Raises Trouble."""
        at, some = self.account, _set(uids)
        if at.mark:
            self._write("STORE", some, "+FLAGS.SILENT", f"({at.mark})")
        if at.move:
            self._move(some, at.move)

    # ---- waiting ------------------------------------------------------------------------------------------------

    def idle(self) -> bool:
        """Ask to be told what comes; whether something has come already. Raises Trouble (Refused: it won't, ask).

        A server tells once, with whatever it answers next (RFC 9051, 7): what it told since `since` IDLE tells no more.
        """
        if self._untold():
            return True
        with _trouble("breaks off"):
            client = self._box_there().client
            tag = self._idle = client._command("IDLE")
            came = False
            while client._get_response() is not None:  # until its "+": what it says before is news, too
                if client.tagged_commands.get(tag):
                    self._idle = b""
                    raise Refused("it has IDLE and refuses it")
                came = True
            return came or bool(self.heard())

    def heard(self) -> list[bytes]:
        """What has been told by now, without waiting: also what was read together with an answer. Raises Trouble."""
        with _trouble("breaks off"):
            client = self._box_there().client
            lines = []
            client.sock.settimeout(0)
            try:
                while True:
                    lines.append(client._get_line())
            except imaplib.IMAP4.abort as error:
                if "EOF" not in str(error):
                    raise
                return lines  # nothing more, or the end: the next command hears which
            except OSError:
                return lines
            finally:
                client.sock.settimeout(self._within)

    def idle_over(self) -> None:
        """Be told no more. Raises Trouble."""
        with _trouble("breaks off"):
            self._end_idle(self._box_there())

    def ask(self) -> None:
        """Keep the connection. Raises Trouble."""
        with _trouble("breaks off"):
            self._box_there().client.noop()

    def fileno(self) -> int:
        """Of the socket: readable when something is told."""
        return self._box_there().client.sock.fileno()

    # ---- inside -------------------------------------------------------------------------------------------------

    def _connected(self) -> BaseMailBox:
        at, within = self.account, self._within
        if at.safety == "plain":
            return MailBoxUnencrypted(at.host, at.port, within)
        tls = self._tls or ssl.create_default_context()
        if at.safety == "tls":
            return MailBox(at.host, at.port, within, ssl_context=tls)
        return MailBoxStartTls(at.host, at.port, within, ssl_context=tls)

    def _untold(self) -> bool:
        """Whether answers said that something came; asked twice, it's no."""
        return bool(self._box_there().client.untagged_responses.pop("EXISTS", None))

    def _end_idle(self, box: BaseMailBox) -> None:
        if tag := self._idle:
            self._idle = b""
            box.client.send(b"DONE\r\n")
            box.consume_until_tagged_response(tag)

    def _box_there(self) -> BaseMailBox:
        if self._box is None:
            raise Away("there is no connection")
        return self._box

    def _has(self, capability: str) -> bool:
        return capability in self._can

    def _last(self) -> int:
        return max(self._search("ALL"), default=0)

    def _search(self, criteria: str) -> list[int]:
        with _trouble("doesn't search"):
            kind, data = self._box_there().client.uid("SEARCH", criteria)
            _good(kind, data)
            return sorted({int(it) for part in data if part for it in part.split()})

    def _fetch(self, uids: Sequence[int], what: str) -> dict[int, tuple[bytes, bytes | None]]:
        if not uids:
            return {}
        with _trouble("doesn't give out mails"):
            kind, data = self._box_there().client.uid("FETCH", _set(uids), what)
            _good(kind, data)
            found = fetched(data)
            return {uid: found[uid] for uid in uids if uid in found}

    def _write(self, *command: str) -> None:
        with _trouble(f"refuses {command[0]}"):
            _good(*self._box_there().client.uid(*command))

    def _move(self, some: str, folder: str) -> None:
        """Never by a bare EXPUNGE: what others have marked for deletion isn't ours to delete."""
        box = self._box_there()
        with _trouble(f"has no folder {folder}"):
            if not box.folder.exists(folder):
                box.folder.create(folder)
        quoted = encode_folder(folder).decode()
        if self._has("MOVE"):
            self._write("MOVE", some, quoted)
        elif self._has("UIDPLUS"):
            self._write("COPY", some, quoted)
            self._write("STORE", some, "+FLAGS.SILENT", r"(\Deleted)")
            self._write("EXPUNGE", some)
        else:
            raise Refused("it can neither MOVE nor UIDPLUS: leave `move` out")


def fetched(data: Sequence[object]) -> dict[int, tuple[bytes, bytes | None]]:
    """imaplib's account of a FETCH: UID → what was said, and the bytes. News of other mails may stand in between."""
    found: dict[int, tuple[bytes, bytes | None]] = {}
    said, body = b"", None
    for it in data:
        if isinstance(it, tuple):  # a literal; what belongs to it may follow
            said, body = said + it[0], it[1]
            continue
        said += it if isinstance(it, bytes) else b""
        if (uid := _UID.search(said)) is not None:
            quoted = _QUOTED.search(said)
            if body is None and quoted is not None:
                body = re.sub(rb"\\(.)", rb"\1", quoted[1])
            before = found.get(int(uid[1]), (b"", None))
            found[int(uid[1])] = (before[0] + said, body if body is not None else before[1])
        said, body = b"", None
    return found


def internal_date(said: bytes) -> int:
    """INTERNALDATE, ms since the epoch; 0 when there is none."""
    it = _DATE.search(said)
    if it is None:
        return 0
    day, month, rest = it[1].decode().strip().split("-")
    if month.title() not in _MONTHS:
        return 0
    try:
        clock = datetime.strptime(f"{day} {_MONTHS.index(month.title()) + 1} {rest}", "%d %m %Y %H:%M:%S")
    except ValueError:
        return 0
    off = timedelta(hours=int(it[3]), minutes=int(it[4])) * (-1 if it[2] == b"-" else 1)
    return round((clock.replace(tzinfo=UTC) - off).timestamp() * 1000)


def in_words(data: object) -> str:
    """What a server said, for people."""
    first = data[0] if isinstance(data, (list, tuple)) and data else data
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:200].strip()


def _capabilities(data: Sequence[object]) -> frozenset[str]:
    return frozenset(
        word for it in data if isinstance(it, bytes) for word in it.decode("ascii", "replace").upper().split()
    )


def _good(kind: str, data: object) -> None:
    if kind != "OK":
        raise imaplib.IMAP4.error(in_words(data))


def _size(said: bytes) -> int:
    it = _SIZE.search(said)
    return int(it[1]) if it else 0


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _number(client: imaplib.IMAP4, name: str) -> int:
    data = client.response(name)[1]
    return int(data[-1]) if data and data[-1] and data[-1].isdigit() else 0


@contextmanager
def _trouble(what: str, login: bool = False) -> Iterator[None]:
    """Whatever a library says in our own errors. The texts are the server's."""
    try:
        yield
    except Trouble:
        raise
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"its certificate isn't good: {error.verify_message}") from None
    except (imaplib.IMAP4.abort, OSError, EOFError) as error:
        raise Away(f"it {what} ({type(error).__name__})") from None
    except UnexpectedCommandStatusError as error:
        raise _refused(in_words(error.command_result[1]), what, login) from None
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise _refused(in_words(error.args[0] if error.args else ""), what, login) from None


def _refused(said: str, what: str, login: bool) -> Trouble:
    if any(f"[{code}" in said.upper() for code in _FOR_A_WHILE):
        return Away(f"it {what}: {said}")
    return Refused(f"it refuses our login: {said}" if login else f"it {what}: {said}", login)
