"""The seeded bugs of the chaos run, without running them: each still fits the sources, and is looked for by name."""

from __future__ import annotations

import pytest
from test_chaos_checker_finds import CHECKS
from test_chaos_judges_supervisors import CHECKS as MANAGED

from tierline.bench.chaos.bugs import SEEDED, Seeded
from tierline.bench.chaos.bugs_core import CORE, UNREACHED
from tierline.bench.chaos.fingers import MOVES
from tierline.bench.chaos.prove import ROOT, changed, known, of_the_scripts

FIRST_CONTACT = list(of_the_scripts()).index("bounded fill leaves nothing to do") + 1
"""The scripts' bugs up to here are First contact's."""


@pytest.mark.parametrize(("name", "bug"), known().items(), ids=list(known()))
def test_a_bug_fits_the_sources_and_names_checks_that_find(name: str, bug: Seeded) -> None:
    for patch in bug.patches:
        text = (ROOT / patch.file).read_text()
        assert changed(text, patch) != text
    assert bug.patches and set(bug.names) <= CHECKS | MANAGED
    assert set(bug.favoured) <= {move for move, _ in MOVES} | {"thanks", "hurry", "leave", "printer"}


def test_every_bug_of_the_scripts_is_tried_or_said_to_be_out_of_reach() -> None:
    assert list(of_the_scripts()) == [it for it in of_the_scripts() if (it in CORE) != (it in UNREACHED)]
    assert set(CORE) | set(UNREACHED) == set(of_the_scripts())


def test_there_are_first_contacts_and_more_than_fifteen_beside_those_that_stand_for_what_is_out_of_reach() -> (
    None
):
    first = list(of_the_scripts())[:FIRST_CONTACT]
    reached = [it for it in first if it in CORE]
    instead = len(first) - len(reached)
    assert len(reached) >= 20 and len(SEEDED) + len(CORE) - len(reached) >= 15 + instead
