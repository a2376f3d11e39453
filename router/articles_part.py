"""Articles at the desk: found, sent, gone through step by step, written, published.

*Articles …* in a thread ──▶ which one ──▶ its link in the Reply form, or its steps to tick
*Make an article* under an end ──▶ the form, filled in with what helped ──▶ a draft ──▶ *Publish*
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..channels.channel import Button
from ..channels.forms import Field, Filled, Form, Mistakes, Onward
from ..channels.house import LATE, Actor, Told
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.article import LONGEST_TITLE, Article, Overtaken
from ..queue.history.records import decoded
from ..queue.state import ContactView
from .active import ActivePlan
from .answerable import may
from .answering import reply_form
from .articles import slug_of, text_of, written
from .body import Body
from .commands import contact_number
from .editors import Editors, Faulty
from .explain import Moments
from .facts import Facts
from .guides import NOTED, guide_key, make_button, record, ticked, ticks
from .lines import escape
from .moves import Who
from .parts import Silent
from .rights import boss, member

SHOWN, LONGEST_HERE = 6, 3_000
"""Articles of a list, and characters that a field of Slack takes."""
DOING = ("Send its link to the customer", "Go through its steps")
STATES = ("Draft", "Published")
AWAY = Told(False, "The articles can't be read now: try again in a moment.")


@dataclass(slots=True)
class ArticlesPart(Silent):
    """`articles`, `article`; the forms `article` and `guide` of a contact, `article-edit` ("" new, C…, slug/language)."""

    queue: Queue
    plan: ActivePlan
    editors: Editors
    moments: Moments
    base: str
    help = "`articles red lamp` – what helps, to read or send; `article` – write one"

    # ---- commands and buttons -----------------------------------------------------------------------------------

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`articles WORDS`, `article`, `article C1001`."""
        verb, _, rest = text.strip().partition(" ")
        if verb.lower() not in ("articles", "article"):
            return None
        if isinstance(who := member(self.plan(), actor), Told):
            return who
        try:
            return await (self._found(rest) if verb.lower() == "articles" else self._desk(who, rest.strip()))
        except StoreError:
            return AWAY

    async def _found(self, words: str) -> Told:
        library, index = self.editors.library, await self.editors.library.now()
        found: list[Article] = []
        for language in self.plan().plan.languages:
            searched = words.strip()
            found += await library.search(words, language, SHOWN) if searched else index.listed(language)
        if not found:
            return Told(True, "Nothing is found. `/tierline article` writes one.")
        rows = [f"• <{self._link(it)}|{escape(it.title)}> ({it.language})" for it in found[:SHOWN]]
        more = f"\n… and {len(found) - SHOWN} more: say more words." if len(found) > SHOWN else ""
        edit = [Button("form.article-edit", f"Edit: {it.title}"[:75], _value(it)) for it in found[:3]]
        return Told(True, "\n".join(rows) + more, buttons=tuple(edit))

    async def _desk(self, who: Who, rest: str) -> Told:
        if contact := contact_number(rest):
            return Told(True, f"An article from {contact}:", buttons=(make_button(contact),))
        drafts = [it for it in await self.editors.library.store().newest() if it.state == "draft"]
        buttons = [Button("form.article-edit", "Write an article", "", "primary")]
        buttons += [
            Button("form.article-edit", f"Edit: {it.title}"[:75], _value(it)) for it in drafts[:SHOWN]
        ]
        said = f"{len(drafts)} drafts wait to be published." if drafts else "No draft waits."
        return Told(True, said, buttons=tuple(buttons))

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Publish*, by a supervisor: the version that was looked at, and no later one."""
        if action != "article.publish":
            return None
        if isinstance(who := boss(self.plan(), actor), Told):
            return who
        name, _, version = value.rpartition("/")
        try:
            it = await self._last(name)
            if it is None or str(it.version) != version:
                return LATE if it is None else Told(False, "It was edited since: look at it again.")
            await self.editors.save(who.name, replace(it, state="published"), it.version, who.origin)
        except (Faulty, Overtaken) as error:
            return Told(False, f"Not published: {escape(str(error)) or 'it was edited since'}.")
        except StoreError:
            return AWAY
        return Told(True, f"Published: <{self._link(it)}|{escape(it.title)}>.")

    # ---- forms --------------------------------------------------------------------------------------------------

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """One of the three."""
        if name not in ("article", "guide", "article-edit"):
            return None
        try:
            if name == "article-edit":
                return await self._edit_form(actor, value)
            view = await self._mine(actor, value.partition("/")[0])
            if isinstance(view, Told):
                return view
            if name == "article":
                return await self._choose(view)
            it = await self._last(value.partition("/")[2])
            return await self._guide(view, it) if it is not None else LATE
        except StoreError:
            return AWAY

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """Carry it out, or go on."""
        if filled.name not in ("article", "guide", "article-edit"):
            return None
        try:
            if filled.name == "article-edit":
                return await self._save(actor, filled)
            view = await self._mine(actor, filled.value.partition("/")[0])
            if isinstance(view, Told):
                return view
            return await (
                self._chosen(view, filled) if filled.name == "article" else self._tick(actor, view, filled)
            )
        except StoreError:
            return AWAY

    async def _mine(self, actor: Actor, contact: str) -> ContactView | Told:
        if isinstance(who := member(self.plan(), actor), Told):
            return who
        allowed = await may(self.queue, self.plan(), self.moments, actor, contact)
        view = await self.queue.contact(contact)
        return allowed if not allowed.ok else view or LATE

    async def _choose(self, view: ContactView) -> Form | Told:
        index, language = await self.editors.library.now(), self._language(view)
        said = [Body.parse(m.body).text for m in await self.queue.messages(view.id) if m.kind == "in"]
        first = await self.editors.library.search(" ".join(said)[:500], language, SHOWN)
        found = [*first, *(it for it in index.listed(language) if it not in first)]
        if not found:
            return Told(
                False, "There are no articles in the customer's language. `/tierline article` writes one."
            )
        names = tuple(dict.fromkeys(it.title for it in found))
        which = Field("title", "Which one?", "choice", names[0] if first else "", names, must=True)
        how = Field("how", "What with it?", "choice", DOING[0], DOING, must=True)
        return Form(f"Articles for {view.id}", (which, how), "Go on")

    async def _chosen(self, view: ContactView, filled: Filled) -> Told | Mistakes | Onward:
        index = await self.editors.library.now()
        title = filled.answers.get("title", "")
        it = next((one for one in index.listed(self._language(view)) if one.title == title), None)
        if it is None:
            return Mistakes({"title": "There is no such article any more: choose another."})
        if filled.answers.get("how") != DOING[1]:
            return Onward("reply", view.id, reply_form(view.id, f"{it.title}\n{self._link(it)}"))
        if not it.steps:
            return Mistakes({"how": "It has no steps: its link can be sent."})
        return Onward("guide", f"{view.id}/{_value(it)}", await self._guide(view, it))

    async def _guide(self, view: ContactView, it: Article) -> Form:
        done = ticked(it, await self.queue.jots(view.id))
        listed = "\n".join(f"{n}. {step}" for n, step in enumerate(it.steps, 1))
        return Form(
            it.title,
            (
                Field("told", "", "words", listed),
                Field("done", "What was done?", "choices", "\n".join(done), it.steps),
            ),
            "Keep it",
        )

    async def _tick(self, actor: Actor, view: ContactView, filled: Filled) -> Told | Mistakes:
        it = await self._last(filled.value.partition("/")[2])
        if it is None:
            return LATE
        done = ticks(it, filled.answers.get("done", ""))
        try:
            before = await self.queue.jot(view.id, guide_key(it), done)
        except ValueError:
            return Told(False, f"{view.id} has too many guides: close one of its matters first.")
        if before == done:
            return Told(True, "As it was.")
        text = record(it, ticked(it, {guide_key(it): done}))
        await self.queue.append(view.id, Body(text, by=actor.name, source=NOTED, who=actor.user).to_json())
        return Told(True, f"Kept at {view.id}: it stands in the thread, and at the next tier.")

    # ---- writing ------------------------------------------------------------------------------------------------

    async def _edit_form(self, actor: Actor, value: str) -> Form | Told:
        if isinstance(who := member(self.plan(), actor), Told):
            return who
        plan = self.plan().plan
        if value and "/" not in value:
            if isinstance(found := await self._from(actor, value), Told):
                return found
            return edit_form(found, plan.languages, [it.name for it in plan.services], who.supervisor)
        it = await self._last(value) if value else Article("", plan.languages[0], "", "")
        if it is None:
            return LATE
        if len(text_of(it)) > LONGEST_HERE:
            return Told(False, "It is too long for Slack: edit its file, or by the API.")
        return edit_form(it, plan.languages, [one.name for one in plan.services], who.supervisor)

    async def _from(self, actor: Actor, contact: str) -> Article | Told:
        """What a contact has taught: its question as title, what helped as text."""
        allowed = await may(self.queue, self.plan(), self.moments, actor, contact, "make an article of it")
        if not allowed.ok:
            return allowed
        record_ = await self.moments.contact(contact)
        if record_ is None:
            return LATE
        said = [Body.parse(m.body).text for m in record_.messages if m.kind == "in"]
        known = decoded(record_.outcome)
        parts = [str(known.get(name) or "") for name in ("root_cause", "resolution")]
        title = " ".join((said[0] if said else "").split())[:LONGEST_TITLE]
        language = (
            record_.language
            if record_.language in self.plan().plan.languages
            else self.plan().plan.languages[0]
        )
        return Article("", language, title, "\n\n".join(filter(None, parts)), services=(record_.service,))

    async def _save(self, actor: Actor, filled: Filled) -> Told | Mistakes:
        if isinstance(who := member(self.plan(), actor), Told):
            return who
        name, it = filled.value if "/" in filled.value else "", filled.answers
        before = await self._last(name) if name else None
        if name and before is None:
            return LATE
        title = it.get("title", "").strip()
        slug = before.slug if before else await self._free(slug_of(title), it.get("language", ""))
        state = "published" if it.get("state") == STATES[1] and who.supervisor else "draft"
        services = tuple(filter(None, it.get("services", "").split("\n")))
        tags = tuple(filter(None, (one.strip() for one in it.get("tags", "").split(","))))
        language = before.language if before else it.get("language", "")
        article = written(slug, language, title, it.get("body", ""), tags, services, state)
        try:
            version = await self.editors.save(who.name, article, before.version if before else 0, who.origin)
        except Faulty as faulty:
            return Mistakes(faulty.fields)
        except Overtaken:
            return Told(False, "Somebody has saved it since: open it again.")
        if state == "published":
            return Told(True, f"Published: <{self._link(article)}|{escape(title)}>.")
        publish = Button("article.publish", "Publish", f"{_value(article)}/{version}", "primary")
        edit = Button("form.article-edit", "Edit", _value(article))
        return Told(
            True, f"“{escape(title)}” is kept as a draft; a supervisor publishes it.", buttons=(publish, edit)
        )

    async def _free(self, slug: str, language: str) -> str:
        """The slug, with a number behind it where another article has it."""
        known = {it.slug for it in await self.editors.library.store().newest() if it.language == language}
        return next(
            one for n in range(1, 10_000) if (one := slug if n == 1 else f"{slug[:74]}-{n}") not in known
        )

    async def _last(self, name: str) -> Article | None:
        """The last version of "slug/language"."""
        slug, _, language = name.partition("/")
        versions = await self.editors.library.store().versions(slug, language)
        return versions[-1] if versions else None

    def _language(self, view: ContactView) -> str:
        return Facts.parse(view.facts).language or self.plan().plan.languages[0]

    def _link(self, it: Article) -> str:
        return f"{self.base}/help/{it.slug}?l={it.language}"


# ---- pure ----------------------------------------------------------------------------------------------------------


def _value(it: Article) -> str:
    return f"{it.slug}/{it.language}"


def edit_form(it: Article, languages: Sequence[str], services: Sequence[str], boss: bool) -> Form:
    """Everything of an article; only a supervisor may publish it at once."""
    state = Field("state", "And then?", "choice", STATES[it.state == "published"], STATES, must=True)
    language = Field("language", "Language", "choice", it.language, tuple(languages), must=True)
    return Form(
        "Article",
        (
            Field("title", "Title", "line", it.title, must=True, longest=LONGEST_TITLE, hint="What customers look for"),
            *([] if it.slug else [language]),
            Field(
                "body", "Text", "lines", text_of(it)[:LONGEST_HERE], must=True, longest=LONGEST_HERE,
                hint="Markdown: # heading, - list, **strong**; a line - [ ] is a step of a guide",
            ),
            Field("tags", "Other words for it", "line", ", ".join(it.tags), hint="red lamp, no line", longest=300),
            Field("services", "Services", "choices", "\n".join(it.services), tuple(services)),
            *([state] if boss else []),
        ),
        "Save",
    )  # fmt: skip
