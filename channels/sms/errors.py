"""Twilio's error numbers in an agent's words (twilio.com/docs/api/errors)."""

from __future__ import annotations

WORDS = {
    "20003": "Twilio refuses our credentials",
    "20429": "Twilio asks us to slow down",
    "21211": "this is no valid number",
    "21212": "our own number is written wrong in the plan",
    "21265": "this is a short code, and texts cannot be sent to one",
    "21266": "the customer's number is our own: Twilio sends no text from a number to itself",
    "21267": "a trial account cannot send under a name instead of a number",
    "21408": "texts to this country are not enabled on our Twilio account",
    "21602": "there is nothing in it to send",
    "21603": "the plan names no number of ours to send from",
    "21604": "there is no number to send it to",
    "21606": "our number cannot send texts",
    "21608": "our Twilio account is a trial: it texts only to verified numbers",
    "21610": "the customer has opted out (STOP)",
    "21611": "too many texts wait at Twilio for our number",
    "21612": "there is no way from our number to this one",
    "21614": "this number cannot receive texts",
    "21617": "the text is too long",
    "21619": "there is neither text nor a picture in it",
    "21620": "Twilio cannot fetch the picture from its address",
    "21621": "our number cannot send pictures, only text",
    "21623": "there are more than ten pictures in it",
    "21659": "our number is not in this Twilio account, or may not text this country",
    "21660": "our number is not in this Twilio account",
    "30001": "Twilio's queue was full",
    "30002": "our Twilio account is suspended",
    "30003": "the phone is off or out of reach",
    "30004": "the phone refuses our texts",
    "30005": "this number does not exist any more",
    "30006": "this is a landline or cannot be reached",
    "30007": "the carrier filtered it as spam",
    "30008": "the carrier gave no reason",
    "30034": "our number isn't registered for texts in this country",
    "30036": "it waited at Twilio for too long",
}


def in_words(code: str) -> str:
    """What the number means, with the number."""
    said = WORDS.get(code)
    return f"{said} (Twilio {code})" if said else f"Twilio error {code}" if code else "Twilio gave no reason"
