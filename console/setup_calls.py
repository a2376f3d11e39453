"""Setup's telephone part: which numbers may be called, where their calls go, and what callers hear while we are away."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.etree import ElementTree

from twilio.twiml.voice_response import VoiceResponse

from ..channels.voice.languages import voice_of
from ..router import spoken
from ..router.plan.model import Plan
from ..router.rulebook import Rulebook
from ..router.spoken_words import WORDS
from .ask import Ask, Option
from .doctor_calls import country_of
from .first_plan import Door
from .setup_twilio import Account
from .twilio_side import OurNumber, TwilioNo
from .webhooks import BIN, changes_calls, fallback_trouble, lives_here, taken_by

TONGUES = 2
"""Languages in which the fallback speaks: a third one would keep the first waiting."""


async def doors(ask: Ask, numbers: tuple[OurNumber, ...], plan: Plan) -> tuple[Door, ...]:
    """Which number's calls lead to which service; those of the plan already aren't asked."""
    free = [it for it in numbers if it.voice and plan.entry_for("voice", it.number) is None]
    if not free or not await ask.yes("calls", "May customers call as well?", False):
        return ()
    found, options = [], tuple(Option(s.name, s.name) for s in plan.services)
    for it in free:
        key = f"calls_{it.number.removeprefix('+')}"
        chosen = await ask.choose(key, f"Calls to {it.number} lead to", options)
        if chosen:
            found.append(Door(it.number, chosen[0], "voice"))
    return tuple(found)


async def phone(ask: Ask, key: str, question: str) -> str:
    """A number in E.164 that somebody may have; "" for none."""
    for _ in range(3):
        given = (await ask.text(key, f"{question} (+49…, - for none)", "-")).replace(" ", "")
        if given == "-":
            return ""
        if given.startswith("+") and country_of(given):
            return given
        ask.say(f"  ✗ {given}: write it with + and the country's code, as in +4915112345678")
    return ""


async def point(ask: Ask, account: Account, numbers: tuple[str, ...], public_url: str, plan: Plan) -> bool:
    """Show where calls go, old → new, and write it on yes; whether all are ours now, each with a fallback."""
    ours = [it for it in account.numbers if it.number in numbers]
    good, fallback = True, await _fallback(ask, ours, public_url, plan)
    for it in ours:
        if not it.voice:
            ask.say(f"  ✗ {it.number}: it cannot be called: buy one that can")
            good = False
            continue
        if taker := taken_by(it):
            ask.say(f"  ✗ {it.number}: {taker} takes its calls: remove it in Twilio's console")
            good = False
            continue
        lacks = bool(fallback_trouble(it, public_url))
        good = await _write(ask, account, it, public_url, fallback if lacks else "") and good
        good = good and (not lacks or bool(fallback))
    if ours:
        ask.say("  Agents' phones are tried by `tierline doctor --call`, when Tierline runs.")
    return good


async def _write(ask: Ask, account: Account, it: OurNumber, public_url: str, fallback: str) -> bool:
    todo = changes_calls(it, public_url, fallback)
    if not todo:
        ask.say(f"  ✓ {it.number}: its calls come to us already")
        return True
    ask.say(f"  {it.number}:")
    for change in todo:
        ask.say(f"    {change}")
    if not await ask.yes("webhooks_calls", "Write this to Twilio?"):
        return False
    try:
        await account.side.point(it.sid, {c.name: c.new for c in todo})
    except TwilioNo as no:
        ask.say(f"  ✗ {it.number}: {no}")
        return False
    ask.say(f"  ✓ {it.number}: written")
    return True


# ---- while we are away ---------------------------------------------------------------------------------------------


async def _fallback(ask: Ask, numbers: list[OurNumber], public_url: str, plan: Plan) -> str:
    """An address that isn't ours, for numbers that have none; "" when none is needed, or it is left for later."""
    lacking = [it for it in numbers if it.voice and fallback_trouble(it, public_url)]
    if not lacking:
        return ""
    ask.say("What do callers hear while we are away? Twilio then asks a fallback, which must not live here.")
    for it in lacking:
        ask.say(f"  ! {it.number}: {fallback_trouble(it, public_url)}")
    forward = await phone(ask, "fallback_phone", "A phone to which calls are put through meanwhile")
    ask.say(f"  Make a TwiML Bin at {BIN} (or put a file on any other host) with exactly this in it:")
    ask.say(document(plan, forward))
    for _ in range(5):
        url = await ask.text("voice_fallback", "Its address (https://…, - for later)", "-")
        if url == "-":
            ask.say("  ! Left for later; setup and doctor say so until one is set.")
            return ""
        if not (wrong := unfit(url, public_url)):
            return url
        ask.say(f"  ✗ {url}: {wrong}")
    return ""


def unfit(url: str, public_url: str) -> str:
    """Why `url` can't be a number's fallback; "" when it can."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "this is no address"
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        return "write a whole address that begins with https://"
    if lives_here(url, public_url):
        return "it lives here: when we are away, so is it"
    return ""


def document(plan: Plan, forward: str) -> str:
    """What the fallback says, in the plan's languages and words, and to whom it puts the caller through ("": nobody)."""
    made, book = VoiceResponse(), Rulebook(plan, 0)
    tongues = [it for it in plan.languages if it in WORDS] or ["en"]
    for language in tongues[:TONGUES]:
        said = spoken.line(book, "away_forward" if forward else "try_later", language)
        voice = voice_of(said.language)
        made.say(said.text, voice=voice.name, language=voice.language)
    if forward:
        made.dial(forward)
    root = ElementTree.fromstring(made.to_xml())
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")
