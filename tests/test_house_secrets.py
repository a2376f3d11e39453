"""Secrets, tokens and signatures are compared by `hmac.compare_digest` alone (SEC7): `==` ends at the first difference."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from test_house import ROOT, product_files

NAMES = re.compile(r"(secret|token|signature|passw|digest|hmac|api_key|credential)s?", re.IGNORECASE)
HARMLESS = re.compile(r"(token|secret)s?_(file|path|name|url|seen|no)$", re.IGNORECASE)

LOOKED_AT = {
    (
        "channels/slack/home_tab.py",
        "if view is None or (not again and digest(view) == self.shown.get(user)):",
    ),
    ("channels/slack/refusals.py", "if code in TOKEN:"),
    (
        "settings.py",
        "if len(set(secret)) < FEWEST_CHARACTERS or any(word in secret.casefold() for word in GUESSED):",
    ),
}
"""Lines that look like it and compare nothing with what somebody else sent."""


def _named(node: ast.AST) -> str:
    """The name that an operand goes by, looked for through calls such as `x.encode()` and `x.get_secret_value()`."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr if NAMES.search(node.attr) else _named(node.value)
        case ast.Call():
            return _named(node.func)
        case ast.Subscript():
            key = node.slice.value if isinstance(node.slice, ast.Constant) else ""
            return str(key) if NAMES.search(str(key)) else _named(node.value)
        case ast.Await():
            return _named(node.value)
    return ""


def _secret(node: ast.AST) -> bool:
    name = _named(node)
    return bool(NAMES.search(name)) and not HARMLESS.search(name)


def _empty(node: ast.AST) -> bool:
    """Whether it's compared with a constant: is it there at all, or a field's own name."""
    return isinstance(node, ast.Constant)


def leaky(tree: ast.AST) -> Iterator[int]:
    """The lines on which something secret is compared byte by byte."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for (left, right), op in zip(zip(sides, sides[1:], strict=False), node.ops, strict=True):
                plain = isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn)
                if plain and not _empty(left) and not _empty(right) and (_secret(left) or _secret(right)):
                    yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if (
                node.func.attr in ("startswith", "endswith", "__eq__")
                and _secret(node.func.value)
                and node.args
            ):
                if not _empty(node.args[0]):
                    yield node.lineno


@pytest.mark.promise("house-secrets")
def test_nothing_secret_is_compared_byte_by_byte() -> None:
    found = set()
    for path in product_files():
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if not name.startswith("sandbox/"):  # made-up credentials, on loopback
            found |= {(name, text.splitlines()[line - 1].strip()) for line in leaky(ast.parse(text))}
    assert found == LOOKED_AT, found ^ LOOKED_AT


def test_there_is_something_to_look_after() -> None:
    using = [p for p in product_files() if "compare_digest" in p.read_text(encoding="utf-8")]
    assert [p.relative_to(ROOT).parts[0] for p in using if "sandbox" not in p.parts]


@pytest.mark.parametrize(
    "line",
    [
        "said == self.token",
        "x = request.headers['X-Twilio-Signature'] != expected",
        "a.get_secret_value() == b",
        "given in self.tokens",
        "mac.hexdigest() == given",
        "(await password()) == given",
        "signature.startswith(other)",
        "1 == 1 and settings.api_token.get_secret_value().encode() == b",
    ],
)
def test_the_check_is_not_blind(line: str) -> None:
    assert list(leaky(ast.parse(f"async def f():\n    {line}\n"))) == [2]


@pytest.mark.parametrize(
    "line",
    ["token == ''", "secret is None", "hmac.compare_digest(a, token)", "kind == 'token'", "len(secret) < 3"],
)
def test_asking_whether_there_is_one_is_no_compare(line: str) -> None:
    assert not list(leaky(ast.parse(line)))
