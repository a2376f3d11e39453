"""The checker proved: one seeded bug at a time in a copy of the sources, and what found it."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from .bugs import CORE, SEEDED, UNREACHED, Patch, Seeded
from .run import Form, chaos

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "tests", "docs", "var", "build", "*.egg-info", "node_modules")
TRIES = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a bug: the checks that found it, or "" and why not."""

    name: str
    found: str
    contacts: int
    tries: int
    seconds: float


def known() -> dict[str, Seeded]:
    """Every bug, First contact's first."""
    place = ROOT / "tests" / "store" / "core_bugs.py"
    spec = importlib.util.spec_from_file_location("core_bugs", place)
    if spec is None or spec.loader is None or not place.exists():
        return dict(SEEDED)
    module = importlib.util.module_from_spec(spec)
    sys.modules["core_bugs"] = module
    spec.loader.exec_module(module)
    found: dict[str, Seeded] = {}
    for name, bug in module.BUGS.items():
        if name in UNREACHED:
            continue
        file = _holder(bug.passage)
        form = CORE.get(name, Seeded((), contacts=90, agents=6))
        found[name] = replace(form, patches=(Patch(file, bug.passage, bug.instead),))
    return found | SEEDED


def _holder(passage: str) -> str:
    """The script that has the passage."""
    for path in sorted((ROOT / "queue" / "lua").glob("*.lua")):
        if passage in path.read_text():
            return path.relative_to(ROOT).as_posix()
    raise LookupError(f"no script has {passage[:60]!r}")


def patched(bug: Seeded, into: Path) -> Path:
    """A copy of the sources with the bug in it; the folder to import it from."""
    tree = into / "tree"
    shutil.copytree(ROOT, tree / "tierline", ignore=LEFT_OUT)
    for patch in bug.patches:
        path = tree / "tierline" / patch.file
        text = path.read_text()
        if text.count(patch.passage) != 1:
            raise LookupError(f"{patch.file} has {text.count(patch.passage)} times {patch.passage[:60]!r}")
        path.write_text(text.replace(patch.passage, patch.instead))
    return tree


async def one(name: str, bug: Seeded, seed: int) -> Proof:
    """Run it until the checker finds something, at most `TRIES` times."""
    begun, arrived = time.monotonic(), 0
    for again in range(TRIES):
        with tempfile.TemporaryDirectory(prefix="tierline-bug-") as home:
            tree = await asyncio.to_thread(patched, bug, Path(home))
            form = Form(
                seed=seed + again, contacts=bug.contacts, faults=bug.faults, seconds=bug.seconds, agents=bug.agents,
                kinds=bug.kinds, lives=bug.lives, declines=bug.declines, moves=bug.moves, tree=tree,
                drain=12.0, settle=12.0, plans=0,
            )  # fmt: skip
            try:
                outcome = await chaos(form, tell=False)
            except RuntimeError as error:
                print(f"{name}: {str(error)[:200]}", flush=True)
                continue
        kinds = Counter(v.check for v in outcome.violations)
        arrived = sum(e.e == "arrived" for e in outcome.seen.events)
        if kinds:
            words = ", ".join(f"{kind} × {n}" for kind, n in kinds.most_common(3))
            return Proof(name, words, arrived, again + 1, time.monotonic() - begun)
    return Proof(name, "", arrived, TRIES, time.monotonic() - begun)


async def prove(names: list[str], seed: int, together: int = 1) -> int:
    """Every bug (or those whose name contains one of `names`), `together` at a time; 1 when one isn't found."""
    bugs = {n: b for n, b in known().items() if not names or any(part in n for part in names)}
    room, proofs = asyncio.Semaphore(together), []

    async def run(name: str, bug: Seeded) -> None:
        async with room:
            proof = await one(name, bug, seed)
        proofs.append(proof)
        how = proof.found or "NOT FOUND"
        print(
            f"{proof.name:45} {proof.contacts:4} contacts, try {proof.tries}, {proof.seconds:4.0f} s: {how}",
            flush=True,
        )

    async with asyncio.TaskGroup() as group:
        for name, bug in bugs.items():
            group.create_task(run(name, bug))
    caught = sum(bool(it.found) for it in proofs)
    print(f"\n{caught} of {len(bugs)} seeded bugs found")
    if not names:
        for name, why in UNREACHED.items():
            print(f"not tried: {name}: {why}")
    return 0 if caught == len(bugs) else 1
