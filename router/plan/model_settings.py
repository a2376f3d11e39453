"""What holds for a whole site, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Reach = Literal["agents", "supervisors", "nobody"]
"""Who may call and text a customer who hasn't asked for it just now."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all: how long a reply is held for Undo; live offers an agent may have at one time.

    `grace`: how long somebody who has left keeps what they own, until it is given to others. `still_there`: how long
    somebody available may do nothing until they are asked whether they are there (None: they never are). `settle`: how
    long somebody who comes and goes all the time has to stay until they count as available (None: they do at once).
    `warn`: when so much of a promised time is left, in percent, whoever owes the answer is warned (0: never).
    """

    hold_reply: timedelta = timedelta(seconds=8)
    offers: int = 1
    grace: timedelta = timedelta(minutes=5)
    still_there: timedelta | None = timedelta(minutes=90)
    settle: timedelta | None = timedelta(seconds=30)
    warn: int = 25
