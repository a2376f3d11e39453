"""A mailbox in memory, for tests that need no server: what IMAP says of it, and a socket that wakes whoever waits."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from tierline.channels.email.account import Account
from tierline.channels.email.imap import Away, Folder, Imap, Listed, Refused


@dataclass
class Provider:
    """What every connection to it sees. `password` is the good one; `no` is why it answers nobody."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 1
    next: int = 1
    idle: bool = True
    refuses_idle: bool = False
    password: str = "b"
    no: str = ""
    opened: int = 0
    done: list[int] = field(default_factory=list)
    ears: list[socket.socket] = field(default_factory=list)

    def deliver(self, *mails: bytes) -> None:
        for it in mails:
            self.mails[self.next] = it
            self.next += 1
        self.tell()

    def tell(self) -> None:
        for it in self.ears:
            it.send(b"!")

    def new_uids(self) -> None:
        """Every mail gets another UID under another UIDVALIDITY."""
        mails, self.mails = list(self.mails.values()), {}
        self.validity, self.next = self.validity + 1, 1
        self.deliver(*mails)

    def away(self, why: str) -> None:
        """From now on, for those who are connected, too; "" is the end of it."""
        self.no = why
        self.tell()


class FakeImap(Imap):
    """One connection to a Provider."""

    def __init__(self, account: Account, provider: Provider) -> None:
        super().__init__(account)
        self.provider, self.ears = provider, socket.socketpair()

    def _good(self) -> Provider:
        if self.provider.no:
            raise Away(self.provider.no)
        return self.provider

    def open(self, token: str = "") -> Folder:
        it = self._good()
        it.opened += 1
        if self.account.password != it.password:
            raise Refused("it refuses our login: wrong password", login=True)
        it.ears.append(self.ears[1])
        return Folder(it.validity, it.next, it.idle)

    def close(self) -> None:
        if self.ears[1] in self.provider.ears:
            self.provider.ears.remove(self.ears[1])
        for it in self.ears:
            it.close()

    def cut(self) -> None:
        return

    def since(self, uid: int) -> list[int]:
        return sorted(it for it in self._good().mails if it >= uid)

    def dated_since(self, at: int) -> list[int]:
        return sorted(self._good().mails)

    def there(self, uid: int) -> bool:
        return uid in self._good().mails

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        mails = self._good().mails
        return [Listed(uid, len(mails[uid]), 0) for uid in uids if uid in mails]

    def bodies(self, uids: Sequence[int], most: int = 0) -> dict[int, bytes]:
        mails = self._good().mails
        return {uid: mails[uid] for uid in uids if uid in mails}

    def done(self, uids: Sequence[int]) -> None:
        self._good().done += uids

    def idle(self) -> bool:
        if self._good().refuses_idle:
            raise Refused("it has IDLE and refuses it")
        return False

    def idle_over(self) -> None:
        self.ears[0].setblocking(False)
        try:
            self.ears[0].recv(4096)
        except BlockingIOError:
            pass
        self._good()

    def ask(self) -> None:
        self._good()

    def fileno(self) -> int:
        return self.ears[0].fileno()
