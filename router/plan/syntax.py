"""Says in plain words what a YAML syntax error is, and shows the line as it should be where that is known."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError

from .errors import Source, Span

_GLUED = re.compile(r"^(\s*(?:- +)?[A-Za-z_][\w-]*):(\S.*)$")
_TWO_COLONS = re.compile(r"^(\s*(?:- +)?[\w-]+: +)([^\"'\[{].*: .*|[^\"'\[{].*:)$")
_HINTS = (
    (
        "unknown escape",
        "this backslash means something in double quotes",
        "use 'single quotes', or two backslashes",
    ),
    (
        "expected ',' or ']'",
        "the list that begins here isn't closed, or a comma is missing in it",
        "[one, two]",
    ),
    (
        "expected ',' or '}'",
        "the braces that begin here aren't closed, or a comma is missing in them",
        "{a: 1, b: 2}",
    ),
    ("<block end>, but found ','", "a comma stands behind a value that was finished", "remove the comma"),
    ("<block end>, but found ']'", "this bracket closes nothing", "remove it, or open it: [one, two]"),
    ("<block end>, but found '}'", "this brace closes nothing", "remove it, or open it: {a: 1, b: 2}"),
    ("quoted scalar", "the quotes that begin here aren't closed", "close them with the same quote"),
    ("expected the node content", "a value is missing here", "a value, or nothing at all"),
    ("found '?'", "this line belongs to nothing above it", "indent it like the lines it belongs to"),
    ("found '<scalar>'", "something follows a value that was finished", "put the whole value in quotes"),
    (
        "found '<block mapping start>'",
        "this line is indented further than it may be",
        "indent it like the line above",
    ),
    (
        "found '-'",
        "this list item stands at a depth that nothing above has",
        "indent it like the items above",
    ),
    (
        "block sequence start",
        "this list item stands at a depth that nothing above has",
        "indent it like the items above",
    ),
    (
        "mapping values are not allowed",
        "this line is indented wrongly, or a colon is in a text",
        'key: "a text: quoted"',
    ),
    ("block scalar", "after | or > nothing may follow on the same line", "begin the text on the next line"),
    ("alias", "* begins an alias", 'put the text in quotes: "*…"'),
    ("anchor", "& begins an anchor", 'put the text in quotes: "&…"'),
    ("tag", "! begins a tag", 'put the text in quotes: "!…"'),
    ("could not find expected ':'", "this is neither a key with its value nor a list item", "key: value"),
    ("document", "this doesn't belong to the document", "remove the line"),
)


def explain(found: Source, error: MarkedYAMLError, line: int, column: int) -> None:
    """Note the one syntax error; `line` and `column` (from 0) are where the parser gave up."""
    problem, context = str(error.problem or ""), str(error.context or "")
    if "simple key" in context and error.context_mark is not None:
        line, column = error.context_mark.line, error.context_mark.column  # where the word without a colon is
    at = Span(line, column, line, column + 1)
    text = found.line(line)
    if "'\\t'" in problem:
        tabs = re.match(r"[ \t]*", text[column:])
        end = column + max(1, tabs.end() if tabs else 1)
        found.wrong(Span(line, column, line, end), "", "a tab: YAML wants spaces", instead="  ")
    elif re.search(r"character '[@`%|>]'", problem):
        _quote(
            found,
            Span(line, column, line, _value_end(text, column)),
            f"a text can't begin with {text[column]}",
        )
    elif re.search(r"mapping values|':'|<block end>, but found '[]}]'", problem) and _blame_colon(
        found, line
    ):
        return
    else:
        mark = error.context_mark
        if mark is not None and ("flow" in context or "quoted" in context) and "escape" not in problem:
            at = Span(mark.line, mark.column, mark.line, mark.column + 1)
        words = f"{problem} {context}"
        what, hint = next(
            ((w, h) for key, w, h in _HINTS if key in words), (problem or "this isn't YAML", "key: value")
        )
        found.wrong(at, "", what, allowed=hint)


def _blame_colon(found: Source, line: int) -> bool:
    above = next((n for n in range(line - 1, -1, -1) if found.line(n).strip()), -1)
    for number in (line, above):
        glued = _GLUED.match(found.line(number)) if number >= 0 else None
        if glued and not glued[2].startswith("//"):
            end = len(glued[1]) + 1
            found.wrong(Span(number, end, number, end), "", "a space is missing after the colon", instead=" ")
            return True
    two = _TWO_COLONS.match(found.line(line).split(" #")[0])
    if two:
        start = len(two[1])
        _quote(
            found,
            Span(line, start, line, start + len(two[2].rstrip())),
            "a text with a colon must be in quotes",
        )
        return True
    return False


def _quote(found: Source, span: Span, what: str) -> None:
    raw = found.line(span.line)[span.column : span.end_column]
    quoted = '"' + raw.replace("\\", "\\\\").replace('"', '\\"') + '"'
    found.wrong(span, "", what, instead=quoted)


def _value_end(text: str, column: int) -> int:
    inside = "{" in text[:column] or "[" in text[:column]
    end = re.search(r" +#|[,\]}]" if inside else r" +#", text[column:])
    return column + end.start() if end else len(text)
