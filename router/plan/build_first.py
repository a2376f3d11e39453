"""Scripts and questions of a checked document, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .model_first import Choice, FirstStep, Question, Script, Suggest
from .shape_first import Choice as ChoiceShape
from .shape_first import FirstStep as StepShape
from .shape_first import Question as QuestionShape
from .shape_first import Script as ScriptShape


def scripts(given: Mapping[str, ScriptShape]) -> tuple[Script, ...]:
    """All of them, in the order of the file."""
    return tuple(
        Script(name, tuple(map(_step, it.steps)), it.wait, it.bot, tuple(dict.fromkeys(it.person)))
        for name, it in given.items()
    )


def questions(given: Iterable[QuestionShape]) -> tuple[Question, ...]:
    """What a service's agents are to know."""
    return tuple(Question(it.ask, tuple(it.say.items()), _choices(it.choices)) for it in given)


def _step(it: StepShape) -> FirstStep:
    said = tuple(it.say.items())
    when = tuple((name, tuple(values)) for name, values in it.when.items())
    if it.articles is not None:
        return Suggest(it.articles, said, when)
    return Question(it.ask or "", said, _choices(it.choices), when)


def _choices(given: Iterable[ChoiceShape]) -> tuple[Choice, ...]:
    return tuple(Choice(it.value, tuple(it.say.items())) for it in given)
