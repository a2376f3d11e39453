"""A call's timeline in words, for its thread and its story: who was rung, who is in it, what the customer hears. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import due, mail_words, session, session_words, visit_words

Named = Callable[[object], str]
"""How people call an agent."""
REFUSED: Mapping[str, str] = {
    "hold": "The customer could not be put on hold",
    "unhold": "The customer is still on hold",
    "mute": "The line could not be muted",
    "unmute": "The line is still muted",
    "ring": "The phone could not be rung",
    "pause": "The recording could not be paused",
    "record": "The recording still stands",
    "fetch": "The recording could not be fetched",
    "callback": "The customer isn't called",
}
"""What the provider refused, or the plan's safety; why follows."""
UNREACHED: Mapping[str, str] = {
    "busy": "The customer's line is busy.",
    "no-answer": "The customer doesn't answer.",
    "failed": "The customer could not be reached.",
}
"""How it went when the customer was called."""
IN_VAIN: Mapping[str, str] = {
    "no key": "The customer's phone was answered, but nobody pressed 1.",
    "hung up": "The customer's phone was hung up before anybody was put through.",
}
"""Why nobody was put through to a phone that was answered; a mailbox is told of when it answers."""
JOINED: Mapping[str, str] = {
    "invite": "has joined the call",
    "listen": "listens; nobody hears them",
    "whisper": "is in the call; only the agent hears them",
    "barge": "is in the call; everybody hears them",
}


def said(kind: str, agent: str, x: Mapping[str, object], named: Named) -> str:
    """What a `leg` or `call` event says of a call, "" when nobody has to know."""
    return _leg(agent, x, named) if kind == "leg" else _call(agent, x, named)


def lasting(seconds: int) -> str:
    """A duration as people say it."""
    hours, minutes = seconds // 3600, seconds // 60 % 60
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{seconds % 60} s"]
    return " ".join(part for part in parts if part)


def _leg(agent: str, x: Mapping[str, object], named: Named) -> str:
    state, was, role = str(x.get("state")), str(x.get("was")), str(x.get("r"))
    if role == "customer":
        if state == "completed" and was == "answered":
            return f"The customer's line ended{_after(x)}."
        return UNREACHED.get(state, "") if x.get("b") else ""
    if not agent:
        return ""
    who = named(agent)
    match state:
        case "ringing":
            return f"{who}'s phone rings."
        case "answered":
            return f"{who}'s phone was answered."
        case "busy":
            return f"{who}'s line is busy."
        case "failed":
            return f"{who}'s phone could not be reached."
        case "no-answer":
            return f"{who} didn't answer."
        case "completed" if was == "answered":
            return f"{who}'s line ended{_after(x)}."
        case _:
            return ""


def _number(raw: object) -> int:
    text = str(raw or "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _after(x: Mapping[str, object]) -> str:
    raw = str(x.get("s") or "")
    return f" after {lasting(int(raw))}" if raw.isdecimal() and len(raw) < 7 else ""


def _call(agent: str, x: Mapping[str, object], named: Named) -> str:
    who = named(agent) if agent else ""
    match str(x.get("what")):
        case visit_words.WHAT:
            return visit_words.said(x, named)
        case session.WHAT:
            return session_words.said(x, named)
        case mail_words.WHAT:
            return mail_words.said(x)
        case "inside":
            return f"{who} is on the line."
        case "consulted":
            return f"{who} is on the line to be spoken with first; the customer hears music."
        case "joined":
            return f"{who} {JOINED.get(str(x.get('as')), 'has joined the call')}."
        case "invite":
            return f"{named(x.get('by'))} asks {who} to join."
        case "helps":
            return f"{x.get('by')} asks {who} to help."
        case "listen" | "whisper" | "barge":
            return f"{who} wants to {x.get('what')}."
        case "machine":
            return "A mailbox answered, not the customer."
        case "not reached":
            return IN_VAIN.get(str(x.get("state")), "")
        case "hold":
            return "The customer is on hold."
        case "unhold":
            return "The customer is off hold."
        case "mute":
            return f"{who} is muted."
        case "unmute":
            return f"{who} is heard again."
        case "pause":
            return "Nothing is recorded now."
        case "record":
            return "It is recorded again."
        case "fetched":
            what = "The message" if x.get("for") == "message" else "The recording"
            return f"{what} is there, {lasting(_number(x.get('seconds')))} long."
        case due.LATE:
            return due.said(x)
        case "incident":
            return f"The customer heard: {x.get('text')}"
        case "refused":
            return f"{REFUSED.get(str(x.get('of')), 'Something was refused')}: {x.get('why')}."
        case _:
            return ""
