"""The rules of the queue, one by one, as the scripts keep them: each story of the model's tests, told again to both."""

import importlib.util
import inspect
from pathlib import Path

import pytest
from core_differential import Both, load, memory_server
from core_histories import Call, World
from helpers_desk import Desk

from tierline.queue.engine import Queue
from tierline.queue.model import Model
from tierline.queue.model_match import Bounds

UNIT = Path(__file__).parent.parent / "unit"
FILES = (
    "test_model_rules",
    "test_model_handover",
    "test_model_snooze",
    "test_model_leaving",
    "test_model_ends",
    "test_model_nobody_left",
    "test_model_sleep_and_shut",
    "test_model_phone",
    "test_model_spends",
)


def told_by(name):
    spec = importlib.util.spec_from_file_location(f"core_told_{name}", UNIT / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RULES = [told_by(name) for name in FILES]

ACTS = {
    name
    for name, it in inspect.getmembers(Queue, inspect.iscoroutinefunction)
    if "now" in inspect.signature(it).parameters
}
SMALL = 40  # contacts; beyond, states are compared now and then only
PROMISED = {
    "test_a_call_comes_before_mails_due_on_friday_and_after_one_a_day_late": "queue-order",
    "test_lowest_tier_first_then_longest_available": "queue-tier",
    "test_work_beyond_the_budget_waits": "queue-capacity",
    "test_a_call_interrupts_texts_until_its_wrap_up_ends": "queue-call",
    "test_endless_chats_cannot_starve_a_call": "queue-draining",
    "test_who_declined_is_asked_again_only_when_everybody_was": "queue-decline",
    "test_a_missed_offer_excludes_for_a_minute_and_two_in_a_row_mean_away": "queue-missed",
    "test_200_agents_and_a_store_frozen_for_two_minutes": "queue-frozen",
    "test_accepting_one_of_parallel_offers_rescinds_the_others": "queue-one-owner",
    "test_steps_open_with_age_and_the_rank_stays": "queue-steps",
    "test_while_the_desk_is_down_nobody_is_offered_anything": "queue-desk-down",
    "test_a_removed_agents_work_is_queued_again_with_its_rank": "queue-removed",
    "test_one_outside_event_has_one_effect_for_two_days": "queue-once",
    "test_a_held_reply_can_be_undone_until_it_goes": "queue-undo",
    "test_of_unasked_texts_one_in_ten_minutes": "queue-unasked",
}


def cases(story):
    """The arguments, by name, with which a story is told: {} where there is nothing to choose."""
    marks = [it for it in getattr(story, "pytestmark", []) if it.name == "parametrize"]
    if not marks:
        return [{}] if len(inspect.signature(story).parameters) <= 1 else []
    name, values = marks[0].args
    return [{name: value} for value in values] if isinstance(name, str) else []


STORIES = [
    pytest.param(
        rules,
        name,
        case,
        marks=[pytest.mark.promise(PROMISED[name])] if name in PROMISED else [],
        id="-".join([name[5:], *map(str, case.values())]),
    )
    for rules in RULES
    for name, it in vars(rules).items()
    if name.startswith("test_")
    for case in cases(it)
]


class Teller(Desk):
    """Notes every act with its instant."""

    def __init__(self, bounds=None):
        super().__init__(bounds)
        self.bounds, self.acts = bounds or Bounds(), []
        TOLD.append(self)

    def __getattr__(self, name):
        act = getattr(self.model.at(self.now), name)
        if name not in ACTS:
            return act

        def noted(*args, **rest):
            said = inspect.signature(getattr(Model, name)).bind(None, *args, **rest)
            op = f"{self.now:013d}-{len(self.acts):012x}"
            self.acts.append(Call(self.now, op, name, said.args[1:]))
            return act(*args, **rest)

        return noted


TOLD: list[Teller] = []


@pytest.mark.parametrize(("rules", "name", "case"), STORIES)
async def test_the_scripts_tell_the_same_story(rules, name, case, tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "Desk", Teller)
    TOLD.clear()
    story = getattr(rules, name)
    story(Teller(), **case) if inspect.signature(story).parameters else story()
    teller = TOLD[-1]
    async with memory_server(tmp_path) as client:
        library = await load(client, "rules", 2 if teller.bounds.tick == 2 else None)
        both = Both(client, "rules", World([], [], [], [], 0, bounds=teller.bounds), library)
        for i, call in enumerate(teller.acts):
            small = len(both.model.contacts) + len(both.model.agents) <= SMALL
            found = await both.step(call, small or i % 100 == 0 or i == len(teller.acts) - 1)
            assert not found, (call, found)
    assert teller.acts
