"""Who stands in for an agent who is absent: as they said when they went, or as the plan says. Pure.

`/tierline away 2w vacation Ben` ─ said ─▶ Absence("vacation", "Ben") ─ words ─▶ the presence's own reason in the queue,
where colleagues read it: "vacation; Ben stands in"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..queue.state import AgentView
from .plan.model import AgentSpec
from .rulebook import Rulebook, agent_id

NOBODY = "nobody"
LONGEST = 200
"""Characters of a reason."""
TOGETHER = frozenset(
    {"and", "at", "about", "by", "for", "from", "help", "helps", "of", "or", "to", "with", "&", "+"}
)
"""Behind these a name is part of the reason: *lunch with Ben*."""
_KEPT = re.compile(r"(?:(?P<why>.*); )?(?P<name>.+) stands in", re.DOTALL)
_SAID = re.compile(r"(?P<why>.*?)\bsubstitute:?\s+(?P<name>\S.*)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Absence:
    """Why somebody is absent, and who stands in: a name of the plan, `NOBODY`, or "" for whomever the plan names."""

    why: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """As the presence keeps it."""
        why = self.why[:LONGEST]
        if not self.name:
            return why
        return f"{why}; {self.name} stands in" if why else f"{self.name} stands in"


def said(book: Rulebook, spec: AgentSpec, text: str) -> Absence:
    """What a reason says: its end may name who stands in, *substitute Ben* does so in any case."""
    text = " ".join(text.split())
    if (found := _KEPT.fullmatch(text)) and (known := _called(book, spec, found["name"])):
        return Absence(found["why"] or "", known)
    if (found := _SAID.fullmatch(text)) and (known := _called(book, spec, found["name"])):
        return Absence(found["why"].strip(" ,;"), known)
    for start in (it.end() for it in re.finditer(r"^|\s+", text)):
        known, before = _called(book, spec, text[start:]), text[:start].split()
        if known and (not before or before[-1].casefold().strip(",;") not in TOGETHER):
            return Absence(" ".join(before).strip(" ,;"), known)
    return Absence(text)


def kept(book: Rulebook, spec: AgentSpec, why: str) -> Absence:
    """What a presence keeps; our own reasons (missed offers, say) name nobody, whoever is called like their last word."""
    return said(book, spec, why) if why.endswith(" stands in") else Absence(why)


def _called(book: Rulebook, spec: AgentSpec, text: str) -> str:
    """The colleague whom `text` names, or `NOBODY`; "" for whoever isn't one."""
    if text.casefold() == NOBODY:
        return NOBODY
    mention = re.fullmatch(r"<@(\w+)(?:\|[^>]*)?>", text)
    words = mention[1] if mention else text.removeprefix("@")
    names = ((it.name, other) for it in book.plan.agents if it != spec for other in (it.name, it.slack))
    return next((name for name, other in names if other.casefold() == words.casefold()), "")


def is_there(me: AgentView) -> bool:
    """Whether they can be asked: available and on shift."""
    return me.presence == "available" and me.on_shift


def substitute_of(book: Rulebook, me: AgentView) -> str:
    """The queue's id of who stands in for somebody absent; "" for nobody, or for who isn't in the plan any more."""
    spec = book.by_id.get(me.name)
    if spec is None or is_there(me):
        return ""
    name = kept(book, spec, me.why).name or spec.substitute or NOBODY
    return "" if name == NOBODY or book.plan.agent(name) is None else agent_id(name)


def stood_in_for(book: Rulebook, agents: Iterable[AgentView]) -> dict[str, tuple[str, ...]]:
    """Who stands in (the queue's id) for whom, by name: for those who are away, not for everybody who isn't on duty."""
    found: dict[str, tuple[str, ...]] = {}
    for it in agents:
        if it.presence == "away" and (who := substitute_of(book, it)):
            found[who] = (*found.get(who, ()), book.called(it.name))
    return found
