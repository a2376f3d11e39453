"""Whether a number may be called or texted: nobody runs up our bill through premium numbers or far countries. Pure."""

from __future__ import annotations

from ..queue.replies import Counts
from .plan.model_calls import Safety

NONE_YET = Counts()


def allowed(number: str, safety: Safety, counts: Counts = NONE_YET, *, vouched: bool = False) -> str | None:
    """None when `number` (E.164) may be called and texted; else why not, in words for agents and supervisors.

    `vouched`: it has written or called, and its carrier says so; then neither its country matters, nor whether our list
    of number ranges knows it. A caller's number that nobody vouches for may be anybody's, so it opens no country. The
    numbers of the plan's own people are taken for what they are: neither country nor limits hold for them.
    """
    if number in safety.people:
        return None
    return barred(number, safety, vouched=vouched) or too_often(safety, counts)


def barred(number: str, safety: Safety, *, vouched: bool = False) -> str | None:
    """Why `number` (E.164) is never called or texted, however seldom; None when it may be. `vouched` as in `allowed`."""
    if number in safety.people:
        return None
    import phonenumbers  # tens of milliseconds that no start waits for

    try:
        parsed = phonenumbers.parse(number[:40])
    except phonenumbers.NumberParseException:
        return "that is no telephone number"
    region = phonenumbers.region_code_for_number(parsed)
    if parsed.country_code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS or region == "001":
        return f"+{parsed.country_code} is no country: satellites and international networks aren't called"
    valid = region is not None and phonenumbers.is_valid_number(parsed)
    # Ranges come into use before any list of them says so: whoever a carrier vouches for has theirs.
    if not valid and not (vouched and phonenumbers.is_possible_number(parsed)):
        return "nobody can have that number: it isn't in use in its country"
    if region not in safety.countries and not vouched:
        ours = ", ".join(safety.countries) or "none yet"
        return f"it lies in {region}, and we call and text only these countries: {ours} (safety.countries in the plan)"
    kind = phonenumbers.number_type(parsed)
    words = {
        phonenumbers.PhoneNumberType.PREMIUM_RATE: "a premium number",
        phonenumbers.PhoneNumberType.SHARED_COST: "a number of shared cost",
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER: "a personal number, which may cost as much as a premium one",
        phonenumbers.PhoneNumberType.UAN: "a company's special number",
        phonenumbers.PhoneNumberType.PAGER: "a pager",
        phonenumbers.PhoneNumberType.VOICEMAIL: "a mailbox",
        phonenumbers.PhoneNumberType.UNKNOWN: "a number of an unknown kind",
    }
    if kind not in words or (kind == phonenumbers.PhoneNumberType.UNKNOWN and not valid):
        return None
    return f"it is {words[kind]}: those are never called or texted"


def too_often(safety: Safety, counts: Counts) -> str | None:
    """Which limit `counts` has reached; None when there is room."""
    for so_far, most, what in (
        (counts.number_hour, safety.number_hour, "this number within an hour (safety.per_number.hour"),
        (counts.number_day, safety.number_day, "this number within a day (safety.per_number.day"),
        (counts.hour, safety.per_hour, "all numbers within an hour (safety.per_hour"),
        (counts.day, safety.per_day, "all numbers within a day (safety.per_day"),
    ):
        if so_far >= most:
            return f"there were {so_far} calls and texts to {what} is {most})"
    return None
