"""The checker proved: one seeded bug at a time in a copy of the sources, found by a check that it names, or not."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .bugs import SEEDED, Patch, Seeded
from .bugs_core import CORE, UNREACHED
from .run import Form, chaos

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "docs", "var", "build", "*.egg-info", "node_modules")
TRIES = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a bug: which of its checks found it (of other kinds nothing counts), and with which seed."""

    name: str
    found: Mapping[str, int]
    seed: int
    others: Mapping[str, int]
    seconds: float


def known() -> dict[str, Seeded]:
    """Every bug that can be seen from outside, the scripts' first."""
    found: dict[str, Seeded] = {}
    for name, bug in of_the_scripts().items():
        if name not in UNREACHED:
            file = holder(bug.passage)
            found[name] = replace(CORE[name], patches=(Patch(file, bug.passage, bug.instead),))
    return found | SEEDED


def of_the_scripts() -> dict[str, Patch]:
    """`BUGS` of the store's tests, which hold passages of the scripts; none where the tests aren't at hand."""
    place = ROOT / "tests" / "store" / "core_bugs.py"
    spec = importlib.util.spec_from_file_location("core_bugs", place)
    if spec is None or spec.loader is None or not place.exists():
        return {}
    module = importlib.util.module_from_spec(spec)
    sys.modules["core_bugs"] = module
    spec.loader.exec_module(module)
    return {name: Patch("", it.passage, it.instead) for name, it in module.BUGS.items()}


def holder(passage: str) -> str:
    """The script that has the passage."""
    for path in sorted((ROOT / "queue" / "lua").glob("*.lua")):
        if passage in path.read_text():
            return path.relative_to(ROOT).as_posix()
    raise LookupError(f"no script has {passage[:60]!r}")


def changed(text: str, patch: Patch) -> str:
    """The file's text with the bug in it. Raises LookupError unless the passage stands there once."""
    if text.count(patch.passage) != 1:
        raise LookupError(f"{patch.file} has {text.count(patch.passage)} times {patch.passage[:60]!r}")
    return text.replace(patch.passage, patch.instead)


def patched(bug: Seeded, into: Path) -> Path:
    """A copy of the sources with the bug in it; the folder to import it from."""
    tree = into / "tree"
    shutil.copytree(ROOT, tree / "tierline", ignore=LEFT_OUT)
    for patch in bug.patches:
        path = tree / "tierline" / patch.file
        path.write_text(changed(path.read_text(), patch))
    return tree


async def one(name: str, bug: Seeded, seed: int) -> Proof:
    """Run it until one of its checks finds it, at most `TRIES` times."""
    begun, others = time.monotonic(), Counter[str]()
    for again in range(TRIES):
        with tempfile.TemporaryDirectory(prefix="tierline-bug-") as home:
            tree = await asyncio.to_thread(patched, bug, Path(home))
            form = Form(
                seed=seed + again, contacts=bug.contacts, faults=bug.faults, seconds=bug.seconds, agents=bug.agents,
                kinds=bug.kinds, lives=bug.lives, declines=bug.declines, ignores=bug.ignores,
                absent=bug.absent, favoured=bug.favoured, supervised=bug.supervised, tree=tree,
                drain=bug.drain, settle=12.0, plans=0,
            )  # fmt: skip
            try:
                outcome = await chaos(form, tell=False)
            except RuntimeError as error:
                print(f"{name}: {str(error)[:200]}", flush=True)
                continue
        seen = Counter(v.check for v in outcome.violations)
        found = {check: n for check, n in seen.items() if check in bug.names}
        if found:
            others = Counter({check: n for check, n in seen.items() if check not in bug.names})
            return Proof(name, found, seed + again, others, time.monotonic() - begun)
        others += seen
    return Proof(name, {}, seed + TRIES - 1, others, time.monotonic() - begun)


async def prove(names: list[str], seed: int, together: int = 1) -> int:
    """Every bug (or those whose name contains one of `names`), `together` at a time; 1 when one isn't found."""
    bugs = {n: b for n, b in known().items() if not names or any(part in n for part in names)}
    room, proofs = asyncio.Semaphore(together), []
    print(f"{'seeded bug':52} {'found by':44} seed", flush=True)

    async def run(name: str, bug: Seeded) -> None:
        async with room:
            proof = await one(name, bug, seed)
        proofs.append(proof)
        print(row(proof), flush=True)

    async with asyncio.TaskGroup() as group:
        for name, bug in bugs.items():
            group.create_task(run(name, bug))
    caught = sum(bool(it.found) for it in proofs)
    print(f"\n{caught} of {len(bugs)} seeded bugs found by a check that must find them")
    if not names:
        for name, why in UNREACHED.items():
            print(f"not tried: {name}: {why}")
    return 0 if caught == len(bugs) else 1


def row(it: Proof) -> str:
    """A line of the table."""
    found = ", ".join(f"{check} × {n}" for check, n in it.found.items()) or "NOT FOUND"
    more = f"   (also {', '.join(f'{check} × {n}' for check, n in it.others.items())})" if it.others else ""
    return f"{it.name:52} {found:44} {it.seed:4}   {it.seconds:3.0f} s{more}"
