"""What a new plan asks otherwise before a person, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Plan
from .model_first import FirstStep, Question, Script, Suggest
from .say import lasting, plain, quoted


def first(old: Plan, new: Plan) -> Iterator[str]:
    """Scripts; which door has which is told with the doors."""
    before, after = ({it.name: it for it in plan.scripts} for plan in (old, new))
    for name in before.keys() - after.keys():
        yield f"Script {quoted(name)} is removed"
    for name, it in after.items():
        was = before.get(name)
        if was is None:
            yield f"Script {quoted(name)} is new: {_whole(it)}"
        elif was != it:
            yield from _changed(f"Script {quoted(name)}", was, it)


def asks(who: str, was: tuple[Question, ...], now: tuple[Question, ...]) -> Iterator[str]:
    """What a service's agents are to ask."""
    before, after = ({it.name: it for it in each} for each in (was, now))
    for name in before.keys() - after.keys():
        yield f"{who}: {quoted(name)} isn't asked any more"
    for name, it in after.items():
        if name not in before:
            yield f"{who}: asks {_step(it)}"
        elif before[name] != it:
            yield f"{who}: asks {_step(it)} (was {_step(before[name])})"
    if was != now and before == after:
        yield f"{who}: the questions stand in another order"


def _whole(it: Script) -> str:
    return f"asks {it.bot}" if it.bot else "; ".join(map(_step, it.steps))


def _changed(who: str, was: Script, now: Script) -> Iterator[str]:
    if was.bot != now.bot:
        yield f"{who}: bot {now.bot or 'none'} (was {was.bot or 'none'})"
    if was.wait != now.wait:
        yield f"{who}: without an answer a person is asked after {lasting(now.wait)} (was {lasting(was.wait)})"
    if was.person != now.person:
        yield f"{who}: more words for a person: {plain(now.person)} (was {plain(was.person)})"
    if was.steps != now.steps:
        yield f"{who}: {_steps(now)} (was {_steps(was)})"


def _steps(it: Script) -> str:
    return "; ".join(map(_step, it.steps)) or "no steps"


def _step(it: FirstStep) -> str:
    when = f" after {plain(it.when)}" if it.when else ""
    if isinstance(it, Suggest):
        said = f", {plain(it.say)}" if it.say else ""
        return f"{it.count} article{'s' if it.count > 1 else ''}{said}{when}"
    choices = ", ".join(f"{one.value} ({plain(one.say)})" for one in it.choices)
    of = f" of {choices}" if choices else ""
    return f"{quoted(it.name)}, {plain(it.say)}{of}{when}"
