"""The shape of the texts: what is sent, and what callers and agents hear."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..spoken_words import ENGLISH, SpokenName
from .fields import Language, Text
from .shape_base import Shape

Spoken = dict[Language, Annotated[str, Field(min_length=1, max_length=800)]]


def _instead(name: SpokenName) -> Any:
    return Field(default={}, description=f"Heard instead of: {ENGLISH[name]}")


class Texts(Shape):
    """What customers are told: a text that isn't here isn't sent, instead of a `call_` one our own is heard."""

    received: dict[Language, Text] = {}
    taken: dict[Language, Text] = {}
    moved: dict[Language, Text] = {}
    closed: dict[Language, Text] = {}
    closed_now: dict[Language, Text] = {}
    help: dict[Language, Text] = {}
    missed_call: dict[Language, Text] = Field(
        default={}, description="Texted to who hung up while they waited"
    )
    rating: dict[Language, Text] = Field(default={}, description="Asks by text, when all is done, how it was")
    visit_planned: dict[Language, Text] = Field(
        default={}, description="A visit is planned: {when}, {address}, {agent}; {link} is a calendar file"
    )
    visit_changed: dict[Language, Text] = Field(default={}, description="The same visit, otherwise")
    visit_reminder: dict[Language, Text] = Field(default={}, description="It comes near")
    visit_cancelled: dict[Language, Text] = Field(default={}, description="Nobody comes {when}")
    session_link: dict[Language, Text] = Field(
        default={},
        description="Goes before {link}, which asks whether a session may begin; without it, our own words",
    )
    call_greeting: Spoken = _instead("greeting")
    call_greeting_closed: Spoken = _instead("greeting_closed")
    call_menu_key: Spoken = _instead("menu_key")
    call_unsure: Spoken = _instead("unsure")
    call_place: Spoken = _instead("place")
    call_place_next: Spoken = _instead("place_next")
    call_wait: Spoken = _instead("wait")
    call_wait_minute: Spoken = _instead("wait_minute")
    call_wait_hour: Spoken = _instead("wait_hour")
    call_wait_hours: Spoken = _instead("wait_hours")
    call_choice_callback: Spoken = _instead("choice_callback")
    call_choice_voicemail: Spoken = _instead("choice_voicemail")
    call_choice_stay: Spoken = _instead("choice_stay")
    call_closed: Spoken = _instead("closed")
    call_closed_why: Spoken = _instead("closed_why")
    call_closed_holiday: Spoken = _instead("closed_holiday")
    call_opens: Spoken = _instead("opens")
    call_nobody_free: Spoken = _instead("nobody_free")
    call_sorry: Spoken = _instead("sorry")
    call_try_later: Spoken = _instead("try_later")
    call_away_forward: Spoken = _instead("away_forward")
    call_goodbye: Spoken = _instead("goodbye")
    call_connecting: Spoken = _instead("connecting")
    call_one_moment: Spoken = _instead("one_moment")
    call_held: Spoken = _instead("held")
    call_recorded: Spoken = _instead("recorded")
    call_thanks: Spoken = _instead("thanks")
    call_callback_promised: Spoken = _instead("callback_promised")
    call_callback_here: Spoken = _instead("callback_here")
    call_missed_here: Spoken = _instead("missed_here")
    call_callback_ready: Spoken = _instead("callback_ready")
    call_callback_missed: Spoken = _instead("callback_missed")
    call_voicemail: Spoken = _instead("voicemail")
    call_rate: Spoken = _instead("rate")
    call_whisper: Spoken = _instead("whisper")
    call_whisper_callback: Spoken = _instead("whisper_callback")
    call_whisper_who: Spoken = _instead("whisper_who")
    call_whisper_claimed: Spoken = _instead("whisper_claimed")
    call_whisper_withheld: Spoken = _instead("whisper_withheld")
    call_whisper_waited: Spoken = _instead("whisper_waited")
    call_whisper_keys: Spoken = _instead("whisper_keys")
    call_whisper_handed: Spoken = _instead("whisper_handed")
    call_whisper_first: Spoken = _instead("whisper_first")
    call_whisper_invited: Spoken = _instead("whisper_invited")
    call_whisper_joins: Spoken = _instead("whisper_joins")
    call_join_keys: Spoken = _instead("join_keys")
    call_gone: Spoken = _instead("gone")
    call_taken: Spoken = _instead("taken")
    call_too_late: Spoken = _instead("too_late")
    call_declined: Spoken = _instead("declined")
    call_test_call: Spoken = _instead("test_call")
    call_test_heard: Spoken = _instead("test_heard")
    call_page: Spoken = _instead("page")
    call_page_keys: Spoken = _instead("page_keys")
    call_page_done: Spoken = _instead("page_done")
    call_page_over: Spoken = _instead("page_over")
