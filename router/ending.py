"""How contacts end at the desk: the form with the plan's own fields, `/tierline done`, also for a call's wrap-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..channels.channel import Button
from ..channels.forms import Field, Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.history.records import decoded
from ..queue.state import ENDED
from . import wrapup
from .active import ActivePlan
from .answerable import may
from .explain import Moments
from .moves import Moves, Outcome, Who
from .newcomers import stranger
from .orders import Order, named
from .parts import Silent
from .people import agent_of
from .plan.model_closing import LABELS, Closing
from .rulebook import agent_id
from .visit_jobs import standing_visit

OWN = "plan."
"""Before the names of the plan's own fields in the form."""
LATE = "It was too late: somebody else has ended it."


@dataclass(slots=True)
class Ending(Silent):
    """The form `close` of a contact, and `done`."""

    queue: Queue
    plan: ActivePlan
    moments: Moments
    moves: Moves = field(init=False)
    help = "`done C1001 solved new cable` – how it ended: closed, or the end of its wrap-up"

    def __post_init__(self) -> None:
        self.moves = Moves(self.queue, self.plan, self.moments)

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`done C1001 …`."""
        if (order := named(text, "done")) is None:
            return None
        if (who := Who.of(self.plan(), actor)) is None:
            return stranger(self.plan().plan.supervisors)
        if not order.contact:
            return Told(False, "Which contact? `/tierline done C1001 solved`, and what helped.")
        return await self._done(who, order)

    async def _done(self, who: Who, order: Order) -> Told:
        """Closed, or the end of its wrap-up, which needs no words unless the plan asks for some."""
        view, fill = await self.queue.contact(order.contact), (form_button(order.contact),)
        if not order.rest and view is not None and view.state != "wrapping":
            say = f"Say how it ended: `/tierline done {order.contact} solved`, and what helped. Or fill in the form."
            return Told(False, say, buttons=fill)
        closing = self.plan().plan.closing_of(view.service if view is not None else "")
        it: Outcome = await self.moves.close(who, order.contact, wrapup.outcome_of(order.rest, closing.known))
        return Told(it.ok, it.text, buttons=fill if it.kind == "wrong" else ())

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Re-open* under a contact's last line."""
        if action != "contact.reopen" or "." in value:
            return None
        who = Who.of(self.plan(), actor)
        if who is None:
            return stranger(self.plan().plan.supervisors)
        it = await self.moves.reopen(who, value)
        return Told(it.ok, it.text)

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """What is asked at the end of the contact `value`."""
        if name != "close":
            return None
        allowed = await may(self.queue, self.plan(), self.moments, actor, value, "close it")
        if not allowed.ok:
            return allowed
        service, known = await self._so_far(value)
        return close_form(value, self.plan().plan.closing_of(service), known)

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """End the contact, its wrap-up, or say afterwards how it ended."""
        if filled.name != "close":
            return None
        allowed = await may(self.queue, self.plan(), self.moments, actor, filled.value, "close it")
        if not allowed.ok:
            return allowed
        if why := await standing_visit(self.queue, self.plan(), filled.value):
            return Told(False, why)
        service, _ = await self._so_far(filled.value)
        said, fields = answers(filled.answers)
        if faults := faults_in_form(self.plan().plan.closing_of(service), said, fields):
            return Mistakes(faults)
        spec = agent_of(self.plan().plan, actor)
        name, agent = (spec.name, agent_id(spec.name)) if spec else (actor.name, "")
        told = await wrapup.close(self.queue, filled.value, wrapup.outcome(said, fields, name), agent)
        return Told(True, told) if told else Told(False, LATE)

    async def _so_far(self, contact: str) -> tuple[str, Mapping[str, object]]:
        """Its service, and what was said already of how it ended."""
        view = await self.queue.contact(contact)
        if view is not None and view.state not in ENDED:
            return view.service, {}
        record = await self.moments.contact(contact)
        service = view.service if view is not None else record.service if record is not None else ""
        return service, decoded(record.outcome) if record is not None else {}


# ---- pure ----------------------------------------------------------------------------------------------------------


def form_button(contact: str) -> Button:
    """Opens the form."""
    return Button("contact.close", "Done …", contact, "primary")


def close_form(contact: str, closing: Closing, known: Mapping[str, object]) -> Form:
    """How it ended, why it arose, what helped, and what the plan wants to know; `known`: what was said before."""
    said, own = {key: str(it) for key, it in known.items()}, known.get("fields")
    fields = own if isinstance(own, dict) else {}
    cause = Field(
        "root_cause", LABELS["root_cause"], "choice" if closing.root_causes else "line",
        said.get("root_cause", ""), closing.root_causes, "root_cause" in closing.required, longest=500,
    )  # fmt: skip
    return Form(
        f"Close {contact}",
        (
            Field(
                "disposition", LABELS["disposition"], "choice", said.get("disposition", ""), closing.known, True
            ),
            cause,
            Field(
                "resolution", LABELS["resolution"], "lines", said.get("resolution", ""),
                must="resolution" in closing.required, hint="What helped",
            ),
            *(
                Field(
                    f"{OWN}{it.name}", it.label, it.kind, str(fields.get(it.name, "")), it.choices, it.required
                )
                for it in closing.fields
            ),
        ),
        "Close it",
    )  # fmt: skip


def answers(filled: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Disposition, root cause and resolution; and the plan's own fields that were filled in."""
    said = {name: filled.get(name, "").strip() for name in LABELS}
    own = {key.removeprefix(OWN): it.strip() for key, it in filled.items() if key.startswith(OWN)}
    return said, {key: it for key, it in own.items() if it}


def faults_in_form(closing: Closing, said: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """What can't stay, by the form's field. What the plan has ceased to ask since is no fault of theirs."""
    known = {it.name for it in closing.fields}
    kept = {name: it for name, it in fields.items() if name in known}
    found = {
        name if name in LABELS else f"{OWN}{name}": text for name, text in closing.faults(said, kept).items()
    }
    return found if said["disposition"] else {"disposition": "This is required.", **found}
