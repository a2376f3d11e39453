"""The chaos run in small: a crowd, a dozen faults one after the other, and a checker that sees what the outside saw."""

from __future__ import annotations

import pytest

from tierline.bench.chaos.run import Form, chaos


@pytest.mark.promise("chaos")
@pytest.mark.timeout(400)
async def test_a_crowd_under_faults_loses_doubles_and_misdirects_nothing() -> None:
    outcome = await chaos(Form(seed=11, contacts=60, faults=8, seconds=12.0, drain=60.0), tell=False)
    assert outcome.violations == ()
    assert outcome.trouble == () and outcome.settled
    assert sum(outcome.faults.values()) == 8
    assert sum(it.accepted for it in outcome.seen.texted) >= 60
    assert sum(it.e == "closed" for it in outcome.seen.events) > 30, "the crowd really played"
