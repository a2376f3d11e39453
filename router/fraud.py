"""Whether a number may be called or texted: nobody runs up our bill through premium numbers or far countries. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .plan.model_calls import Safety


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls and texts that were begun so far: to this number and to all, in the last hour and the last day."""

    number_hour: int = 0
    number_day: int = 0
    hour: int = 0
    day: int = 0


def allowed(number: str, safety: Safety, counts: Counts = Counts()) -> str | None:
    """None when `number` (E.164) may be called and texted; else why not, in words for agents and supervisors.

    The numbers of the plan's own people are taken for what they are: neither country nor limits hold for them.
    """
    if number in safety.people:
        return None
    return _dear(number, safety) or _often(safety, counts)


def _dear(number: str, safety: Safety) -> str | None:
    import phonenumbers  # tens of milliseconds that no start waits for

    try:
        parsed = phonenumbers.parse(number[:40])
    except phonenumbers.NumberParseException:
        return "that is no telephone number"
    region = phonenumbers.region_code_for_number(parsed)
    if parsed.country_code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS or region == "001":
        return f"+{parsed.country_code} is no country: satellites and international networks aren't called"
    if region is None or not phonenumbers.is_valid_number(parsed):
        return "nobody can have that number: it isn't in use in its country"
    if region not in safety.countries:
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
    return f"it is {words[kind]}: those are never called or texted" if kind in words else None


def _often(safety: Safety, counts: Counts) -> str | None:
    for so_far, most, what in (
        (counts.number_hour, safety.number_hour, "this number within an hour (safety.per_number.hour"),
        (counts.number_day, safety.number_day, "this number within a day (safety.per_number.day"),
        (counts.hour, safety.per_hour, "all numbers within an hour (safety.per_hour"),
        (counts.day, safety.per_day, "all numbers within a day (safety.per_day"),
    ):
        if so_far >= most:
            return f"there were {so_far} calls and texts to {what} is {most})"
    return None
