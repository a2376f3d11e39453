"""Schedules that can't be meant: unknown zones and regions, unreadable hours, two overrides for a day."""

from __future__ import annotations

from . import schedules
from .errors import Source, Span, one_of
from .fields import day, quietly, shown
from .names import Known, refer, text_of
from .read import Node


def check_schedules(root: Node, known: Known, found: Source) -> None:
    """Note every mistake in the schedules."""
    for name, _, node in root.pairs("schedules"):
        path = f"schedules.{name}"
        refer(found, node.get("timezone"), f"{path}.timezone", schedules.zones(), "time zone")
        region, holidays = text_of(node, "holidays"), node.get("holidays")
        if holidays and region and not schedules.region_known(region):
            what = f'no holidays are known for "{shown(region)}"'
            tidy, near = schedules.regions_like(region)
            found.wrong(holidays.span, f"{path}.holidays", what, instead=tidy, allowed=one_of(near))
            region = "DE"
        hours = node.get("hours")
        if hours and hours.text and (error := schedules.hours_error(hours.text, region)):
            _hours(found, node, hours, path, error)
        _overrides(node, path, found)


def _hours(found: Source, node: Node, hours: Node, path: str, error: schedules.ScheduleError) -> None:
    holidays = node.get("holidays")
    if error.kind == "holidays" and holidays is not None:
        found.wrong(holidays.span, f"{path}.holidays", error.problem, allowed=error.hint)
        return
    span, raw = hours.span, found.raw(hours.span)
    if raw is not None and error.column:
        column = min(span.column + raw.startswith(("'", '"')) + error.column - 1, span.end_column)
        span = Span(span.line, column, span.line, span.end_column)
    found.wrong(span, f"{path}.hours", error.problem, allowed=error.hint)


def _overrides(node: Node, path: str, found: Source) -> None:
    taken: list[tuple[str, str, int]] = []
    for index, override in enumerate(node.each("overrides")):
        here, on, until = f"{path}.overrides[{index}]", override.get("on"), override.get("until")
        first = quietly(day, on.text if on else None)
        last = (quietly(day, until.text) if until else None) or first
        if on is None or first is None or last is None:
            continue
        hours = override.get("hours")
        if until is not None and last < first:
            found.wrong(until.span, f"{here}.until", f"this is before {first}", allowed=f"{first} or later")
        elif hours and hours.text and (error := schedules.override_error(first, hours.text, last)):
            found.wrong(hours.span, f"{here}.hours", error.problem, allowed=error.hint)
        for start, end, line in taken:
            if start <= str(last) and str(first) <= end:
                hint = f"line {line} has other hours for this day: keep one"
                found.wrong(on.span, f"{here}.on", "two overrides for one day", allowed=hint)
                break
        taken.append((str(first), str(last), on.span.line + 1))
