"""The JSON that `/api/v1` answers, worked out from what the queue and the history hold. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..queue.state import AgentView, ContactView, Event, MessageView
from ..router.account import Account
from ..router.body import Body
from ..router.due import solve_due
from ..router.facts import Facts
from ..router.kept import Promise, Promises
from ..router.plan.model import AgentSpec
from ..router.rulebook import Rulebook, instant, millis
from ..router.why import Why

Json = dict[str, Any]  # the edge: what leaves as JSON


def iso(ms: int | None) -> str | None:
    """ms since the epoch as ISO 8601 in UTC."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def person(book: Rulebook, agent: str, slack_ids: Mapping[str, str]) -> Json | None:
    """`{"name", "slack"}` of an agent of the queue; `slack` is the user id where it is known."""
    if not agent:
        return None
    spec = book.by_id.get(agent)
    if spec is None:
        return {"name": book.called(agent), "slack": ""}
    return {"name": spec.name, "slack": slack_ids.get(spec.slack, spec.slack)}


def contact(
    book: Rulebook, it: ContactView, last: MessageView | None, now: int, slack_ids: Mapping[str, str]
) -> Json:
    """One contact as a row of the list."""
    facts = Facts.parse(it.facts)
    step = it.now_step
    return {
        "id": it.id,
        "number": it.id.removeprefix("C"),
        "state": it.state,
        "service": it.service,
        "channel": it.channel,
        "customer": {
            "key": facts.customer,
            "name": facts.name,
            "address": facts.address,
            "verified": facts.verified,
            **({"claims": facts.claims} if facts.claims else {}),
            **({"vouched": facts.vouched} if facts.vouched else {}),
            **({"robot": facts.robot} if facts.robot else {}),
        },
        "owner": person(book, it.owner, slack_ids),
        "offers": [
            {
                "agent": person(book, o.agent, slack_ids),
                "offer": o.number,
                "state": "pending" if o.delivered else "delivering",
                "deadline": iso(o.due),
            }
            for o in it.offers
        ],
        "step": it.step + 1,
        "steps": len(it.route.steps),
        "tier": f"L{max(step.need.tiers)}",
        "tiers": [f"L{t}" for t in step.need.tiers],
        "rank": it.rank,
        "priority": facts.priority,
        "due": iso(facts.due),
        "resolve_due": iso(solve_due(book, it)),
        "arrived": iso(it.arrived),
        "waited_s": max(0, (now - it.arrived) // 1000),
        "wake": iso(it.wake),
        "handing": it.handing,
        "owed": it.owed,
        "nudged": it.nudged,
        "bounces": facts.bounces,
        "answers": dict(facts.answers),
        "moves": [
            {
                "at": iso(m.at),
                "by": m.by,
                "from": m.owner or None,
                "to": m.to,
                "reason": m.why,
                "tried": m.tried,
            }
            for m in facts.moves
        ],
        "previous": it.previous or None,
        "language": facts.language,
        "rule": facts.rule,
        "last_text": Body.parse(last.body).text[:200] if last else "",
    }


def promised(it: Promises) -> Json:
    """What was promised to its customer, by kind; null where nothing is."""

    def one(promise: Promise | None) -> Json | None:
        return None if promise is None else {"due": iso(promise.due), "state": promise.state}

    return {
        "first_answer": one(it.first_answer),
        "next_answer": one(it.next_answer),
        "resolution": one(it.resolution),
    }


def need(it: ContactView) -> Json:
    """What the contact needs in its present step."""
    now = it.now_step.need
    return {
        "channel": now.channel,
        "skills": dict(now.skills),
        "languages": dict(now.languages),
        "tiers": [f"L{t}" for t in now.tiers],
        "teams": list(now.teams),
    }


def message(it: MessageView) -> Json:
    """One line of a transcript."""
    body = Body.parse(it.body)
    direction = {"in": "in", "note": "note"}.get(it.kind, "out")
    return {
        "n": it.n,
        "at": iso(it.at),
        "direction": direction,
        "kind": it.kind,
        "author": body.by,
        "text": body.text,
        "media": [{"url": m.url, "type": m.content_type, "name": m.name} for m in body.media],
        "status": it.status,
        "error": it.error,
    }


def event(it: Event) -> Json:
    """One entry of the ledger; what the event itself says of an instant ("at": of a message split off) is `said_at`."""
    rest = _rest(it)
    said = rest.pop("at", None)
    return {
        **rest,
        **({"said_at": iso(int(said))} if isinstance(said, int | float) else {}),
        "id": it.id,
        "at": iso(it.t),
        "event": it.e,
        "contact": it.c,
        "agent": it.a,
        "n": it.n,
    }


def moment(book: Rulebook, it: Event) -> Json:
    """One line of a contact's timeline, in words."""
    rest = _rest(it)
    who = book.called(it.a)
    why = rest.get("reason") or rest.get("why") or rest.get("presence") or ""
    text = " ".join(
        str(part) for part in (it.e, f"({who})" if who else "", f"– {why}" if why else "") if part
    )
    return {"at": iso(it.t), "event": it.e, "text": text}


def why(it: Why) -> Json:
    """The explanation."""
    return {
        "contact": it.contact,
        "state": it.state,
        "rule": {"name": it.rule, "line": it.rule_line, "version": it.version},
        "service": it.service,
        "step": {
            "index": it.step + 1, "of": it.steps, "tiers": list(it.tiers),
            "opened": iso(it.opened), "until": iso(it.until),
        },
        "agents": [{"agent": r.agent, "reason": r.reason, "since": iso(r.since), "until": iso(r.until)} for r in it.rows],
        "next": {"at": iso(it.next.at), "what": it.next.what} if it.next else None,
        "not_yet": list(it.not_yet),
        "text": it.text,
    }  # fmt: skip


def account(it: Account) -> Json:
    """The explanation with the contact's way: its offers and everything that happened, in words."""
    return why(it.why) | {
        "at": iso(it.why.at),
        "arrived": iso(it.story.arrived),
        "ended": iso(it.story.ended),
        "outcome": it.story.how,
        "offers": [
            {
                "offer": o.offer, "agent": o.agent, "step": o.step, "at": iso(o.at), "shown": iso(o.shown),
                "became": o.became, "ended": iso(o.ended), "reason": o.reason, "why": o.why,
            }
            for o in it.story.asked
        ],
        "timeline": [{"at": iso(m.at), "event": m.kind, "text": m.text} for m in it.story.moments],
        "note": it.note,
    }  # fmt: skip


def agent(
    book: Rulebook, spec: AgentSpec, it: AgentView, until: int | None, slack_ids: Mapping[str, str]
) -> Json:
    """One agent: presence as chosen, `state` as it counts."""
    return {
        "name": spec.name,
        "slack": slack_ids.get(spec.slack, spec.slack),
        "team": spec.team,
        "tier": f"L{spec.tier}",
        "profile": {
            "skills": dict(spec.skills),
            "languages": dict(spec.languages),
            "tiers": {k: f"L{v}" for k, v in spec.tiers},
            "channels": list(spec.channels),
        },
        "presence": it.presence,
        "why": it.why,
        "state": agent_state(it),
        "on_shift": it.on_shift,
        "shift_until": iso(until),
        "load": it.live + it.deferred,
        "budget": it.capacity.budget,
        "contacts": sorted(it.contacts),
        "snoozed": sorted(it.snoozed),
        "leaving": iso(it.leaving),
    }


def agent_state(it: AgentView) -> str:
    """Available, away, offline; else what follows from duty and load: off shift, full, draining, available."""
    if it.presence != "available":
        return it.presence
    if not it.on_shift:
        return "off shift"
    if it.draining:
        return "draining"
    return "available" if it.mask else "full"


def service(book: Rulebook, name: str, waiting: int, now: int) -> Json:
    """One service: is it open, until when, and what it promises."""
    hours, spec, at = book.hours(name), book.services[name], instant(now)
    opening = hours.next_open(at)
    change = hours.next_change(at)
    promise = {c: int(spec.answer_within.of(c).total_seconds()) for c in ("voice", "chat", "sms", "email")}
    return {
        "name": name,
        "open": hours.is_open(at),
        "why_closed": hours.why_closed(at),
        "next_open": iso(millis(opening)) if opening else None,
        "next_change": iso(millis(change)) if change else None,
        "waiting": waiting,
        "promise": promise,
    }


def last_in(messages: Iterable[MessageView]) -> MessageView | None:
    """The customer's latest message."""
    found = [m for m in messages if m.kind == "in"]
    return found[-1] if found else None


def _rest(it: Event) -> Json:
    raw = json.loads(it.x or "{}")
    return (
        {k: v for k, v in raw.items() if k not in ("facts", "body", "yaml")} if isinstance(raw, dict) else {}
    )
