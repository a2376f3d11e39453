"""Who is able: skills with levels, languages, tiers, profiles, and the one predicate that admits a profile to a need.

Need and profile are values: equal texts mean equal things for ever, so whether one admits the other never
changes once worked out, and the queue may keep the answer as data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Channel = Literal["voice", "chat", "sms", "email"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
LIVE: frozenset[Channel] = frozenset({"voice", "chat"})  # the others are deferred

Levels = tuple[tuple[str, int], ...]  # sorted by name; level 1–5


def levels(of: Mapping[str, int]) -> Levels:
    """The canonical form of `{name: level}`."""
    return tuple(sorted(of.items()))


@dataclass(frozen=True, slots=True)
class Need:
    """What a contact requires at its current step; all contacts with the same need are one class.

    `tiers` are 1–3 (L1–L3) in the order in which they are asked; `teams` empty admits every team.
    `service` is here because an agent may have another tier in a given service.
    """

    service: str
    channel: Channel
    skills: Levels = ()
    languages: Levels = ()
    tiers: tuple[int, ...] = (1,)
    teams: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Canonical JSON: the identity under which the queue interns the class."""
        return json.dumps(
            [self.service, self.channel, self.skills, self.languages, self.tiers, self.teams],
            separators=(",", ":"),
            ensure_ascii=False,
        )

    @classmethod
    def parse(cls, text: str) -> Need:
        """The inverse of `text`. Raises ValueError when `text` isn't one."""
        service, channel, skills, languages, tiers, teams = json.loads(text)
        return cls(service, channel, _pairs(skills), _pairs(languages), tuple(tiers), tuple(teams))


@dataclass(frozen=True, slots=True)
class Profile:
    """What agents share who have the same abilities; `tiers` overrides `tier` in the named services.

    `only` is for agents whose shift is over: they still serve those who waited when these services closed, and
    nobody else. Empty: every service.
    """

    team: str
    tier: int = 1
    tiers: Levels = ()
    skills: Levels = ()
    languages: Levels = ()
    channels: tuple[Channel, ...] = CHANNELS
    only: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Canonical JSON: the identity under which the queue interns the profile."""
        return json.dumps(
            [self.team, self.tier, self.tiers, self.skills, self.languages, self.channels, self.only],
            separators=(",", ":"),
            ensure_ascii=False,
        )

    @classmethod
    def parse(cls, text: str) -> Profile:
        """The inverse of `text`. Raises ValueError when `text` isn't one."""
        team, tier, tiers, skills, languages, channels, only = json.loads(text)
        abilities = (_pairs(tiers), _pairs(skills), _pairs(languages))
        return cls(team, tier, *abilities, tuple(channels), tuple(only))

    def tier_in(self, service: str) -> int:
        """The tier that an agent of this profile has in `service`."""
        return dict(self.tiers).get(service, self.tier)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first reason why a profile is not admitted to a need; `what` names the missing thing."""

    reason: Literal["channel", "shift", "team", "tier", "skill", "language"]
    what: str


def refusal(need: Need, profile: Profile) -> Refusal | None:
    """Why `profile` isn't admitted to `need`, or None when it is."""
    if need.channel not in profile.channels:
        return Refusal("channel", need.channel)
    if profile.only and need.service not in profile.only:
        return Refusal("shift", "over")
    if need.teams and profile.team not in need.teams:
        return Refusal("team", profile.team)
    if profile.tier_in(need.service) not in need.tiers:
        return Refusal("tier", f"L{profile.tier_in(need.service)}")
    skills, languages = dict(profile.skills), dict(profile.languages)
    for name, level in need.skills:
        if skills.get(name, 0) < level:
            return Refusal("skill", f"{name} ≥ {level}")
    for name, level in need.languages:
        if languages.get(name, 0) < level:
            return Refusal("language", f"{name} ≥ {level}")
    return None


def score(need: Need, profile: Profile) -> int:
    """How far the profile exceeds the need's skills, 0–63: the sum of its levels in the needed skills."""
    have = dict(profile.skills)
    return min(63, sum(have.get(name, 0) for name, _ in need.skills))


@dataclass(frozen=True, slots=True)
class Capacity:
    """An agent's budget and what each channel's contact costs of it; `caps` limit the number per channel."""

    budget: int = 100
    costs: Levels = (("chat", 33), ("email", 10), ("sms", 25), ("voice", 100))
    caps: Levels = ()
    offers: int = 1  # live offers at one time


def _pairs(raw: list[list[object]]) -> Levels:
    return tuple((str(name), int(str(level))) for name, level in raw)
