"""Before a person: a door's script asks, its answers are there at the hand-over, and nobody waits for ever."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from helpers_app import EVA, JONAS, PLAN, Inside, inside
from test_answering_by_form import thread

from tierline.channels.hooks import HookFailed, Hooks
from tierline.queue.contact import Arrived
from tierline.queue.history.article import Article
from tierline.queue.history.articles import Articles
from tierline.router.first_run import FirstRun, Found
from tierline.router.lanes import Try

FIRST = (
    PLAN.replace(
        "service: help}]", "service: help, first: start}, {channel: chat, service: help, first: start}]"
    )
    .replace("languages: [en]", "languages: [en, de]")
    .replace(
        "  - {name: Ben, slack: ben@inside.example, team: desk, tier: L1}\n",
        "  - {name: Ben, slack: ben@inside.example, team: desk, tier: L1, skills: {phones: 3}}\n",
    )
    + """
scripts:
  start:
    wait: 5m
    steps:
      - ask: device
        say: {en: Which device?, de: Welches Gerät?}
        choices:
          - {value: router, say: {en: My router, de: Mein Router}}
          - {value: phone, say: {en: A phone, de: Ein Telefon}}
      - {ask: lamp, say: {en: Which lamp is red?, de: Welche Lampe ist rot?}, when: {device: router}}
      - {articles: 2, say: {en: Perhaps this helps., de: Vielleicht hilft das.}}
rules:
  - {name: fire, when: {text: {any: [fire]}}, set: {priority: 9}}
  - {name: phones, when: {answers: {device: phone}}, set: {skills: {phones: 2}}}
texts:
  received: {en: "A colleague answers by {due}.", de: "Ein Kollege antwortet bis {due}."}
"""
)


async def said(it: Inside, text: str, sender: str = EVA) -> Any:
    return (await it.until(lambda: it.got(text, sender)))[-1]


async def state(it: Inside, sender: str = EVA) -> str:
    return str((await it.contact(sender))["state"])


@pytest.mark.promise("first-script")
async def test_the_script_asks_and_the_agent_sees_every_answer(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.slash("Ada", "available")
        await it.text("hello")
        question = await said(it, "Which device?")
        assert "1  My router" in question["text"] and "“person”" in question["text"]
        assert await state(it) == "parked" and not await it.cards("Ada")
        await it.text("the first")
        await said(it, "Answer with one of the numbers")
        await it.text("1")
        await said(it, "Which lamp is red?")
        await it.text("the <left> one")
        await said(it, "A colleague answers by")
        card = json.dumps((await it.until(lambda: it.cards("Ada")))[0], ensure_ascii=False)
        assert "device: My router" in card and "lamp: the <left> one" in card
        await it.accept("Ada")
        at = await thread(it, (await it.contact())["id"])
        head = next(
            m for m in await it.call(f"/slack/messages?channel={at['channel']}") if m["ts"] == at["thread_ts"]
        )
        assert "device: My router" in json.dumps(head, ensure_ascii=False)


@pytest.mark.promise("first-person")
async def test_who_wants_a_person_or_has_a_fire_is_asked_nothing_more(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.slash("Ada", "available")
        await it.text("hello")
        await said(it, "Which device?")
        await it.text("Let me talk to a person")
        await it.until(lambda: it.cards("Ada", "Let me talk"))
        await it.slash("Ben", "available")
        await it.text("there is a fire", JONAS)
        await it.until(lambda: it.cards("Ben", "there is a fire"))
        assert not await it.got("Which device?", JONAS)


@pytest.mark.promise("first-waits")
async def test_who_does_not_answer_is_given_to_a_person_with_what_was_answered(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.slash("Ada", "available")
        await it.text("hello")
        await said(it, "Which device?")
        await it.text("1")
        await said(it, "Which lamp")
        contact = (await it.contact())["id"]
        assert "asked some questions before" in json.dumps(await it.api(f"/contacts/{contact}/why"))
        await it.call("/clock", {"advance": "301s"})
        card = json.dumps((await it.until(lambda: it.cards("Ada", "hello")))[0], ensure_ascii=False)
        assert "device: My router" in card
        await said(it, "A colleague answers by")
        # The script is over for good: what is written now is a person's.
        before = len(await it.got(""))
        await it.text("are you there?")
        await it.app.outbox.settled()
        assert len(await it.got("")) == before


@pytest.mark.promise("first-rules")
async def test_an_answer_decides_who_is_asked(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.slash("Ada", "available")
        await it.slash("Ben", "available")
        await it.text("hello")
        await said(it, "Which device?")
        await it.text("2")
        await it.until(lambda: it.cards("Ben", "hello"))
        assert not await it.cards("Ada")
        assert (await it.contact())["rule"] == "phones"


@pytest.mark.promise("first-script")
async def test_the_same_holds_for_a_chat(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.slash("Ada", "available")
        for n, text in enumerate(("hello", "1", "left")):
            taken = await it.app.intake(Arrived("chat", f"ch{n}", "visitor-1", "", text, language="de"))
            await it.app.outbox.settled()
        messages = await it.app.queue.messages(taken.contact)
        kinds = [m.kind for m in messages]
        assert kinds == ["in", "first.device", "in", "first.lamp", "in", "received"]
        assert "Welches Gerät?" in messages[1].body and "Person" in messages[1].body
        await it.until(lambda: it.cards("Ada", "hello"))


HELP = Article(
    "red-lamp", "en", "The red lamp of the router", "Switch it off and on.", state="published", at=1
)


@pytest.mark.promise("first-itself")
async def test_whom_an_article_helps_needs_nobody_and_may_come_back(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.slash("Ada", "available")
        await Articles(it.app.history.database).save(HELP)
        await it.text("hello")
        await said(it, "Which device?")
        await it.text("my router")
        await said(it, "Which lamp is red?")
        await it.text("the left lamp")
        shown = (await said(it, "The red lamp of the router"))["text"]
        assert (
            f"{it.product}/help/red-lamp" in shown
            and "Did this help?" in shown
            and "Perhaps this helps." in shown
        )
        await it.text("Yes!")
        await said(it, "Glad that it helped")
        await it.app.outbox.settled()
        assert await state(it) == "closed" and not await it.cards("Ada")

        async def projected() -> bool:
            record = await it.app.history.contact("C1001")
            return record is not None and "answered by itself" in record.outcome

        await it.until(projected)
        await it.text("It is red again")
        await it.until(lambda: it.cards("Ada", "It is red again"))
        assert [one["id"] for one in await it.contacts()] == ["C1001"]


def by_bot(plan: str) -> str:
    """The same plan with a bot in place of its steps."""
    head, _, rest = plan.partition("    steps:\n")
    return head + "    bot: https://bot.example/say\n" + rest[rest.index("rules:") :]


@pytest.mark.promise("first-bot")
async def test_a_bot_asks_within_a_second_else_a_person_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []

    async def ask(self: Hooks, url: str, what: Any, within: float = 5.0) -> Any:
        heard.append((url, within, what))
        match what["said"][-1]["text"]:
            case "hello":
                return {"say": "What is it about?", "answers": {"device": "router", "odd": 5}}
            case "lamp":
                return {"person": True, "answers": {"lamp": "red"}}
            case _:
                raise HookFailed("it doesn't answer within 1 s")

    monkeypatch.setattr(Hooks, "ask", ask)
    async with inside(tmp_path, by_bot(FIRST)) as it:
        await it.slash("Ada", "available")
        await it.text("hello")
        await said(it, "What is it about?")
        await it.text("lamp")
        card = json.dumps((await it.until(lambda: it.cards("Ada", "hello")))[0], ensure_ascii=False)
        assert "device: router" in card and "lamp: red" in card and "odd" not in card
        assert heard[0][:2] == ("https://bot.example/say", 1.0)
        assert heard[1][2]["said"][1] == {"from": "us", "text": heard[1][2]["said"][1]["text"]}
        await it.slash("Ben", "available")
        await it.text("anything else", JONAS)
        await it.until(lambda: it.cards("Ben", "anything else"))
        await it.until(lambda: it.told("The bot of script start fails (it doesn't answer within 1 s)"))


OFFICE = FIRST.replace('{hours: "24/7"}}', '{hours: "Mo-Fr 08:00-18:00"}}').replace(
    "texts:\n", "texts:\n  closed_now: {en: 'We open {next_open}.', de: 'Wir öffnen {next_open}.'}\n"
)


async def night(it: Inside, at: str) -> None:
    """The next Tuesday at that time."""
    day = datetime.now(ZoneInfo("Europe/Berlin")).date()
    day += timedelta(days=(1 - day.weekday()) % 7 or 7)
    await it.call(
        "/clock",
        {"at": datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZoneInfo("Europe/Berlin")).isoformat()},
    )


@pytest.mark.promise("first-waits")
@pytest.mark.parametrize("begun", ["22:00", "17:58"])
async def test_whoever_comes_after_hours_or_waits_into_them_is_told_once_when_we_open(
    tmp_path: Path, begun: str
) -> None:
    async with inside(tmp_path, OFFICE) as it:
        await night(it, begun)
        await it.text("hello")
        await said(it, "Which device?")
        if begun == "22:00":
            await it.text("2")
        else:
            await it.call("/clock", {"advance": "6m"})
        await said(it, "We open tomorrow at 08:00.")
        await it.app.outbox.settled()
        assert (await it.contact())["state"] == "parked"
        await it.text("are you there?")  # the script is over: this is for a person
        await it.app.outbox.settled()
        assert len(await it.got("We open")) == 1 and len(await it.got("Which device?")) == 1
        await it.call("/clock", {"advance": "15h"})
        await it.slash("Ada", "available")
        await it.slash("Ben", "available")
        card = await it.until(lambda: it.cards("Ben", "hello") if begun == "22:00" else _either(it))
        assert card


async def _either(it: Inside) -> list[Any]:
    return [*await it.cards("Ada", "hello"), *await it.cards("Ben", "hello")]


@pytest.mark.promise("first-script")
async def test_what_is_known_is_said_before_the_first_question(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.call_api("/incidents", {"text": "The network is down in Kiel.", "words": ["kiel"]})

        async def known() -> bool:
            return bool(it.app.plan().situation.incidents)

        await it.until(known)
        await it.text("no line in Kiel")
        await said(it, "Which device?")
        kinds = [m.kind for m in await it.app.queue.messages("C1001")]
        assert [kinds[0], kinds[-1]] == ["in", "first.device"] and len(kinds) == 3
        assert len(await it.got("The network is down in Kiel.")) == 1


@pytest.mark.promise("first-script")
async def test_what_is_done_again_after_a_crash_asks_nothing_twice(tmp_path: Path) -> None:
    async with inside(tmp_path, FIRST) as it:
        await it.text("hello")
        await said(it, "Which device?")
        await it.app.outbox.settled()
        run = FirstRun(
            it.app.queue, it.app.plan, it.app.history, nothing, it.app.outside.hooks, it.app.alerts
        )
        events = [e for e in await it.app.queue.events("0-0", 100) if e.e in ("arrived", "message")]
        for event in [*events, *events]:
            for job in run.jobs(event):
                await job.work(Try(0, True))
        await it.text("1")
        await said(it, "Which lamp")
        await it.app.outbox.settled()
        kinds = [m.kind for m in await it.app.queue.messages("C1001")]
        assert kinds == ["in", "first.device", "in", "first.lamp"]


async def nothing(words: str, language: str, count: int) -> tuple[Found, ...]:
    return ()
