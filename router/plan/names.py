"""The names that a plan declares, and what to say where one is used that it doesn't."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import Source, Span, one_of
from .fields import LANGUAGES, shown
from .read import Node


@dataclass(frozen=True, slots=True)
class Known:
    """The names that the document declares."""

    schedules: tuple[str, ...]
    teams: tuple[str, ...]
    services: tuple[str, ...]
    on_call: tuple[str, ...]
    agents: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    doors: tuple[str, ...]
    rooms: tuple[str, ...]

    @classmethod
    def of(cls, root: Node) -> Known:
        """What `root` declares."""

        def keys(section: str) -> tuple[str, ...]:
            return tuple(key for key, _, _ in root.pairs(section))

        agents = root.each("agents")
        return cls(
            keys("schedules"),
            keys("teams"),
            keys("services"),
            keys("on_call"),
            tuple(dict.fromkeys(text for a in agents if (text := text_of(a, "name")))),
            tuple(dict.fromkeys(key for a in agents for key, _, _ in a.pairs("skills"))),
            tuple(dict.fromkeys(n.text for n in root.each("languages") if n.text in LANGUAGES)),
            tuple(
                dict.fromkeys(
                    text for e in root.each("entry") if (text := text_of(e, "to") or text_of(e, "in"))
                )
            ),
            tuple(
                dict.fromkeys(
                    it.text for _, _, team in root.pairs("teams") for it in team.each("channel") if it.text
                )
            ),
        )


def text_of(node: Node, *path: str) -> str | None:
    """The string under `path`, or None."""
    value = node.get(*path)
    return value.text if value else None


def refer(found: Source, node: Node | None, path: str, known: Iterable[str], what: str) -> None:
    """Note it when `node` names something that isn't among `known`; a node that is no text is passed by."""
    if node is not None and node.text is not None:
        named(found, node.text, node.span, path, tuple(known), what)


def named(found: Source, name: str, span: Span, path: str, known: tuple[str, ...], what: str) -> None:
    """Note it when `name`, which stands at `span`, is none of the `known`."""
    if name and name not in known:
        better = found.closest(name, known)
        said = f'no {what} is called "{shown(name)}"'
        found.wrong(span, path, said, instead=better, allowed=one_of(known, f"no {what} is known"))


def every_language(found: Source, node: Node, key: str, path: str, known: Known) -> None:
    """Each language of the plan once, and no other."""
    said = node.get(key)
    if said is None or said.kind != "map":
        return
    for language, span, _ in said.pairs():
        named(found, language, span, f"{path}.{key}.{language}", known.languages, "language of this plan")
    strangers = [language for language in said.keys if language not in known.languages]
    missing = [language for language in known.languages if language not in said.keys]
    if missing and not strangers:
        hint = "add " + ", ".join(f'{language}: "…"' for language in missing)
        found.wrong(
            node.keys[key][0], f"{path}.{key}", f"{key} is missing in {', '.join(missing)}", allowed=hint
        )
