"""What must not drift in this house (docs/decisions.md says why): floors, circles, packages, scripts and their
wrappers, what nobody may use, and how much fits on a page."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tierline.queue import library

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".venv", ".types", ".git", "build", "var", "node_modules", "tests", "docs", "screenshots"}

FLOORS = {
    "settings": 0,
    "skills": 1,
    "channels": 2,
    "queue": 2,
    "router": 3,
    "console": 4,
    "sandbox": 4,
    "bench": 4,
    "app": 5,
    "chat_side": 5,
    "desk_side": 5,
    "slack_side": 5,
    "doors": 5,
    "mail_side": 5,
    "mail_out": 5,
    "mailboxes": 5,
    "shown": 5,
    "web_side": 5,
    "__main__": 5,
    "rehearsal": 5,
}
CONTACT = "queue.contact"
"""The words that doors, router and queue share: on floor 1½, above skills and below everybody else."""
ALONE = {"sandbox"}
"""Imports nothing of ours: the stand-ins must not know whom they meet."""

LONGEST_FILE, LONGEST_TESTS, LONGEST_FUNCTION = 400, 520, 80
LONG_FILES: dict[str, int] = {}
"""Files over the ceiling, each with a ceiling of its own: a ratchet, not an invitation."""


@dataclass(frozen=True)
class Import:
    """`source` names `target`; both as dotted names below the root, such as `router.plan.load`."""

    source: str
    target: str
    line: int


@cache
def shipped() -> tuple[Path, ...]:
    """Every file that isn't made, tested or written about."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        skipped = NOT_OURS if Path(folder) == ROOT else {"__pycache__"}
        folders[:] = [
            f for f in folders if f not in skipped and not f.startswith(".") and not f.endswith(".egg-info")
        ]
        made = (
            {"results.json", "measured.json"} if Path(folder).name == "bench" else set()
        )  # the figures of a bench run
        found += [Path(folder, name) for name in names if not name.endswith(".pyc") and name not in made]
    return tuple(sorted(found))


@cache
def product_files() -> tuple[Path, ...]:
    """Every Python file that is shipped."""
    return tuple(path for path in shipped() if path.suffix == ".py")


@cache
def all_files() -> tuple[Path, ...]:
    return product_files() + tuple(sorted((ROOT / "tests").rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def dotted(path: Path) -> str:
    """`router/plan/load.py` as `router.plan.load`; the root's `__init__.py` as ``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def modules() -> frozenset[str]:
    return frozenset(dotted(path) for path in product_files())


def imports(path: Path) -> Iterator[Import]:
    """All of them: also inside functions and under TYPE_CHECKING."""
    source = dotted(path)
    package = source.split(".")[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level - 1 <= len(package), f"{path}:{node.lineno} leaves the package"
            base = package[: len(package) - (node.level - 1)]
            stem = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                inner = f"{stem}.{alias.name}" if stem else alias.name
                yield Import(source, inner if inner in modules() else stem, node.lineno)


@cache
def all_imports() -> tuple[Import, ...]:
    return tuple(it for path in product_files() for it in imports(path) if it.target)


def room(module: str) -> str:
    return module.split(".")[0]


def allowed(it: Import) -> bool:
    """Whether `it` goes down a floor, stays in its room, or uses the one exception."""
    ours, theirs = room(it.source), room(it.target)
    if ours in ALONE:
        return theirs == ours
    if it.source == CONTACT:
        return theirs == "skills"
    if it.target == CONTACT:
        return FLOORS[ours] > FLOORS["skills"]
    return ours == theirs or FLOORS[theirs] < FLOORS[ours] or FLOORS[ours] == 5


def test_every_room_has_a_floor() -> None:
    rooms = {room(name) for name in modules() if name}
    assert rooms <= set(FLOORS), f"no floor is known for {sorted(rooms - set(FLOORS))}"


def test_imports_go_down_the_floors() -> None:
    wrong = [f"{it.source}:{it.line} imports {it.target}" for it in all_imports() if not allowed(it)]
    assert not wrong, "\n".join(wrong)


def test_the_floor_check_sees_lazy_and_type_only_imports(tmp_path: Path) -> None:
    source = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from ..router.house import House\n"
        "def later():\n    from ..channels.channel import Desk\n"
        "from . import contact\n"
    )
    fake = ROOT / "queue" / "imagined.py"
    tree_before = ast.parse(source)
    found = []
    for node in ast.walk(tree_before):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ["queue"][: 1 - (node.level - 1)]
            stem = ".".join([*base, *(node.module.split(".") if node.module else [])])
            found.append(Import(dotted(fake), stem, node.lineno))
    assert [allowed(it) for it in sorted(found, key=lambda it: it.line)] == [False, False, True]
    assert not allowed(Import("sandbox.slack", CONTACT, 1))
    assert not allowed(Import("channels.sms.door", "queue.engine", 1))
    assert not allowed(Import("skills.skill", CONTACT, 1))
    assert allowed(Import("channels.sms.door", CONTACT, 1))


def test_there_are_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for it in all_imports():
        if it.source != it.target:
            graph.setdefault(it.source, set()).add(it.target)
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a circle: {' → '.join((*way[way.index(name) :], name))}"
        if name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, (*way, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_only_the_root_has_an_init() -> None:
    found = [path.relative_to(ROOT) for path in all_files() if path.name == "__init__.py"]
    assert [str(path) for path in found] == ["__init__.py"], (
        "`queue/__init__.py` would shadow the standard library"
    )


def test_the_package_list_is_the_folders() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    kinds = {glob.lstrip("*") for globs in data.values() for glob in globs}
    folders = {"tierline"}
    for path in shipped():
        inside = path.relative_to(ROOT).parts
        if len(inside) > 1 and path.suffix in {".py", *kinds}:
            folders.add(".".join(["tierline", *inside[:-1]]))
    assert listed == folders


def test_every_data_file_is_shipped() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    lost = []
    for path in shipped():
        inside = path.relative_to(ROOT).parts
        if len(inside) > 1 and path.suffix not in (".py", ".md"):
            globs = data.get(".".join(["tierline", *inside[:-1]]), [])
            if not any(path.match(glob) for glob in globs):
                lost.append("/".join(inside))
    assert not lost, f"in no package-data: {lost}"


def test_the_product_imports_itself_relatively() -> None:
    wrong = []
    for path in product_files():
        for node in ast.walk(tree(path)):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )
            wrong += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for name in names
                if name.split(".")[0] == "tierline"
            ]
    wrong = [place for place in wrong if not place.startswith("bench/")]  # `python -m tierline.bench.run`
    assert not wrong, wrong


def test_no_root_module_takes_a_standard_name() -> None:
    names = {path.stem for path in ROOT.glob("*.py")} - {"__init__", "__main__"}
    assert not names & sys.stdlib_module_names


# ---- the scripts and their wrappers -------------------------------------------------------------------------------


def _called() -> set[str]:
    """The function names that the queue's modules call, by `do`, `ask`, `fcall` and their like."""
    found = set()
    for path in sorted((ROOT / "queue").glob("*.py")):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in (
                    "do",
                    "ask",
                    "ask_once",
                    "_insist",
                    "fcall",
                    "_ask",
                    "_do",
                    "read",
                    "many",
                ):
                    found |= {
                        a.value
                        for a in node.args[:1]
                        if isinstance(a, ast.Constant) and isinstance(a.value, str)
                    }
    return found


def test_every_script_has_a_wrapper_and_the_reverse() -> None:
    registered = {name.removeprefix(f"{library.NAME}_") for name in library.functions()}
    called = _called()
    assert registered - called == set(), "no Python method calls these"
    assert {name for name in called if re.fullmatch(r"[a-z_]+", name)} - registered == set(), (
        "the library lacks these"
    )


# ---- what nobody may use ------------------------------------------------------------------------------------------

BANNED_MODULES = {"pickle", "marshal", "shelve", "dill", "imp"}  # a test may pickle what it made
BANNED_CALLS = {"eval", "exec", "__import__"}


def _banned(path: Path) -> Iterator[str]:
    where = path.relative_to(ROOT)
    modules = set() if "tests" in where.parts else BANNED_MODULES
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in modules:
                    yield f"{where}:{node.lineno} {alias.name}"
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").split(".")[0] in modules:
                yield f"{where}:{node.lineno} {node.module}"
        elif isinstance(node, ast.Call):
            yield from (f"{where}:{node.lineno} {what}" for what in _banned_call(node))
        elif isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            if broad and all(isinstance(it, ast.Pass) for it in node.body):
                yield f"{where}:{node.lineno} an error is swallowed"


def _banned_call(node: ast.Call) -> Iterator[str]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    owner = (
        node.func.value.id
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        else ""
    )
    if name in BANNED_CALLS:
        yield f"{name}()"
    if owner == "yaml" and attribute in ("load", "full_load", "unsafe_load"):
        yield "yaml.load()"
    if (owner, attribute) in (("os", "system"), ("os", "popen")):
        yield f"os.{attribute}()"
    if any(k.arg == "shell" and getattr(k.value, "value", False) is True for k in node.keywords):
        yield "shell=True"
    suppressed = attribute == "suppress" and any(
        isinstance(a, ast.Name) and a.id == "Exception" for a in node.args
    )
    if suppressed:
        yield "suppress(Exception)"


def test_nothing_banned_is_used() -> None:
    found = [line for path in all_files() for line in _banned(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from marshal import loads",
        "eval('1')",
        "yaml.load(x)",
        "subprocess.run('ls', shell=True)",
        "try:\n    x()\nexcept Exception:\n    pass",
        "try:\n    x()\nexcept:\n    pass",
        "with contextlib.suppress(Exception):\n    x()",
    ],
)
def test_the_ban_is_not_blind(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "tree", lambda path: ast.parse(source))
    assert list(_banned(ROOT / "imagined.py"))


def _tracked() -> list[Path]:
    """The files that a clone has; without git, all files that look like it."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [
        *shipped(),
        *(p for folder in ("tests", "docs") for p in (ROOT / folder).rglob("*") if p.is_file()),
    ]


def test_no_path_of_one_machine_stands_anywhere() -> None:
    home = re.compile(r"(?<![\w.])/(?:home|Users|work|root)/[a-z]")
    found = []
    for path in _tracked():
        if path.suffix in {".py", ".md", ".sh", ".lua", ".js", ".css", ".html", ".yaml", ".toml", ""}:
            for n, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if home.search(text) and path != Path(__file__):
                    found.append(f"{path.relative_to(ROOT)}:{n}")
    assert not found, found


OUR_PAGES = (ROOT / "console" / "help.css", ROOT / "console" / "help.js")


def test_no_browser_code_of_others_is_kept_or_fetched() -> None:
    strays = [
        p
        for p in _tracked()
        if p.suffix in {".js", ".mjs", ".css"}
        and p.parent.parts[-2:] not in (("sandbox", "page"), ("chat", "widget"))
        and p not in OUR_PAGES
    ]
    assert not strays, strays
    minified, fetched = [], []
    widget = ROOT / "channels" / "chat" / "widget"
    for page in (*(ROOT / "sandbox" / "page").iterdir(), *widget.iterdir(), *OUR_PAGES):
        if page.suffix in {".js", ".css", ".html"}:
            text = page.read_text(encoding="utf-8")
            if max(map(len, text.splitlines()), default=0) > 1000:
                minified.append(page.name)
            if re.search(
                r"""(?:src|href)\s*=\s*["'](?:https?:)?//|@import\s|import\s*\(?["']https?:|url\(["']?https?:""",
                text,
            ):
                fetched.append(page.name)
    assert not minified and not fetched, (minified, fetched)


# ---- what fits on a page ------------------------------------------------------------------------------------------


def test_files_are_read_in_one_sitting() -> None:
    long = {}
    for path in all_files():
        name = path.relative_to(ROOT).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        ceiling = LONGEST_TESTS if name.startswith("tests/") else LONGEST_FILE
        if lines > LONG_FILES.get(name, ceiling):
            long[name] = lines
    assert not long, long
    assert set(LONG_FILES) <= {p.relative_to(ROOT).as_posix() for p in all_files()}, (
        "a named exception is gone"
    )


def test_functions_are_seen_at_one_glance() -> None:
    long = []
    for path in product_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert not long, "\n".join(long)
