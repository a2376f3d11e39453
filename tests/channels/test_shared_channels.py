"""Slack Connect: what a customer says in a channel that they share is a contact, and its thread is the conversation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.helpers_app import DESK, OPS, Inside, Json, inside
from tierline.channels.slack import shared_files

PLAN = f"""
site: inside
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@inside.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services: {{help: {{schedule: always, answer_within: 10m, steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]}}}}
entry:
  - {{channel: sms, to: "{DESK}", service: help}}
  - {{channel: slack, in: "#ext-acme", service: help, customer: acme}}
  - {{channel: slack, in: "#ext-globex", service: help, on: reaction, reaction: sos}}
agents:
  - {{name: Ada, slack: ada@inside.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@inside.example, team: desk, tier: L1}}
texts: {{received: {{en: "We have it, {{number}}."}}}}
settings: {{hold_reply: 1s}}
"""


class Shared:
    """Verbs of people in shared channels."""

    def __init__(self, it: Inside) -> None:
        self.it = it
        self.acme, self.globex = (
            next(p.id for p in it.rehearsal.cast.places if p.name == name)
            for name in ("ext-acme", "ext-globex")
        )

    async def person(self, name: str, channel: str, kind: str = "external") -> str:
        body = {"name": name, "kind": kind, "channels": [channel]}
        return str((await self.it.call("/slack/people", body))["user"])

    async def says(self, user: str, channel: str, text: str, thread: str = "") -> str:
        body = {"user": user, "channel": channel, "text": text, **({"thread_ts": thread} if thread else {})}
        return str((await self.it.call("/slack/reply", body))["ts"])

    async def contacts(self) -> list[Json]:
        found: list[Json] = await self.it.api("/contacts")
        return found

    async def whole(self, n: int = 0) -> Json:
        return dict(await self.it.api(f"/contacts/{(await self.contacts())[n]['id']}"))

    async def heard(self, *texts: str) -> Json:
        """The one contact, once its customer has said just that."""

        async def all_there() -> Json | None:
            if len(await self.contacts()) != 1:
                return None
            whole = await self.whole()
            return (
                whole if [m["text"] for m in whole["transcript"] if m["kind"] == "in"] == [*texts] else None
            )

        found: Json = await self.it.until(all_there)
        return found

    async def notes(self, words: str) -> list[str]:
        whole = await self.whole()
        return [m["text"] for m in whole["transcript"] if m["kind"] == "note" and words in m["text"]]

    async def in_thread(self, channel: str, ts: str, words: str) -> list[Json]:
        found = await self.it.call(f"/slack/messages?channel={channel}")
        return [m for m in found if m.get("thread_ts") == ts and words in json.dumps(m, ensure_ascii=False)]

    async def taken(self, name: str = "Ada") -> Json:
        """Its thread in the team's channel, once `name` has accepted."""
        await self.it.slash(name, "available")
        await self.it.accept(name)

        async def head() -> Json | None:
            found = await self.it.channel("desk")
            return next((m for m in found if '"contact.more"' in json.dumps(m)), None)

        made: Json = await self.it.until(head)
        return made

    async def types(self, name: str, head: Json, text: str) -> None:
        body = {
            "user": self.it.person(name).slack,
            "channel": head["channel"],
            "thread_ts": head["ts"],
            "text": text,
        }
        await self.it.call("/slack/reply", body)


@asynccontextmanager
async def shared(tmp_path: Path, slack: str = "socket") -> AsyncIterator[Shared]:
    async with inside(tmp_path, PLAN, slack) as it:
        yield Shared(it)


@pytest.mark.promise("shared-contact")
async def test_a_message_in_a_shared_channel_is_a_contact_and_its_thread_is_the_conversation(
    tmp_path: Path,
) -> None:
    async with shared(tmp_path) as on:
        carla = await on.person("Carla Cole", on.acme)
        ts = await on.says(carla, on.acme, "our site is slow <!channel> & sad")
        whole = await on.heard("our site is slow <!channel> & sad")
        assert whole["customer"]["key"] == "acme" and whole["channel"] == "chat"
        await on.it.until(lambda: on.in_thread(on.acme, ts, "We have it, C1001."))
        head = await on.taken()
        assert "Carla Cole, #ext-acme in Slack" in json.dumps(head)
        await on.types("Ada", head, "Which page? <b> & *now*")
        (answer,) = await on.it.until(lambda: on.in_thread(on.acme, ts, "Which page?"))
        said = json.dumps(answer["blocks"], ensure_ascii=False)
        assert "Ada" in said and "<b> & *now*" in said and not answer["alive"]
        await on.says(carla, on.acme, "the shop", ts)
        dave = await on.person("Dave Dunn", on.acme)
        await on.says(dave, on.acme, "and the login", ts)
        await on.heard("our site is slow <!channel> & sad", "the shop", "and the login")

        async def line() -> bool:
            return "Dave Dunn (" in json.dumps(await on.it.channel("desk"))

        await on.it.until(line)
        replies = [m for m in (await on.whole())["transcript"] if m["kind"] == "reply"]
        assert [(m["text"], m["status"]) for m in replies] == [("Which page? <b> & *now*", "delivered")]


@pytest.mark.promise("shared-contact")
async def test_another_message_beside_the_thread_is_another_contact(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        carla = await on.person("Carla Cole", on.acme)
        for text in ("first", "second"):
            await on.says(carla, on.acme, text)

        async def two() -> bool:
            return len(await on.contacts()) == 2

        await on.it.until(two)


@pytest.mark.promise("shared-reaction")
async def test_where_a_reaction_is_asked_for_only_a_customers_message_with_it_counts(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        gus = await on.person("Gus Globe", on.globex)
        ada = on.it.person("Ada").slack
        chat = await on.says(gus, on.globex, "lovely weather")
        ours = await on.says(ada, on.globex, "indeed")
        ts = await on.says(gus, on.globex, "nothing works")
        for name, at in (("sos", ours), ("eyes", ts), ("sos", ts), ("eyes", chat)):
            body = {"user": gus, "channel": on.globex, "ts": at, "name": name}
            await on.it.call("/slack/react", body)
        await on.heard("nothing works")
        body = {"user": ada, "channel": on.globex, "ts": ts, "name": "sos"}
        await on.it.call("/slack/react", body)  # once more: it is the same
        await on.says(gus, on.globex, "at all", ts)
        await on.says(gus, on.globex, "lovely", chat)
        await on.heard("nothing works", "at all")
        assert len(await on.contacts()) == 1


@pytest.mark.promise("shared-agents")
async def test_what_an_agent_answers_there_by_themselves_counts_and_is_not_said_twice(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        carla = await on.person("Carla Cole", on.acme)
        ts = await on.says(carla, on.acme, "help")
        await on.heard("help")
        ada, ben = on.it.person("Ada").slack, on.it.person("Ben").slack
        await on.taken()
        await on.says(ada, on.acme, "I look at it", ts)

        async def given() -> bool:
            said = [m for m in (await on.whole())["transcript"] if m["kind"] == "reply"]
            return [(m["text"], m["status"]) for m in said] == [("I look at it", "delivered")]

        await on.it.until(given)

        async def shown() -> bool:
            return "I look at it" in json.dumps(await on.it.channel("desk"))

        await on.it.until(shown)
        await on.says(ben, on.acme, "me too", ts)
        await on.it.until(lambda: on.notes("Ben answered the customer there: me too"))
        await on.says(on.it.person("Mira").slack, on.acme, "hello all", ts)
        await on.it.until(lambda: on.notes("wrote there: hello all"))
        found = await on.it.call(f"/slack/messages?channel={on.acme}")
        ours = [m["text"] for m in found if m.get("bot_id")]
        assert not [text for text in ours if "look at it" in text or "me too" in text or "hello" in text]
        assert len(await on.contacts()) == 1


@pytest.mark.promise("shared-edits")
async def test_what_a_customer_changes_or_deletes_is_noted_and_nothing_is_lost(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        carla = await on.person("Carla Cole", on.acme)
        ts = await on.says(carla, on.acme, "the red one")
        await on.heard("the red one")
        await on.it.call("/slack/edit", {"user": carla, "channel": on.acme, "ts": ts, "text": "the blue one"})
        await on.it.until(lambda: on.notes("Carla Cole changed “the red one” to “the blue one”"))
        more = await on.says(carla, on.acme, "my password is hunter2", ts)
        await on.heard("the red one", "my password is hunter2")
        await on.it.call("/slack/delete", {"user": carla, "channel": on.acme, "ts": more})
        await on.it.until(lambda: on.notes("Carla Cole deleted"))
        assert len(await on.contacts()) == 1


@pytest.mark.promise("shared-strangers")
async def test_only_people_of_the_connected_workspace_and_guests_are_customers(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        ops = next(p.id for p in on.it.rehearsal.cast.places if p.name == "ops")
        guest = await on.person("Gwen Guest", on.acme, "guest")
        mira = on.it.person("Mira").slack
        await on.says(mira, on.acme, "a colleague's words open nothing")
        await on.says(on.it.person("Ada").slack, on.acme, "an agent's neither")
        await on.says(mira, ops, "nor does another channel")
        evil = await on.person("Eve Else", on.acme)
        space = on.it.rehearsal.sandbox.standins[1].space  # type: ignore[attr-defined]
        space.users[evil].team = "T0STRANGER"  # whom Slack would let in nowhere
        await on.says(evil, on.acme, "let me in")
        await on.says(guest, on.acme, "a guest's do")
        await on.heard("a guest's do")


@pytest.mark.promise("shared-durable")
@pytest.mark.parametrize("slack", ["socket", "http"])
async def test_what_could_not_be_taken_comes_again_and_counts_once(tmp_path: Path, slack: str) -> None:
    async with shared(tmp_path, slack) as on:
        carla = await on.person("Carla Cole", on.acme)
        door = on.it.app.doors["slack"]
        inbound, calls = door.inbound, []  # type: ignore[attr-defined]

        async def failing(arrived: object) -> object:
            calls.append(arrived)
            if len(calls) == 1:
                raise RuntimeError("the store has gone away")
            return await inbound(arrived)

        door.inbound = failing  # type: ignore[attr-defined]
        ts = await on.says(carla, on.acme, "do you hear me?")
        await on.heard("do you hear me?")
        assert len(calls) == 2
        await on.it.call("/faults", {"slack": {"redeliver": True}})
        await on.says(carla, on.acme, "hello?", ts)
        await on.heard("do you hear me?", "hello?")


@pytest.mark.promise("shared-told")
async def test_a_channel_of_the_plan_that_is_not_there_or_not_shared_is_told(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        space = on.it.rehearsal.sandbox.standins[1].space  # type: ignore[attr-defined]
        space.channels[on.acme].shared_with = ()
        space.channels[on.globex].name = "ext-other"
        door = on.it.app.doors["slack"]
        on.it.app.desk_raw._people.forget()  # type: ignore[union-attr]
        door._sound = ()  # type: ignore[attr-defined]
        await door.look()  # type: ignore[attr-defined]
        await on.it.until(lambda: on.it.told("#ext-acme isn't shared with anybody yet"))
        await on.it.until(lambda: on.it.told("#ext-globex of the plan can't be read"))


@pytest.mark.promise("shared-files")
async def test_a_file_in_a_shared_channel_is_shown_in_the_teams_thread(tmp_path: Path) -> None:
    async with shared(tmp_path) as on:
        carla = await on.person("Carla Cole", on.acme)
        sent = {"user": carla, "channel": on.acme, "filename": "router.txt", "content": "red lamp 17"}
        await on.it.call("/slack/upload", {**sent, "text": "see the log"})
        whole = await on.heard("see the log")
        (media,) = whole["transcript"][0]["media"]
        assert media["name"] == "router.txt"
        head = await on.taken()

        async def shown() -> Json | None:
            found = await on.in_thread(head["channel"], head["ts"], "router.txt")
            return next((m for m in found if m.get("files")), None)

        made = await on.it.until(shown)
        assert made["files"][0]["name"] == "router.txt"


@pytest.mark.promise("shared-files")
async def test_a_file_that_slack_does_not_tell_of_in_time_is_named_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "WITHIN", 0.0)
    async with shared(tmp_path) as on:
        carla = await on.person("Carla Cole", on.acme)
        sent = {"user": carla, "channel": on.acme, "filename": "router.txt", "content": "red lamp 17"}
        await on.it.call("/slack/upload", {**sent, "text": "see the log"})
        whole = await on.heard("see the log")
        (media,) = whole["transcript"][0]["media"]
        assert media["name"] == "a file, to be seen in #ext-acme"
