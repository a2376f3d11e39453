"""A mail system's codes in words for an agent: what is wrong, and what can be done (RFC 3463). Pure."""

from __future__ import annotations

import re

QUOTED = 160
"""Characters of the server's own words that an agent is shown."""

_BY_CODE = {
    "1.0": "their server doesn't know the address",
    "1.1": "there is no such mailbox",
    "1.2": "there is no such mail domain",
    "1.3": "the address is not written as one",
    "1.4": "the address means several people",
    "1.6": "the mailbox has moved",
    "1.7": "their server doesn't take mail from our address",
    "1.8": "their server doesn't take mail from our address",
    "1.9": "the mail was handed to a server that may not deliver it",
    "1.10": "their domain takes no mail at all",
    "2.0": "the mailbox takes no mail",
    "2.1": "the mailbox is switched off",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large for the mailbox",
    "2.4": "their mailing list could not be reached",
    "3.0": "their mail system has a fault",
    "3.1": "their mail system is full",
    "3.2": "their mail system takes no mail now",
    "3.3": "their mail system lacks something that the mail needs",
    "3.4": "the mail is too large for their server",
    "3.5": "their mail system is set up wrongly",
    "4.0": "their server could not be reached",
    "4.1": "their server doesn't answer",
    "4.2": "the connection to their server breaks",
    "4.3": "their domain could not be looked up",
    "4.4": "there is no way to their server",
    "4.5": "their mail system is overloaded",
    "4.6": "the mail goes round in circles at their servers",
    "4.7": "their server has not taken it in time",
    "5.2": "their server doesn't understand ours",
    "5.3": "there are too many recipients",
    "6.0": "their server cannot read the mail",
    "6.1": "their server doesn't take such attachments",
    "7.0": "their server refuses us",
    "7.1": "their server refuses us",
    "7.2": "we may not write to that mailing list",
    "7.7": "their server holds the mail to be forged on its way",
    "7.8": "their server wants a login",
    "7.20": "their server misses a valid signature of our domain (DKIM)",
    "7.23": "their server says that we may not send for our domain (SPF)",
    "7.24": "their server could not check that we may send for our domain (SPF)",
    "7.25": "the name of our mail server is not set up (reverse DNS)",
    "7.26": "their server says that nobody vouches for our mail (SPF, DKIM)",
}
"""Subject and detail of an enhanced status code → what is wrong."""

_BY_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), said)
    for pattern, said in (
        (r"mailbox (?:is )?full|over ?quota|quota (?:exceeded|is)|storage (?:limit|space)|insufficient (?:system )?storage|postfach (?:ist )?voll"
         r"|speicherplatz|boîte (?:de réception )?(?:est )?pleine|buz[oó]n (?:est[aá] )?lleno|casella (?:postale )?piena|caixa .{0,20}cheia|メールボックス.{0,8}(?:一杯|超過)",
         "2.2"),
        (r"(?:user|recipient|mailbox|address|account)\W{0,3}(?:\S+ ){0,3}(?:unknown|not found|does(?:n't| not) exist|invalid|unavailable|rejected)|no such (?:user|mailbox|recipient|person|address|account|local user)"
         r"|unknown (?:user|recipient|address|local part|mailbox)|(?:not|isn't) (?:a valid|listed)|unrouteable|doesn't have an? \S+ account|couldn't be found|can't find|not known|does not exist"
         r"|unbekannt|existiert nicht|n'existe pas|inconnu|no existe|desconocid|inesistente|sconosciut|não existe|bestaat niet|onbekend|finns inte|nie istnieje|не существует|不存在|存在しません|見つかりません",
         "1.1"),
        (r"(?:domain|host)\W{0,3}(?:\S+ ){0,3}(?:not found|unknown|lookup|does not exist)|host unknown|name (?:service|server)|nxdomain|no mx|unknown host|domaine inconnu", "1.2"),
        (r"too (?:large|big)|size (?:limit|exceed)|exceeds (?:the )?(?:maximum|size)|zu groß", "3.4"),
        (r"blacklist|block ?list|blocked|listed (?:at|in|on)|spam|junk|reputation|policy|denied|refused|rejected due|not (?:accept|permitted|allowed|authorized)|virus|5\.7\.", "7.1"),
        (r"loop|too many hops|hop count", "4.6"),
        (r"time[d-]? ?out|too long|too old|expired|could not be delivered for|connection|unreachable|no route|not respond|retry time", "4.1"),
        (r"disabled|deactivated|inactive|suspended|discontinued|gesperrt|deaktiviert|désactivé", "2.1"),
        (r"gr[ea]ylist|try again later|temporar(?:y|ily)|resources", "3.2"),
    )
)  # fmt: skip


def words(status: str, reason: str, permanent: bool) -> str:
    """One sentence without a full stop. `reason` is the server's, a line of text from outside: it is quoted, cut short."""
    key = _key(status)
    guessed = next((code for pattern, code in _BY_WORDS if pattern.search(reason)), "")
    vague = not key or key.endswith(".0") or key == "7.1"
    wrong = _BY_CODE.get(guessed if vague and guessed else key) or "their server didn't take it"
    quote = " ".join(reason.split())
    if quote and (vague or key not in _BY_CODE):
        wrong = f"{wrong}: “{quote[:QUOTED]}{'…' if len(quote) > QUOTED else ''}”"
    return wrong if permanent else f"not delivered yet: {wrong}; it is still tried"


def _key(status: str) -> str:
    """`5.01.001` is `1.1`; "" for what is no code."""
    parts = status.split(".")
    if len(parts) != 3 or not all(it.isdigit() for it in parts):
        return ""
    return f"{int(parts[1])}.{int(parts[2])}"
