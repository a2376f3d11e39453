"""Setup's Twilio part: the account, the numbers, the public address, the webhooks, the test text."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..router.plan.model import Plan
from .api_client import ApiClient, NotRunning, Refused
from .ask import Ask, Option
from .first_plan import Door
from .public import reached, refusal, tunnel_command
from .registration import registration
from .twilio_side import OurNumber, TwilioNo, TwilioSide
from .webhooks import changes

POLL = 1.0
"""Seconds between looks at what became of the test text."""
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials that work."""

    sid: str
    token: str
    side: TwilioSide
    numbers: tuple[OurNumber, ...]

    def __repr__(self) -> str:
        return f"Account({self.sid})"


async def connect(ask: Ask, there: dict[str, str], base: str) -> Account | None:
    """Take and check the credentials, and list the numbers; None when texts are left for later."""
    ask.say("Twilio: customers' texts. The credentials stand on the first page of its console.")
    for _ in range(3):
        sid = there.get("TWILIO_ACCOUNT_SID") or await ask.text(
            "TWILIO_ACCOUNT_SID", "Account SID (AC…, - for later)", "-"
        )
        if sid == "-":
            ask.say("  Texts are left for later: run `tierline setup` again.")
            return None
        token = there.get("TWILIO_AUTH_TOKEN") or await ask.secret("TWILIO_AUTH_TOKEN", "Auth token")
        side = TwilioSide(sid, token, base)
        try:
            found = await _look(ask, side)
        except TwilioNo as no:
            ask.say(f"  ✗ {no}")
            await side.close()
            if not await ask.yes("twilio_again", "Enter other credentials?", False):
                return None
            there = {}
            continue
        return Account(sid, token, side, found)
    return None


async def _look(ask: Ask, side: TwilioSide) -> tuple[OurNumber, ...]:
    account = await side.account()
    if account.status != "active":
        raise TwilioNo(f"the account is {account.status}: Twilio sends and takes nothing for it")
    ask.say(f"  ✓ account {account.name}")
    if account.trial:
        ask.say(
            "  ! it is a trial: it texts and calls only verified numbers, and puts a sentence of its own first"
        )
    numbers = await side.numbers()
    for it in numbers:
        note = "" if it.sms else "  ← cannot take texts"
        ask.say(f"    {it.number:18} {it.can}{note}")
    american = [it.number for it in numbers if it.number.startswith("+1")]
    campaigns = await side.campaigns(american) if american else None
    for number in american:
        known = registration(number, campaigns)
        if known is not None:
            ask.say(f"  {'✓' if known.mark == 'ok' else '!'} {number}: {known.text}")
            if known.fix:
                ask.say(f"      → {known.fix}")
    if not numbers:
        ask.say("  ✗ the account has no number: buy one that can send texts, and run setup again")
    return numbers


async def doors(ask: Ask, numbers: tuple[OurNumber, ...], plan: Plan) -> tuple[Door, ...]:
    """Which number leads to which service; those of the plan already aren't asked."""
    found = []
    for it in numbers:
        if not it.sms or plan.entry_for("sms", it.number) is not None:
            continue
        options = tuple(Option(s.name, s.name) for s in plan.services)
        chosen = await ask.choose(
            f"service_{it.number.removeprefix('+')}", f"Texts to {it.number} lead to", options
        )
        if chosen:
            found.append(Door(it.number, chosen[0]))
    return tuple(found)


async def address(ask: Ask, there: dict[str, str], host: str, port: int, who: str) -> str:
    """The public address by which `who` reaches us, checked; "" when it is left for later."""
    ask.say(f"{who} must reach this machine by a public address.")
    ask.say(f"  None? This makes one: {tunnel_command(port)}")
    default = there.get("TIERLINE_PUBLIC_URL", "")
    for _ in range(5):
        url = (await ask.text("TIERLINE_PUBLIC_URL", "Public address (- for later)", default or "-")).rstrip(
            "/"
        )
        if url == "-":
            return ""
        wrong = refusal(url) or await reached(url, host, port)
        if not wrong:
            plain = (
                ""
                if url.startswith("https://")
                else "  ! it is http: anybody on the way can read customers' texts"
            )
            ask.say(f"  ✓ {url} leads here{plain}")
            return url
        ask.say(f"  ✗ {url}: {wrong}")
        if not await ask.yes("public_again", "Try again?", False):
            return ""
        default = url
    return ""


async def point(ask: Ask, account: Account, numbers: tuple[str, ...], public_url: str) -> bool:
    """Show the webhooks old → new and write them on yes; whether all are ours now."""
    good = True
    for it in account.numbers:
        if it.number not in numbers:
            continue
        if dict(it.hooks).get("sms_application_sid"):
            ask.say(f"  ✗ {it.number}: a TwiML application takes its texts: remove it in Twilio's console")
            good = False
            continue
        todo = changes(it, public_url)
        if not todo:
            ask.say(f"  ✓ {it.number}: its texts come to us already")
            continue
        ask.say(f"  {it.number}:")
        for change in todo:
            ask.say(f"    {change}")
        if not await ask.yes("webhooks", "Write this to Twilio?"):
            good = False
            continue
        try:
            await account.side.point(it.sid, {c.name: c.new for c in todo})
            ask.say(f"  ✓ {it.number}: written")
        except TwilioNo as no:
            ask.say(f"  ✗ {it.number}: {no}")
            good = False
    return good


async def trial(ask: Ask, account: Account, sender: str, api: ApiClient | None, poll: float = POLL) -> bool:
    """A text to the operator's own phone, and their answer back through everything; whether both arrived."""
    phone = await ask.text("test_phone", "Your own mobile number for a test (+49…, - to skip)", "-")
    if phone == "-":
        ask.say("  The test is skipped.")
        return False
    try:
        sid = await account.side.send(phone, sender, "Tierline's test: answer this text with any word.")
        status, why = await _settled(account.side, sid, poll)
    except TwilioNo as no:
        ask.say(f"  ✗ the text was not sent: {no}")
        return False
    if status not in ("sent", "delivered"):
        ask.say(f"  ✗ the text is {status}: {why or 'it still waits at Twilio'}")
        return False
    ask.say(f"  ✓ a text to {phone} was {status}")
    if api is None:
        return False
    return await _answered(ask, api, phone, poll)


async def _settled(side: TwilioSide, sid: str, poll: float) -> tuple[str, str]:
    status, why = "queued", ""
    for _ in range(PATIENCE):
        status, why = await side.status(sid)
        if status in ("delivered", "undelivered", "failed"):
            break
        await asyncio.sleep(poll)
    return status, why


async def _answered(ask: Ask, api: ApiClient, phone: str, poll: float) -> bool:
    try:
        before = {(c.get("id"), c.get("last_text")) for c in await api.contacts(phone)}
        ask.say("  Now answer it, within two minutes…")
        for _ in range(2 * PATIENCE):
            new = [c for c in await api.contacts(phone) if (c.get("id"), c.get("last_text")) not in before]
            if new:
                it = new[-1]
                ask.say(
                    f"  ✓ it works: your text is contact {it.get('id')}, {it.get('state')}, service {it.get('service')}"
                )
                return True
            await asyncio.sleep(poll)
    except NotRunning:
        ask.say(
            "  ! Tierline isn't running, so the way back wasn't tried: start `tierline run`, then run setup again"
        )
        return False
    except Refused as no:
        ask.say(f"  ✗ the running Tierline refuses us: {no}")
        return False
    ask.say("  ✗ your answer didn't arrive: `tierline doctor` says what is wrong with webhooks and address")
    return False
