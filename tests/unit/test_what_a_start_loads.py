"""What must be loaded before a start says that it is up, and what may not be: importing is nine tenths of a start."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = "import sys, {}; print(*sys.modules)"
LATER = {
    "sqlalchemy": "the history, once we listen",
    "slack_bolt": "the desk, once we listen",
    "phonenumbers": "a plan with a number",
    "email_validator": "a plan with a mail address",
    "holidays": "a plan with a region",
    "prometheus_client": "a look at /metrics",
    "alembic": "a history of an older release",
    "tierline.router.simulate.simulation": "a replay, in a process of its own",
    "tierline.sandbox.server": "the stage",
}


def loaded(module: str) -> set[str]:
    words = [sys.executable, "-c", LOADED.format(module)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["tierline.__main__", "tierline.app"])
def test_what_nobody_needs_to_hear_that_we_are_up_is_loaded_later(module: str) -> None:
    found = loaded(module)
    assert {"redis.asyncio", "pydantic_settings", "tierline.queue.store"} <= found
    assert not {f"{name} is for {why}" for name, why in LATER.items() if name in found}


def test_the_stores_server_is_started_before_the_doors_are_loaded() -> None:
    assert not {"aiohttp", "twilio", "tierline.app"} & loaded("tierline.__main__")


def test_we_listen_before_most_of_the_program_is_loaded() -> None:
    found = loaded("tierline.__main__, tierline.console.front")
    assert {"aiohttp.web", "tierline.queue.store", "tierline.console.listen"} <= found
    assert not {"twilio", "requests", "aiosmtplib", "ruamel.yaml", "tierline.app"} & found
    ours = {name for name in found if name.startswith("tierline.")}
    assert not {name for name in ours if name.startswith(("tierline.channels.", "tierline.skills."))}
    assert {name for name in ours if name.startswith("tierline.router.")} == {
        "tierline.router.plan",
        "tierline.router.plan.errors",
    }
    assert len(ours) < 30, ours


def test_a_start_without_a_plan_loads_nothing_for_numbers_mails_and_regions() -> None:
    found = loaded("tierline.router.plan.check; tierline.router.plan.check.empty_plan()")
    assert "ruamel.yaml" in found and not {"phonenumbers", "email_validator", "holidays"} & found


def test_a_history_in_a_file_loads_nothing_of_postgresql() -> None:
    found = loaded("tierline.queue.history.history")
    assert "sqlalchemy.dialects.sqlite" in found
    assert not {"sqlalchemy.dialects.postgresql", "asyncpg"} & found
