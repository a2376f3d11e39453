"""Setup's Slack part: the app, its tokens, the teams' channels, the supervisor, the agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass

from ..channels.slack.events import PATH
from ..router.plan.model import AgentSpec, Plan
from .ask import Ask, Option
from .first_plan import rooms as rooms_of
from .setup_calls import phone
from .slack_side import Member, SlackNo, SlackSide, missing

Scopes = tuple[tuple[str, str], ...]
Link = Callable[[str], str]
Address = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Connected:
    """Tokens that work, and the hands to go on with."""

    bot_token: str
    side: SlackSide
    app_token: str = ""
    signing_secret: str = ""
    public: str = ""

    def __repr__(self) -> str:
        return "Connected(…)"

    @property
    def settings(self) -> dict[str, str]:
        """What `.env` is to say of it."""
        all_of_it = {
            "SLACK_BOT_TOKEN": self.bot_token, "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret, "TIERLINE_PUBLIC_URL": self.public,
        }  # fmt: skip
        return {name: value for name, value in all_of_it.items() if value}


async def connect(
    ask: Ask, there: dict[str, str], scopes: Scopes, link: Link, base_url: str, address: Address
) -> Connected | None:
    """Take and check what Slack and we know each other by; None when the operator leaves Slack for later.

    `link` gives the address at which Slack makes the app, for a Request URL or ""; `address` asks for our own.
    """
    ask.say("Slack: agents are offered contacts and answer there.")
    known = there.get("SLACK_APP_TOKEN") or there.get("SLACK_SIGNING_SECRET")
    by_http = bool(there.get("SLACK_SIGNING_SECRET")) and not there.get("SLACK_APP_TOKEN")
    if not known:
        by_http = await ask.yes(
            "slack_http",
            "Shall Slack call this machine by a public address? Without one we call Slack.",
            False,
        )
    public = await address() if by_http else ""
    if by_http and not public:
        ask.say("  Without an address Slack is left for later: run `tierline setup` again.")
        return None
    url = f"{public}{PATH}" if by_http else ""
    if not (there.get("SLACK_BOT_TOKEN") and known):
        _introduce(ask, scopes, link(url), by_http)
    for _ in range(3):
        bot = there.get("SLACK_BOT_TOKEN") or await ask.secret("SLACK_BOT_TOKEN", "Bot token (xoxb-…)")
        name, words = (
            ("SLACK_SIGNING_SECRET", "Signing secret")
            if by_http
            else ("SLACK_APP_TOKEN", "App token (xapp-…)")
        )
        key = there.get(name) or await ask.secret(name, words)
        if not (bot and key):
            ask.say("  Slack is left for later: run `tierline setup` again.")
            return None
        side = SlackSide(bot, base_url)
        if await _checked(ask, side, "" if by_http else key, scopes):
            if not by_http:
                return Connected(bot, side, app_token=key)
            ask.say(f"  ! once Tierline runs, let Slack verify {url} under “Event Subscriptions”")
            return Connected(bot, side, signing_secret=key, public=public)
        if there.get("SLACK_BOT_TOKEN") and not await ask.yes("slack_again", "Enter other tokens?", False):
            return None
        there = {k: v for k, v in there.items() if not k.startswith("SLACK_")}
    return None


def _introduce(ask: Ask, scopes: Scopes, link: str, by_http: bool) -> None:
    ask.say("1. Create the app with this link; it asks for these permissions:")
    for scope, why in scopes:
        ask.say(f"     {scope:20} {why}")
    ask.say(f"   {link}")
    ask.say("2. “Install to workspace”, then copy the Bot User OAuth Token (xoxb-…).")
    ask.say(
        "3. “Basic information” → App Credentials → Signing Secret."
        if by_http
        else "3. “Basic information” → App-Level Tokens → generate one with connections:write (xapp-…)."
    )


async def _checked(ask: Ask, side: SlackSide, app_token: str, scopes: Scopes) -> bool:
    try:
        space = await side.workspace()
    except SlackNo as no:
        ask.say(f"  ✗ bot token: {no}")
        return False
    ask.say(f"  ✓ bot token: workspace {space.team}")
    lacks = missing(scopes, space.scopes)
    for scope, why in lacks:
        ask.say(f"  ✗ permission {scope} is missing: {why}")
    if lacks:
        ask.say("    Add them under “OAuth & Permissions”, install the app again, and run setup again.")
    if not app_token:
        return not lacks
    try:
        await side.socket(app_token)
    except SlackNo as no:
        ask.say(f"  ✗ app token: {no}")
        return False
    ask.say("  ✓ app token: events arrive by a socket")
    return not lacks


async def enter_rooms(ask: Ask, side: SlackSide, plan: Plan) -> bool:
    """Have the bot in every channel that the plan names; whether it is in all."""
    named, good = rooms_of(plan), True
    try:
        there = await side.rooms()
    except SlackNo as no:
        ask.say(f"  ✗ channels can't be listed: {no}")
        return False
    for name in named:
        known = next((r for r in there if name.removeprefix("#") in (r.name, r.id)), None)
        if known is None and not await ask.yes("slack_make", f"There is no {name} that we can see. Make it?"):
            good = False
            continue
        try:
            ask.say(f"  ✓ {name}: {await side.enter(name, there)}")
        except SlackNo as no:
            ask.say(f"  ✗ {name}: {no}. Make it in Slack and type /invite @Tierline there.")
            good = False
    return good


async def supervisor(ask: Ask, side: SlackSide, people: tuple[Member, ...]) -> Member | None:
    """Who is told of trouble and may change the plan; a message to them confirms it."""
    found = await _pick(
        ask, "supervisor", "Who is the first supervisor? A name, a part of it, or a mail address", people
    )
    if not found:
        return None
    try:
        await side.tell(
            found[0].id,
            "You are a supervisor of Tierline now: you are told of trouble, and you may change the routing plan.",
        )
    except SlackNo as no:
        ask.say(f"  ✗ {found[0].name} can't be written to: {no}")
        return None
    ask.say(f"  ✓ {found[0].name} has a message that says so")
    return found[0]


async def agents(ask: Ask, people: tuple[Member, ...], plan: Plan) -> tuple[AgentSpec, ...]:
    """New agents with name, team, tier, languages and skills."""
    known = {a.slack.casefold() for a in plan.agents}
    old = {p.id for p in people if p.id.casefold() in known or p.email.casefold() in known}
    if len(old) == len(people):
        return ()
    found = await _pick(ask, "agents", "Who answers? Choose agents to add", people, True, old)
    taken, made = {a.name for a in plan.agents}, []
    for person in found:
        if person.id in old:
            continue
        spec = await _agent(ask, person, plan, taken)
        taken.add(spec.name)
        made.append(spec)
    return tuple(made)


async def _agent(ask: Ask, person: Member, plan: Plan, taken: Iterable[str]) -> AgentSpec:
    short = person.name.split()[0] if person.name.split() else person.id
    name = short if short not in taken else person.name
    prefix = f"agent_{person.id}"
    name = await ask.text(f"{prefix}_name", f"{person.name}: shown to customers as", name)
    tier = await ask.text(f"{prefix}_tier", f"{name}: tier (L1, L2, L3)", "L1")
    languages = await ask.text(
        f"{prefix}_languages", f"{name}: languages with levels 1-5", f"{plan.languages[0]} 5"
    )
    skills = await ask.text(f"{prefix}_skills", f"{name}: skills with levels 1-5, such as network 3", "-")
    number = await phone(ask, f"{prefix}_phone", f"{name}: phone that rings for calls")
    team = plan.teams[0].name
    if len(plan.teams) > 1:
        options = tuple(Option(t.name, t.name) for t in plan.teams)
        chosen = await ask.choose(f"{prefix}_team", f"{name}: team", options)
        team = chosen[0] if chosen else team
    return AgentSpec(
        name,
        person.email or person.id,
        team,
        int(tier[-1]) if tier[-1:] in ("1", "2", "3") else 1,
        phone=number or None,
        languages=levels_of(languages),
        skills=levels_of(skills),
    )


def levels_of(text: str) -> tuple[tuple[str, int], ...]:
    """`en 5, de 3` as sorted pairs; a name without a level has 3; anything else is left out."""
    found: dict[str, int] = {}
    for part in text.replace(":", " ").split(","):
        words = part.split()
        if words and words[0] != "-":
            last = words[-1]
            level = int(last) if last in ("1", "2", "3", "4", "5") else 3
            name = " ".join(words[:-1] if last in ("1", "2", "3", "4", "5") else words)
            if name:
                found[name] = level
    return tuple(sorted(found.items()))


async def _pick(
    ask: Ask,
    key: str,
    question: str,
    people: tuple[Member, ...],
    many: bool = False,
    old: Collection[str] = (),
) -> tuple[Member, ...]:
    """Those chosen; `old`: ids of those who are what is asked for already."""
    options = tuple(
        Option(
            p.email or p.id, f"{p.name} <{p.email or p.id}>" + (" (is one already)" if p.id in old else "")
        )
        for p in people
    )
    chosen = await ask.choose(key, question, options, many)
    by_value = {o.value: p for o, p in zip(options, people, strict=True)}
    return tuple(by_value[c] for c in chosen)
