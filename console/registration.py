"""Whether US carriers take a number's texts: its A2P 10DLC campaign, in words for setup and doctor. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import phonenumbers

REGISTER = (
    "put it into a messaging service with an A2P 10DLC campaign (Twilio's console, Regulatory Compliance)"
)
REFUSED = "US carriers refuse its texts (30034)"


@dataclass(frozen=True, slots=True)
class Registration:
    """What is to be said of a number: well, to be known, or bad; and what to do."""

    mark: Literal["ok", "note", "bad"]
    text: str
    fix: str = ""


def registration(number: str, campaigns: Mapping[str, str] | None) -> Registration | None:
    """Of a number in E.164, by `TwilioSide.campaigns`; None where there is nothing to register (not +1)."""
    if not number.startswith("+1"):
        return None
    if _tollfree(number):
        return Registration(
            "note",
            "toll-free: US carriers refuse its texts until it is verified (30032)",
            "verify it at Twilio",
        )
    if campaigns is None:
        return Registration(
            "note", f"unless it is registered {REFUSED}; Twilio couldn't be asked whether it is", REGISTER
        )
    state = campaigns.get(number)
    if state == "VERIFIED":
        return Registration("ok", "its A2P campaign is verified")
    if state in ("PENDING", "IN_PROGRESS"):
        return Registration(
            "note", f"its A2P campaign is being reviewed; until then {REFUSED}", "wait for Twilio's word"
        )
    worst: Literal["bad", "note"] = (
        "bad" if _american(number) else "note"
    )  # elsewhere only texts to the US are refused
    if state is None:
        return Registration(
            worst, f"no messaging service has it, so it isn't registered: {REFUSED}", REGISTER
        )
    if not state:
        return Registration(worst, f"its messaging service has no A2P campaign: {REFUSED}", REGISTER)
    return Registration(
        worst, f"its A2P campaign is {state}: {REFUSED}", "mend the campaign in Twilio's console"
    )


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None


def _tollfree(number: str) -> bool:
    it = _parsed(number)
    return it is not None and phonenumbers.number_type(it) == phonenumbers.PhoneNumberType.TOLL_FREE


def _american(number: str) -> bool:
    it = _parsed(number)
    return it is not None and phonenumbers.region_code_for_number(it) == "US"
