"""The table of who may: classes × profiles, worked out here, kept in the store, interned by text.

Whether a profile is admitted to a need is a pure function of their texts, so a row once written never
changes, and a publish only adds rows. Each byte is 0 (not admitted), or 64 × the tier in the class's service
plus the skill score.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..skills.skill import CHANNELS, Need, Profile, refusal, score
from .calls import Calls, texts
from .contact import Pick, Route
from .failures import ScriptError

ORDER_OF: dict[Pick, str] = {"longest": "L", "least_loaded": "U", "round_robin": "R", "best_skill": "S"}
AT_HAND = 1_000  # routes whose numbers are known without writing their text
TRIES = 20  # a concurrent interning makes one try in vain; so many in a row are a fault


class Table:
    """What this process knows of the site's table: it only grows, so what is known stays true."""

    def __init__(self, calls: Calls) -> None:
        """Knows nothing at first."""
        self._calls = calls
        self._classes: dict[str, int] = {}
        self._profiles: dict[str, int] = {}
        self._routes: dict[str, int] = {}
        self._needs: list[Need] = []
        self._people: list[Profile] = []
        self._route_list: list[Route] = []
        # By identity: a plan hands in the same few routes each time.
        self._at_hand: dict[int, tuple[Route, int]] = {}

    async def intern_class(self, need: Need) -> int:
        """The class's number."""
        number = self._classes.get(need.text)
        for _ in range(TRIES if number is None else 0):
            people = self._people
            row = "".join(f"{byte(need, profile):02x}" for profile in people)
            channel = CHANNELS.index(need.channel) + 1
            reply = await self._calls.do("intern_class", need.text, channel, len(people), row)
            if reply != "again":
                return self._classes.setdefault(need.text, int(reply))
            await self._read_profiles()
        return _known(number)

    async def intern_profile(self, profile: Profile) -> int:
        """The profile's number."""
        number = self._profiles.get(profile.text)
        for _ in range(TRIES if number is None else 0):
            needs = self._needs
            row = "".join(f"{byte(need, profile):02x}" for need in needs)
            channels = "".join(str(CHANNELS.index(need.channel) + 1) for need in needs)
            tiers = sorted({profile.tier, *(tier for _, tier in profile.tiers)})
            about = json.dumps({"team": profile.team, "tiers": tiers})
            reply = await self._calls.do("intern_profile", profile.text, about, len(needs), row, channels)
            if reply != "again":
                return self._profiles.setdefault(profile.text, int(reply))
            await self._read_classes()
        return _known(number)

    async def intern_route(self, route: Route) -> int:
        """The route's number; its needs are interned in the order of its steps."""
        known = self._at_hand.get(id(route))
        if known is not None and known[0] is route:
            return known[1]
        number = await self._number(route)
        if len(self._at_hand) >= AT_HAND:
            self._at_hand.clear()
        self._at_hand[id(route)] = route, number
        return number

    async def _number(self, route: Route) -> int:
        number = self._routes.get(route.text)
        if number is None:
            steps = [
                {
                    "k": await self.intern_class(step.need),
                    "u": step.until,
                    "t": step.need.tiers,
                    "p": ORDER_OF[step.pick],
                    "n": step.offer_to,
                    **({"s": dict(step.shares)} if step.shares else {}),
                }
                for step in route.steps
            ]
            about = {
                "service": route.service,
                "ch": CHANNELS.index(route.channel) + 1,
                "offer": route.offer,
                "wrap": route.wrap_up,
                "steps": steps,
                **({"quiet": route.quiet} if route.quiet is not None else {}),
                **({"nudge": route.nudge} if route.nudge is not None else {}),
            }
            orders = "".join(sorted({str(step["p"]) for step in steps} - {"L", "S"}))
            reply = await self._calls.do("intern_route", route.text, json.dumps(about), orders)
            number = self._routes[route.text] = int(reply)
        return number

    async def need(self, number: int) -> Need:
        """The need of a class's number."""
        if number > len(self._needs):
            await self._read_classes()
        return self._needs[number - 1]

    async def route(self, number: int) -> Route:
        """The route of a number."""
        if number > len(self._route_list):
            # Never `+=`: two that read at the same time would each add what both have read.
            self._route_list = self._route_list + [
                Route.parse(it) for it in await self._rest("routelist", self._route_list)
            ]
        return self._route_list[number - 1]

    async def profile(self, number: int) -> Profile:
        """The profile of a number."""
        if number > len(self._people):
            await self._read_profiles()
        return self._people[number - 1]

    async def _read_profiles(self) -> None:
        self._people = self._people + [
            Profile.parse(it) for it in await self._rest("profilelist", self._people)
        ]

    async def _read_classes(self) -> None:
        self._needs = self._needs + [Need.parse(it) for it in await self._rest("classlist", self._needs)]

    async def _rest(self, name: str, known: Sequence[object]) -> list[str]:
        return texts(await self._calls.plain("LRANGE", self._calls.key(name), len(known), -1))


def byte(need: Need, profile: Profile) -> int:
    """The table's entry for a class and a profile."""
    if refusal(need, profile) is not None:
        return 0
    return 64 * profile.tier_in(need.service) + score(need, profile)


def _known(number: int | None) -> int:
    if number is None:
        raise ScriptError("TABLE", "the table kept changing under us")
    return number
