"""On and off duty by buttons in a team's channel: for guests of one channel, who have no commands, and for everybody."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..channels.channel import Button, DeliveryError, Desk
from ..channels.house import Actor, Told
from .active import ActivePlan
from .duty import Duty
from .lines import escape
from .parts import Silent
from .plan.model import Team
from .rights import boss

PRESSED = {
    "duty.on": "available",
    "duty.break": "away 30m break",
    "duty.off": "offline",
    "duty.status": "status",
}
"""action_id → what it means."""
BUTTONS = (
    Button("duty.on", "Available", style="primary"),
    Button("duty.break", "Away for 30 min"),
    Button("duty.off", "Offline"),
    Button("duty.status", "What do I have?"),
)


@dataclass(slots=True)
class DutyPost(Silent):
    """`/tierline duty nightowl` puts the buttons into the team's channel; whoever presses acts for themselves."""

    plan: ActivePlan
    desk: Desk
    duty: Duty

    help = (
        "Supervisors: `duty nightowl` – buttons for on and off duty in that team's channel, for guests, too"
    )

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`duty TEAM`."""
        found = re.fullmatch(r"duty(?:\s+(.*))?", text.strip(), re.IGNORECASE)
        if found is None:
            return None
        book = self.plan()
        if isinstance(who := boss(book, actor), Told):
            return who
        name = (found[1] or "").strip().casefold()
        team = next((it for it in book.plan.teams if it.name.casefold() == name), None)
        if team is None:
            known = ", ".join(it.name for it in book.plan.teams) or "none yet"
            return Told(False, f"In which team's channel? `/tierline duty TEAM`; there are: {escape(known)}.")
        return await self._post(team)

    async def _post(self, team: Team) -> Told:
        text = f"*On duty for {escape(team.name)}?* Whoever presses says it of themselves."
        for channel in team.channels:
            try:
                await self.desk.tell(channel, text, BUTTONS, key=f"stays:duty:{team.name}", again=True)
            except DeliveryError as error:
                return Told(False, f"{escape(channel)} didn't take it: {escape(str(error))}.")
        return Told(
            True,
            f"The buttons stand in {escape(', '.join(team.channels))}. Pin them, so that they are found.",
        )

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """One of the buttons."""
        return await self.duty.command(actor, PRESSED[action]) if action in PRESSED else None
