"""A call that goes on, for stories about what happens in it: Ada talks with the customer, Ben is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.channels.phone_stage import CALLS, Stage, telephone
from tests.channels.test_first_call import together, waiting


@dataclass
class Talk:
    """Ada's call: the legs of the customer and of Ada, and its number."""

    it: Stage
    customer: str
    ada: str
    contact: str

    async def slash(self, name: str, words: str) -> str:
        """`/tierline VERB C1001 …`; the first of `words` is the verb, which may have two with a "_"."""
        verb, _, rest = words.partition(" ")
        return await self.it.inside.slash(name, f"{verb.replace('_', ' ')} {self.contact} {rest}".strip())

    async def until_heard(self, sid: str, text: str) -> None:
        """Until that phone has heard `text`."""

        async def heard() -> bool:
            return text in await self.it.heard(sid)

        await self.it.inside.until(heard)

    async def until_hold(self, on: bool = True) -> None:
        """Until the customer hears music, or the others again."""

        async def so() -> bool:
            return bool((await self.it.leg(self.customer))["on_hold"]) is on

        await self.it.inside.until(so)

    async def until_with(self, sid: str, *labels: str) -> None:
        """Until that phone hears just those in the conference."""

        async def so() -> bool:
            return sorted((await self.it.leg(sid))["with"]) == sorted(labels)

        await self.it.inside.until(so)

    async def until_over(self, sid: str) -> None:
        """Until that leg has ended."""

        async def over() -> bool:
            return str((await self.it.leg(sid))["where"]) == "ended"

        await self.it.inside.until(over)

    async def says(self, sid: str, text: str, *heard: str, but: tuple[str, ...] = ()) -> None:
        """Whoever holds that phone says something: those of `heard` hear it, those of `but` don't."""
        await self.it.do(sid, "speak", text=text)
        for other in heard:
            await self.until_heard(other, text)
        for other in but:
            assert text not in await self.it.heard(other)

    async def rings(self, name: str) -> str:
        """The leg that rings there."""
        return str(await self.it.inside.until(lambda: self.it.ringing(name)))

    async def answers(self, name: str, key: str = "1") -> str:
        """`name` answers, hears the whisper, and presses a key; the leg."""
        leg = await self.rings(name)
        await self.it.do(leg, "answer")
        await self.until_heard(leg, "ress 1")
        await self.it.do(leg, "press", digits=key)
        return leg

    async def view(self) -> dict[str, object]:
        """The contact as the API has it."""
        found: dict[str, object] = await self.it.inside.api(f"/contacts/{self.contact}")
        return found

    async def until_state(self, state: str, owner: str | None = None) -> None:
        """Until the contact is in that state, with that owner."""

        async def so() -> bool:
            now = await self.view()
            has = now["owner"]["name"] if isinstance(now["owner"], dict) else ""
            return now["state"] == state and (owner is None or has == owner)

        await self.it.inside.until(so)

    async def line(self, text: str) -> None:
        """Until the thread has a line with `text`."""

        async def there() -> bool:
            return any(text in str(m["text"]) for m in await self.it.inside.channel("desk"))

        await self.it.inside.until(there)


@asynccontextmanager
async def talking(tmp_path: Path, plan: str = CALLS) -> AsyncIterator[Talk]:
    """Ada and a customer in a conference; Ben available."""
    async with telephone(tmp_path, plan) as it:
        await it.inside.slash("Ada", "available")
        customer = await it.dial()
        await waiting(it, customer)
        ada = await together(it, customer, "Ada")
        await it.inside.slash("Ben", "available")
        found = (await it.inside.contacts())[0]
        talk = Talk(it, customer, ada, str(found["id"]))
        await talk.until_with(customer, "agent-Ada")
        yield talk
