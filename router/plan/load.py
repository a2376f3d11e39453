"""From the document to the plan: read, shape, checks, build. Every mistake is found in one go."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from .build import build
from .checks import check
from .errors import PlanError, PlanErrors, Source
from .later import not_yet
from .model import Plan
from .reach import unreachable
from .read import decode, read
from .reshape import shape
from .unlikely import unlikely

__all__ = ["PlanError", "PlanErrors", "load_async", "parse"]


def parse(source: bytes | str, name: str = "plan.yaml") -> Plan:
    """The plan in `source`, a YAML 1.2 document of at most 1 MB; `name` is what messages call its file.

    Raises PlanErrors, and nothing else, with all mistakes at once; a syntax error comes alone. Takes some
    milliseconds a rule: on the loop use `load_async`.
    """
    text = decode(source, name)
    found = Source(name, text)
    root = read(text, found)
    if root.kind != "map":
        found.wrong(root.span, "", "a plan has keys with values", allowed="site: northwind")
        found.stop()
    document = shape(root, found)
    found.settle()
    check(root, found)
    found.stop()
    assert document is not None  # a document without a shape has left at least one mistake
    plan = build(document, text)
    lines = [node.span.line + 1 for node in root.each("rules")]
    rules = tuple(replace(rule, line=line) for rule, line in zip(plan.rules, lines, strict=True))
    warnings = sorted([*unreachable(rules), *unlikely(plan, root)], key=lambda each: (each.line, each.path))
    return replace(plan, rules=rules, later=not_yet(root), warnings=tuple(warnings))


async def load_async(source: bytes | str, name: str = "plan.yaml") -> Plan:
    """`parse` in a thread, so that the loop goes on: the interpreter hands over every few milliseconds."""
    return await asyncio.to_thread(parse, source, name)
