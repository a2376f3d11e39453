"""What `/api/v1` is sent and answers, as JSON Schema; `openapi.py` puts it beside the routes. Pure data."""

from __future__ import annotations

from typing import Any

from ..queue.history.article import LONGEST_BODY
from .bodies import LONGEST_FACT, LONGEST_NAME, LONGEST_REASON, MOST_ADDRESSES, MOST_FACTS

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
MAYBE_TEXT: Shape = {"type": ["string", "null"]}
COUNT: Shape = {"type": "integer"}
MAYBE_COUNT: Shape = {"type": ["integer", "null"]}
FIGURE: Shape = {"type": ["number", "null"]}
YES: Shape = {"type": "boolean"}
TIME: Shape = {"type": "string", "format": "date-time"}
MAYBE_TIME: Shape = {"type": ["string", "null"], "format": "date-time"}
TIERS: Shape = {"type": "array", "items": {"type": "string", "pattern": "^L[1-3]$"}}
ANYTHING: Shape = {"type": "object"}
NAME: Shape = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
SHORT: Shape = {"type": "string", "maxLength": LONGEST_REASON}
NEEDED: Shape = {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON}
NEW: Shape = {"type": "string", "enum": ["new", "reevaluate"]}
PLAN: Shape = {"type": "string", "minLength": 1, "description": "the plan as YAML"}
ON: Shape = {"type": ["integer", "null"], "minimum": 0, "description": "the version it was drafted from"}
VERSION: Shape = {"type": "integer", "minimum": 1}


def many(items: Shape) -> Shape:
    """A list of them."""
    return {"type": "array", "items": items}


def of_names(values: Shape) -> Shape:
    """An object whose names are somebody's own."""
    return {"type": "object", "additionalProperties": values}


def thing(may: Shape | None = None, /, **must: Shape) -> Shape:
    """An object that has all of `must`, perhaps some of `may`, and nothing else."""
    made: Shape = {"type": "object", "properties": {**must, **(may or {})}, "additionalProperties": False}
    return made | ({"required": sorted(must)} if must else {})


def loose(shape: Shape) -> Shape:
    """It, and whatever else is there."""
    return {**shape, "additionalProperties": True}


def or_null(shape: Shape) -> Shape:
    """It, or nothing."""
    return {"oneOf": [shape, {"type": "null"}]}


def _named(**shapes: Shape) -> Shape:
    """With names that Python keeps for itself: `from_` is `from`."""
    return {name.rstrip("_"): shape for name, shape in shapes.items()}


PROBLEM = thing(error=TEXT, hint=TEXT)
MISTAKES = thing(error=TEXT, mistakes=many(thing(line=COUNT, column=COUNT, message=TEXT, fix=TEXT)))
DONE = thing({"contact": TEXT}, done=TEXT)
BY: Shape = {**SHORT, "description": "who asked for it, for the record"}

# ---- contacts ---------------------------------------------------------------------------------------------------

PERSON = thing(name=TEXT, slack=TEXT)
CUSTOMER = thing(
    {"claims": TEXT, "vouched": TEXT, "robot": TEXT}, key=TEXT, name=TEXT, address=TEXT, verified=YES
)
LIVE_OFFER = thing(agent=or_null(PERSON), offer=COUNT, state=TEXT, deadline=MAYBE_TIME)
MOVE = thing(
    **_named(
        at=TIME, by=TEXT, from_=MAYBE_TEXT, to=TEXT, reason=TEXT, tried=TEXT
    )  # as the contact's facts say
)
_BOTH = {
    "id": TEXT, "number": TEXT, "state": TEXT, "service": TEXT, "channel": TEXT, "customer": CUSTOMER,
    "owner": or_null(PERSON), "arrived": TIME, "language": TEXT, "rule": TEXT, "previous": MAYBE_TEXT,
}  # fmt: skip
_OPEN = {
    "offers": many(LIVE_OFFER), "step": COUNT, "steps": COUNT, "tier": TEXT, "tiers": TIERS, "rank": COUNT,
    "priority": COUNT, "due": MAYBE_TIME, "resolve_due": MAYBE_TIME, "waited_s": COUNT, "wake": MAYBE_TIME,
    "handing": YES, "owed": YES, "nudged": YES, "bounces": COUNT, "answers": of_names(TEXT), "moves": many(MOVE),
    "last_text": TEXT,
}  # fmt: skip
_ENDED = {"ended": MAYBE_TIME, "outcome": ANYTHING}
LINE = thing(
    {"media": many(thing(url=TEXT, type=TEXT, name=TEXT))},
    n=COUNT, at=TIME, direction=TEXT, kind=TEXT, author=TEXT, text=TEXT, status=TEXT, error=TEXT,
)  # fmt: skip
MOMENT = thing(at=TIME, event=TEXT, text=TEXT)
NEED = thing(channel=TEXT, skills=of_names(COUNT), languages=of_names(COUNT), tiers=TIERS, teams=many(TEXT))
_PROMISE = or_null(thing(due=TIME, state=TEXT))
PROMISES = thing(first_answer=_PROMISE, next_answer=_PROMISE, resolution=_PROMISE)
_WHOLE = {"transcript": many(LINE), "timeline": many(MOMENT)}
ROW = thing({**_OPEN, **_ENDED, "reason": TEXT}, **_BOTH)
CONTACT = thing(
    {**_OPEN, "need": NEED, "promises": PROMISES, "reason": TEXT, "helping": many(TEXT)},
    **_BOTH,
    **_ENDED,
    **_WHOLE,
)
ASKED = thing(
    offer=COUNT, agent=TEXT, step=COUNT, at=TIME, shown=MAYBE_TIME, became=TEXT, ended=MAYBE_TIME, reason=TEXT,
    why=TEXT,
)  # fmt: skip
WHY = thing(
    contact=TEXT, state=TEXT, service=TEXT, text=TEXT, note=TEXT, not_yet=many(TEXT),
    rule=thing(name=TEXT, line=MAYBE_COUNT, version=COUNT),
    step=thing(index=COUNT, of=COUNT, tiers=many({"type": ["integer", "string"]}), opened=MAYBE_TIME, until=MAYBE_TIME),
    agents=many(thing(agent=TEXT, reason=TEXT, since=MAYBE_TIME, until=MAYBE_TIME)),
    next=or_null(thing(at=TIME, what=TEXT)),
    at=MAYBE_TIME, arrived=TIME, ended=MAYBE_TIME, outcome=TEXT, offers=many(ASKED), timeline=many(MOMENT),
)  # fmt: skip
AGENT = thing(
    name=TEXT, slack=TEXT, team=TEXT, tier=TEXT, presence=TEXT, why=TEXT, state=TEXT, on_shift=YES,
    profile=thing(skills=of_names(COUNT), languages=of_names(COUNT), tiers=of_names(TEXT), channels=many(TEXT)),
    shift_until=MAYBE_TIME, load=COUNT, budget=COUNT, contacts=many(TEXT), snoozed=many(TEXT), leaving=MAYBE_TIME,
)  # fmt: skip
SERVICE = thing(
    name=TEXT, open=YES, why_closed=MAYBE_TEXT, next_open=MAYBE_TIME, next_change=MAYBE_TIME, waiting=COUNT,
    promise=of_names(COUNT),
)  # fmt: skip
EVENT = loose(thing(id=TEXT, at=TIME, event=TEXT, contact=TEXT, agent=TEXT, n=COUNT))
INCIDENT = thing(id=TEXT, service=MAYBE_TEXT, words=many(TEXT), text=TEXT, since=TIME, by=TEXT)

# ---- the plan ---------------------------------------------------------------------------------------------------

MOVED = thing(
    waiting=COUNT,
    moved=COUNT,
    whole=YES,
    text=TEXT,
    by_service=many(thing(**_named(from_=TEXT, to=TEXT, count=COUNT))),
)
_CHECKED = {
    "on": COUNT, "diff": many(TEXT), "warnings": many(TEXT), "moves": or_null(MOVED),
    "coverage": many(thing(kind=TEXT, about=TEXT, text=TEXT)),
}  # fmt: skip
CHECKED = thing(**_CHECKED)
PUBLISHED = thing(version=VERSION, waiting=NEW, **_CHECKED)
ACTIVE = thing(
    {"author": TEXT, "reason": TEXT, "at": TIME},
    version=VERSION, yaml=TEXT, reevaluating=or_null(thing(version=VERSION, seen=COUNT, moved=COUNT)),
)  # fmt: skip
_VERSION = {
    "version": VERSION, "at": MAYBE_TIME, "author": TEXT, "reason": TEXT, "waiting": NEW, "seen": MAYBE_COUNT,
    "moved": MAYBE_COUNT, "diff": many(TEXT),
}  # fmt: skip
DRY_RUN = thing(
    looked=COUNT, elsewhere=COUNT, scripts_not_run=COUNT, text=many(TEXT),
    differences=many(thing(was=TEXT, now=TEXT, count=COUNT, examples=many(TEXT))),
)  # fmt: skip
AUDIT = thing(n=COUNT, at=TIME, who=TEXT, act=TEXT, origin=TEXT, what=ANYTHING, hash=TEXT)
VERIFIED = thing(ok=YES, lines=COUNT, head=TEXT, wrong=TEXT)

_FIGURES = {
    "contacts": COUNT, "accepted": COUNT, "abandoned": COUNT, "mean": FIGURE, "p50": FIGURE, "p90": FIGURE,
    "p99": FIGURE, "kept": FIGURE, "offers": FIGURE,
}  # fmt: skip
_RESULTS = thing(
    waiting=COUNT,
    services=of_names(thing(**_FIGURES)),
    teams=of_names(thing(occupancy=FIGURE, **_FIGURES)),
    **_FIGURES,
)
_PLACED = thing(service=TEXT, rule=TEXT)
COMPARISON = thing(
    recorded=thing(**_FIGURES), active=_RESULTS, draft=_RESULTS, moved=COUNT,
    services=many(thing(**_named(from_=TEXT, to=TEXT, contacts=COUNT))),
    contacts=many(thing(**_named(id=TEXT, at=TIME, what=TEXT, from_=_PLACED, to=_PLACED))),
    decided_otherwise_today=COUNT, versions_not_at_hand=COUNT, scripts_not_run=COUNT,
    closed_at_once=COUNT, people_not_there=many(TEXT),
)  # fmt: skip
REPLAYED = thing(
    reproduced=YES, difference=or_null(thing(entry=TEXT, at=TIME, what=TEXT)), differences=COUNT, entries=COUNT,
    events=COUNT, assignments=COUNT, contacts=COUNT, comparison=or_null(COMPARISON),
)  # fmt: skip
REPLAY = thing(
    id=TEXT, day=TEXT, state={"type": "string", "enum": ["running", "done", "failed"]}, progress=ANYTHING,
    result=or_null(REPLAYED), failed=MAYBE_TEXT,
)  # fmt: skip


def move(may: Shape | None = None, /, **must: Shape) -> Shape:
    """The body of something that is done with a contact; an unknown name is ignored."""
    return loose(thing({"by": BY, **(may or {})}, **must))


REASON = {"reason": SHORT}
UNTIL: Shape = {**SHORT, "description": "ISO 8601 with its offset, or such as `tomorrow 9:00`"}
NUMBERS: Shape = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1000,
    "items": {"type": "integer", "minimum": 1},
}
FACT: Shape = {"type": ["string", "number", "boolean"], "maxLength": LONGEST_FACT}
POINTS: Shape = {
    "oneOf": [{"type": "integer", "minimum": -100_000, "maximum": 100_000}, {"const": "now"}],
    "description": "minutes earlier (negative: later), or `now`",
}
DAY: Shape = {**TEXT, "description": "2026-11-20, `today` or `yesterday`"}
CUSTOMER_SENT: Shape = {
    "name": {**TEXT, "maxLength": LONGEST_NAME},
    "language": {**TEXT, "maxLength": LONGEST_NAME},
    "addresses": {**many(TEXT), "maxItems": MOST_ADDRESSES},
    "facts": {**of_names(FACT), "maxProperties": MOST_FACTS},
}
ARTICLE_STATES, MOST_IN_LIST = ("draft", "published", "retired"), 20
_STATE: Shape = {"type": "string", "enum": [*ARTICLE_STATES]}
_LIST: Shape = {**many({**TEXT, "maxLength": 200}), "maxItems": MOST_IN_LIST}
_ARTICLE = {
    "slug": TEXT, "language": TEXT, "version": COUNT, "state": _STATE, "title": TEXT, "tags": many(TEXT),
    "services": many(TEXT), "steps": many(TEXT), "at": MAYBE_TIME, "author": TEXT,
}  # fmt: skip
_SAVED = thing(version=COUNT, at=MAYBE_TIME, author=TEXT, state=_STATE)
ARTICLE_SENT: Shape = thing(
    {
        "tags": _LIST, "services": _LIST, "state": _STATE, "by": {**TEXT, "maxLength": 200},
        "on": {"type": ["integer", "null"], "minimum": 0, "description": "the version it was edited from"},
    },
    language={**TEXT, "minLength": 2, "maxLength": 2},
    title={**TEXT, "minLength": 1, "maxLength": 200},
    body={**TEXT, "maxLength": LONGEST_BODY, "description": "Markdown; lines `- [ ] …` are a guide's steps"},
)  # fmt: skip
_VERB = "POST /api/v1/contacts/{id}/"
_REACH: Shape = {
    "text": SHORT, "title": SHORT, "service": SHORT,
    "also": {**YES, "description": "though something of theirs is open already"},
}  # fmt: skip
BODIES: dict[str, tuple[bool, Shape]] = {
    "POST /api/v1/contacts": (
        True, move(_REACH, agent=NEEDED, channel={"enum": ["sms", "voice", "email"]}, to=NEEDED),
    ),
    f"{_VERB}transfer": (True, move(REASON, to=NEEDED)),
    f"{_VERB}escalate": (False, move({"tried": SHORT, **REASON})),
    f"{_VERB}keep": (False, move()),
    f"{_VERB}release": (False, move(REASON)),
    f"{_VERB}assign": (True, move(REASON, agent=NEEDED)),
    f"{_VERB}consult": (True, move(ask=NEEDED, question=NEEDED)),
    f"{_VERB}snooze": (False, move({"until": UNTIL, **REASON})),
    f"{_VERB}wake": (False, move()),
    f"{_VERB}priority": (True, move(REASON, points=POINTS)),
    f"{_VERB}merge": (True, move(into=NEEDED)),
    f"{_VERB}split": (True, move(messages=NUMBERS)),
    f"{_VERB}spam": (False, move()),
    f"{_VERB}reopen": (False, move()),
    f"{_VERB}close": (False, move({"disposition": SHORT, "root_cause": SHORT, "resolution": SHORT})),
    "POST /api/v1/services/{name}/close": (False, move({"until": UNTIL, "text": SHORT})),
    "POST /api/v1/services/{name}/open": (False, move()),
    "POST /api/v1/incidents": (True, move({"service": SHORT, "words": many(TEXT)}, text=NEEDED)),
    "POST /api/v1/incidents/{id}/close": (False, move({"text": SHORT})),
    "PUT /api/v1/plan": (True, loose(thing({"on": ON, "waiting": NEW}, yaml=PLAN, author=NAME, reason=NEEDED))),
    "POST /api/v1/plan/check": (True, loose(thing(yaml=PLAN))),
    "POST /api/v1/plan/dry-run": (True, loose(thing({"last": {"type": "integer", "minimum": 1}}, yaml=PLAN))),
    "POST /api/v1/plan/rollback": (
        True, loose(thing({"reason": SHORT, "on": ON, "waiting": NEW}, to=VERSION, author=NAME)),
    ),
    "POST /api/v1/plan/replay": (True, loose(thing({"yaml": TEXT}, day=DAY))),
    "PUT /api/v1/articles/{slug}": (True, loose(ARTICLE_SENT)),
    "PUT /api/v1/customers/{key}": (True, loose(thing(CUSTOMER_SENT))),
}  # fmt: skip
"""What a route is sent: whether it must be, and its shape."""

ANSWERS: dict[str, Shape] = {
    "GET /api/v1/contacts": many(ROW),
    "GET /api/v1/contacts/{id}": CONTACT,
    "GET /api/v1/contacts/{id}/why": WHY,
    "GET /api/v1/agents": many(AGENT),
    "GET /api/v1/services": many(SERVICE),
    "GET /api/v1/ledger": many(EVENT),
    "GET /api/v1/test-calls/{sid}": thing(pressed=YES),
    "GET /api/v1/incidents": many(INCIDENT),
    "GET /api/v1/plan": ACTIVE,
    "PUT /api/v1/plan": PUBLISHED,
    "GET /api/v1/plan/versions": many(thing(**_VERSION)),
    "GET /api/v1/plan/versions/{n}": thing(yaml=TEXT, **_VERSION),
    "GET /api/v1/plan/diff": thing(a=VERSION, b=VERSION, lines=many(TEXT)),
    "POST /api/v1/plan/check": CHECKED,
    "POST /api/v1/plan/dry-run": DRY_RUN,
    "POST /api/v1/plan/rollback": PUBLISHED,
    "POST /api/v1/plan/replay": REPLAY,
    "GET /api/v1/plan/replay/{id}": REPLAY,
    "GET /api/v1/audit": many(AUDIT),
    "GET /api/v1/audit/verify": VERIFIED,
    "GET /api/v1/articles": many(thing(**_ARTICLE)),
    "GET /api/v1/articles/{slug}": thing(
        body=TEXT, helped=COUNT, did_not_help=COUNT, versions=many(_SAVED), **_ARTICLE
    ),
    "PUT /api/v1/articles/{slug}": thing(slug=TEXT, language=TEXT, version=COUNT),
    "PUT /api/v1/customers/{key}": thing(key=TEXT),
    "GET /api/v1/openapi.json": ANYTHING,
    "GET /healthz": thing(status={"const": "up"}),
    "GET /readyz": loose(thing(status={"enum": ["up", "down"]})),
    **{
        route: DONE
        for route in BODIES
        if "/contacts" in route or "/services/" in route or "/incidents" in route
    },
}
"""What a route answers when it did what it was asked."""
