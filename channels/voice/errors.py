"""Twilio's error numbers around calls in an agent's words (twilio.com/docs/api/errors)."""

from __future__ import annotations

WORDS = {
    "10001": "our Twilio account isn't active",
    "10002": "a trial account cannot do this",
    "10004": "as many calls are on as our Twilio account allows",
    "13223": "this is no valid number",
    "13224": "Twilio cannot call this number",
    "13225": "Twilio calls no such number (emergency or premium)",
    "13226": "the number has no valid country code",
    "13227": "calls to this country are not enabled on our Twilio account",
    "20003": "Twilio refuses our credentials",
    "20404": "Twilio knows no such call",
    "20429": "Twilio asks us to slow down",
    "20500": "Twilio had an error of its own",
    "21201": "there is no number to call",
    "21202": "this is a premium number, and Twilio calls none",
    "21203": "calls abroad are not enabled on our Twilio account",
    "21205": "Twilio cannot reach our address: TIERLINE_PUBLIC_URL must be a public one",
    "21210": "our number is not in this Twilio account and isn't verified in it",
    "21211": "this is no valid number",
    "21212": "our own number is written wrong in the plan",
    "21213": "the plan names no number of ours to call from",
    "21214": "this number cannot be reached",
    "21215": "calls to this country are not enabled on our Twilio account (geo permissions)",
    "21216": "Twilio doesn't let our account call this number",
    "21217": "this is no valid number",
    "21219": "our Twilio account is a trial: it calls only verified numbers",
    "21220": "the call has ended already",
}

TEMPORARY = frozenset({"10004", "20429", "20500"})
"""What passes by itself."""


def in_words(code: str) -> str:
    """What the number means, with the number."""
    said = WORDS.get(code)
    return f"{said} (Twilio {code})" if said else f"Twilio error {code}" if code else "Twilio gave no reason"
