"""Rules, hours, texts and people by forms: picked, changed, looked at, published, taken back. For supervisors.

`/tierline plan` ─▶ pick ─▶ change ─▶ draft (edits, one a person) ─▶ look: diff, warnings, whom it moves ─▶ publish
                              └─ the file's own validator: mistakes at the fields          stale ─▶ made again, shown
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..channels.forms import Filled, Form, Mistakes, Onward
from ..channels.house import Actor, Told
from ..queue.papers import TooLong
from . import plan_form, plan_pages
from .active import Stale
from .drafts import Draft, Drafts
from .lines import escape
from .moves import Who
from .parts import Silent
from .plan.diff import diff
from .plan.edit import CannotEdit, Edit, Insert, Put, edited
from .plan.errors import PlanError, PlanErrors, Source
from .plan.model import Plan
from .plan.read import Plain, read
from .plan_pages import KINDS, Part
from .rights import boss
from .rulebook import Rulebook
from .versions import Checked, NoSuchVersion, Stranded, Versions

AtFields = Callable[[Sequence[PlanError]], dict[str, str]]
FORMS = (*KINDS, "part", "publish", "versions", "rollback")
NOTHING = Told(True, "There is nothing to publish: your draft says what the active version says.")
FRESH = 60_000
"""ms that what was found out about a draft is believed while a form is looked at and sent off."""


@dataclass(frozen=True, slots=True)
class Ground:
    """On what a person works: the active version with their edits made on it."""

    book: Rulebook
    draft: Draft
    source: str
    plan: Plan

    @property
    def mark(self) -> str:
        """Names version and edits: what was looked at is what is published."""
        digest = hashlib.blake2b(self.source.encode(), digest_size=8).hexdigest()
        return f"{self.book.version}.{digest}"


@dataclass(slots=True)
class Planning(Silent):
    """The plan's part of the house."""

    versions: Versions
    drafts: Drafts
    looked: dict[str, tuple[int, Checked]] = field(default_factory=dict, repr=False)

    help = "`/tierline plan` – rules, hours, texts, people: change, look what it moves, publish, go back"

    # ---- words and buttons --------------------------------------------------------------------------------------

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`plan`."""
        return await self._overview(actor) if text.strip().casefold() == "plan" else None

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Rules, hours, texts …*, *Throw the draft away*."""
        if action not in ("plan.show", "plan.discard"):
            return None
        if isinstance(who := boss(self.versions.plan(), actor), Told):
            return who
        if action == "plan.discard":
            await self.drafts.keep(actor.user, Draft())
        return await self._overview(actor)

    async def _overview(self, actor: Actor) -> Told:
        book = self.versions.plan()
        if isinstance(who := boss(book, actor), Told):
            return who
        draft, active, now = await asyncio.gather(
            self.drafts.of(actor.user), self.versions.queue.plan(), self.versions.queue.now()
        )
        try:
            ground = await self._ground(actor)
            changes: Sequence[str] = await self._changes(ground)
        except (CannotEdit, PlanErrors) as error:
            return _lost(error, draft)
        note = plan_pages.meanwhile(book, active, draft.on, now)
        text = plan_pages.overview(book, active, changes, note, now)
        return Told(True, text, buttons=plan_pages.overview_buttons(ground.mark if draft.edits else ""))

    async def _changes(self, ground: Ground) -> Sequence[str]:
        if not ground.draft.edits:
            return ()
        return await asyncio.to_thread(diff, ground.book.plan, ground.plan)

    # ---- forms --------------------------------------------------------------------------------------------------

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """The form of that name, for supervisors."""
        if name not in FORMS:
            return None
        if isinstance(who := boss(self.versions.plan(), actor), Told):
            return who
        try:
            return await self._form(actor, name, value)
        except (CannotEdit, PlanErrors) as error:
            return _lost(error, await self.drafts.of(actor.user))
        except NoSuchVersion as error:
            return Told(False, f"{str(error).capitalize()}.")

    async def _form(self, actor: Actor, name: str, value: str) -> Form | Told:
        if name == "versions":
            now = await self.versions.queue.now()
            return plan_pages.version_list(self.versions.plan(), await self.versions.versions(), now)
        if name == "rollback":
            to = int(value.partition(".")[0])
            checked = await self.versions.check((await self.versions.version(to)).yaml)
            return plan_pages.going_back(checked, to, "")
        ground = await self._ground(actor)
        if name in KINDS:
            return plan_pages.pick(ground.plan, KINDS[name])
        if name == "part":
            return self._part(ground, Part.parse(value))
        return await self._publishing(ground)

    def _part(self, ground: Ground, part: Part) -> Form:
        rows = plan_pages.entries(ground.plan, part)
        shown = plan_form.fields(rows, None if part.new else _found(ground.source, part))
        title = f"New: {part.kind}" if part.new else part.name
        return Form(title, shown, "Take it over")

    async def _publishing(self, ground: Ground) -> Form | Told:
        if not ground.draft.edits:
            return NOTHING
        active, now = await self.versions.queue.plan(), await self.versions.queue.now()
        checked = await self._look(ground)
        if not checked.diff:
            return NOTHING
        return plan_pages.publishing(checked, plan_pages.meanwhile(ground.book, active, ground.draft.on, now))

    # ---- what was filled in -------------------------------------------------------------------------------------

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """A form was sent off."""
        if filled.name not in FORMS:
            return None
        if isinstance(who := boss(self.versions.plan(), actor), Told):
            return who
        try:
            return await self._filled(who, actor, filled)
        except CannotEdit as error:
            return Told(False, str(error))
        except TooLong:
            return Told(False, "Your draft has too many changes: publish them, and go on with a new one.")

    async def _filled(self, who: Who, actor: Actor, filled: Filled) -> Told | Mistakes | Onward:
        match filled.name:
            case "versions":
                return await self._back(filled.answers.get("to", ""))
            case "rollback":
                return await self._rolled(who, filled)
            case "publish":
                return await self._published(who, actor, filled)
            case "part":
                return await self._changed(actor, Part.parse(filled.value), dict(filled.answers))
            case _:
                return await self._picked(actor, filled)

    async def _picked(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward:
        kind, ground = KINDS[filled.name], await self._ground(actor)
        answers = dict(filled.answers)
        do = answers.get("do") or plan_pages.DOES[kind][0]
        name = plan_pages.picked(ground.plan, kind, answers)
        known = plan_pages.names(ground.plan, kind)
        if do == plan_pages.NEW or not known:
            return self._onward(ground, Part(kind, new=True))
        if not name:
            return Mistakes({"name" if len(known) > 100 else "pick": "Which one?"})
        if do == plan_pages.NEW_BEFORE:
            return self._onward(ground, Part(kind, new=True, before=name))
        if do == plan_pages.CHANGE:
            return self._onward(ground, Part(kind, name))
        edit: Edit | None = plan_pages.moved(ground.plan, kind, name, do)
        if edit is None and do == plan_pages.GONE:
            edit = Put((*plan_pages.SECTIONS[kind], name), None)
        if edit is None:
            return Mistakes({"do": "It stands there already."})
        return await self._taken(actor, ground, [edit], lambda errors: {"do": plan_form.sentence(errors)})

    def _onward(self, ground: Ground, part: Part) -> Onward:
        return Onward("part", part.dump(), self._part(ground, part))

    async def _changed(self, actor: Actor, part: Part, answers: dict[str, str]) -> Told | Mistakes | Onward:
        ground = await self._ground(actor)
        rows = plan_pages.entries(ground.plan, part)
        if part.new:
            called = (answers.get("name") or answers.get("called") or "").strip()
            if called in plan_pages.names(ground.plan, part.kind):
                return Mistakes({rows[0].field.name: f"“{called}” is there already."})
            item = plan_form.fresh([it for it in rows if it.path], answers)
            where = plan_pages.SECTIONS[part.kind]
            made: Edit = (
                Insert(where, item, part.before) if part.kind == "rule" else Put((*where, called), item)
            )
            if part.kind == "rule":  # both must stand there, whatever they say
                made = Insert(where, {"name": called, "when": {}, "set": {}, **item}, part.before)
            edits = [made]
        else:
            called = answers.get("name", "").strip() if part.kind == "rule" else part.name
            now = _found(ground.source, part)
            edits = plan_form.edits(rows, part.path, now, answers)
            if part.kind == "text" and edits and not any(map(str.strip, answers.values())):
                edits = [Put(part.path, None)]  # in no language: it isn't sent any more
        if not edits:
            return Told(True, "Nothing was changed.", buttons=(plan_pages.SHOW,))
        base = await asyncio.to_thread(_base, ground.source, edits, part.kind, called)
        return await self._taken(actor, ground, edits, lambda found: plan_form.wrong(rows, base, found))

    async def _taken(
        self, actor: Actor, ground: Ground, edits: Sequence[Edit], at_fields: AtFields
    ) -> Told | Mistakes | Onward:
        """Into the draft, if what comes of it is a plan; and on to what it changes."""
        source = await asyncio.to_thread(edited, ground.source, edits)
        try:
            plan = await self.versions.plan.read(source, "draft")
        except PlanErrors as errors:
            return Mistakes(at_fields(errors.errors))
        draft = ground.draft.more(ground.book.version, edits)
        await self.drafts.keep(actor.user, draft)
        after = Ground(ground.book, draft, source, plan)
        form = await self._publishing(after)
        return form if isinstance(form, Told) else Onward("publish", after.mark, form)

    # ---- publishing ---------------------------------------------------------------------------------------------

    async def _published(self, who: Who, actor: Actor, filled: Filled) -> Told | Mistakes | Onward:
        ground = await self._ground(actor)
        if not ground.draft.edits:
            return NOTHING
        if filled.value and filled.value != ground.mark:
            return await self._again(ground)
        reason, waiting = (
            filled.answers.get("reason", "").strip(),
            plan_pages.WAITING[filled.answers["waiting"]],
        )
        if not reason:
            return Mistakes({"reason": "Say why: it stands with the version, and in the audit log."})
        try:
            done = await self.versions.publish(
                ground.source, who.name, reason, ground.book.version, waiting, who.origin
            )
        except Stale:
            await self.versions.plan.follow()
            return await self._again(await self._ground(actor))
        except Stranded as stranded:
            return Mistakes({"waiting": str(stranded)})
        await self.drafts.keep(actor.user, Draft())
        return _active(done.version, len(done.checked.diff), waiting == "reevaluate")

    async def _again(self, ground: Ground) -> Told | Onward:
        """Somebody else was faster, or the draft is another one by now: shown anew, with what happened meanwhile."""
        form = await self._publishing(ground)
        return form if isinstance(form, Told) else Onward("publish", ground.mark, form)

    # ---- going back ---------------------------------------------------------------------------------------------

    async def _back(self, chosen: str) -> Told | Onward:
        number = chosen.partition(" ")[0]
        if not number.isdecimal():
            return Told(True, "")
        try:
            checked = await self.versions.check((await self.versions.version(int(number))).yaml)
        except NoSuchVersion as error:
            return Told(False, f"{str(error).capitalize()}.")
        if not checked.diff:
            return Told(True, f"Version {number} says what the active one says.")
        return Onward("rollback", f"{number}.{checked.on}", plan_pages.going_back(checked, int(number), ""))

    async def _rolled(self, who: Who, filled: Filled) -> Told | Mistakes | Onward:
        to, _, on = filled.value.partition(".")
        waiting = plan_pages.WAITING[filled.answers["waiting"]]
        try:
            done = await self.versions.rollback(
                int(to), who.name, filled.answers.get("reason", "").strip(), int(on), waiting, who.origin
            )
        except Stale as stale:
            await self.versions.plan.follow()
            again = await self._back(to)
            if isinstance(again, Told):
                return again
            note = f"*Version {stale.version} was published meanwhile*: look again at what going back changes now."
            checked = await self.versions.check((await self.versions.version(int(to))).yaml)
            return Onward(again.name, again.value, plan_pages.going_back(checked, int(to), note))
        except Stranded as stranded:
            return Mistakes({"waiting": str(stranded)})
        return _active(done.version, len(done.checked.diff), waiting == "reevaluate")

    # ---- what it stands on --------------------------------------------------------------------------------------

    async def _ground(self, actor: Actor) -> Ground:
        """The active version with the person's edits. Raises CannotEdit, PlanErrors when they don't fit any more."""
        book, draft = self.versions.plan(), await self.drafts.of(actor.user)
        if not draft.edits:
            return Ground(book, draft, book.plan.source, book.plan)
        source = await asyncio.to_thread(edited, book.plan.source, draft.edits)
        return Ground(book, draft, source, await self.versions.plan.read(source, "draft"))

    async def _look(self, ground: Ground) -> Checked:
        """All about a draft; found out once while a form is looked at and sent off."""
        now = await self.versions.queue.now()
        at, known = self.looked.get(ground.mark, (0, None))
        if known is None or not 0 <= now - at < FRESH:
            self.looked = {mark: it for mark, it in self.looked.items() if now - it[0] < FRESH}
            known = await self.versions.check(ground.source)
            self.looked[ground.mark] = now, known
        return known


def _found(source: str, part: Part) -> Plain:
    """The part as the file has it; None for one that isn't there."""
    at: Plain = read(source, Source("plan.yaml", source)).plain()
    for key in part.path:
        if isinstance(at, list):
            at = next((it for it in at if isinstance(it, dict) and it.get("name") == key), None)
        else:
            at = at.get(key) if isinstance(at, dict) else None
    return at


def _base(source: str, edits: Sequence[Edit], kind: plan_pages.Kind, name: str) -> str:
    """How the validator calls the part once it is edited: `rules[3]`, `schedules.office`."""
    section = plan_pages.SECTIONS[kind][0]
    text = edited(source, edits)
    root = read(text, Source("plan.yaml", text)).plain()
    items = root.get(section) if isinstance(root, dict) else None
    if isinstance(items, list):
        known = [str(it.get("name")) if isinstance(it, dict) else "" for it in items]
        return f"{section}[{known.index(name)}]" if name in known else section
    return f"{section}.{name}"


def _active(version: int, changes: int, again: bool) -> Told:
    more = " Those who wait are looked at again; you hear how many were moved." if again else ""
    words = f"*Version {version}* of the plan is active: {changes} change{'s' if changes != 1 else ''}.{more}"
    return Told(True, words, buttons=(plan_pages.SHOW,))


def _lost(error: CannotEdit | PlanErrors, draft: Draft) -> Told:
    """The draft doesn't fit the active version any more; it is kept until its person throws it away."""
    words = plan_form.sentence(error.errors) if isinstance(error, PlanErrors) else str(error)
    said = (
        f"Your draft was made on version {draft.on} and doesn't fit the active one any more: {escape(words)}"
    )
    return Told(False, said, buttons=(plan_pages.DISCARD,))
