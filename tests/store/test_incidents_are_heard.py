"""An incident is spoken to the callers whom it concerns, once, and its end to those of them who still wait."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from helpers_calls import SATURDAY, Hall, open_hall, words

from tierline.queue.client import Client
from tierline.router.alerts import Alerts
from tierline.router.announce import Announce
from tierline.router.lanes import Try
from tierline.router.situation import Incident, dump
from tierline.router.spending import Guard
from tierline.router.towards import Towards

BROKEN, MENDED = "The network in Berlin is down, we work on it.", "The network is up again."


async def begin(hall: Hall, service: str = "help", text: str = BROKEN) -> Incident:
    it = Incident("I1201-100000", service, (), text, await hall.queue.now(), "Mira")
    await hall.queue.alert(it.name, True, dump(it))
    await hall.heed()
    return it


async def end(hall: Hall, it: Incident, text: str = MENDED) -> None:
    """The supervisor ends it, and the outbox does its part."""
    over = replace(it, end=text)
    await hall.queue.alert(it.name, False, dump(over))
    await hall.heed()
    alerts = Alerts(dict)
    guard = Guard(hall.queue, lambda: hall.book, alerts)
    towards = Towards(hall.queue, {}, lambda: hall.book, alerts, guard)
    announce = Announce(hall.queue, towards, lambda: hall.book, hall.heed, cast(Any, Gone()))
    events = [event for event in await hall.queue.events("0-0", 1000) if event.e == "alert"]
    for job in announce.jobs(events[-1]):
        await job.work(Try(0, False))


class Gone:
    """Nobody has left the store."""

    async def told(self, *_: object) -> tuple[tuple[()], None]:
        return (), None


@pytest.mark.promise("call-incident")
async def test_who_calls_during_an_incident_hears_of_it_once_before_their_place(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    await begin(hall)
    call, contact = await hall.into(hall.new())
    heard = words(await hall.waits(call))
    assert heard.startswith(BROKEN) and "next in line" in heard
    assert BROKEN not in words(await hall.waits(call))
    told = [it for it in await hall.queue.events("0-0", 1000) if it.e == "call" and it.c == contact]
    assert sum(BROKEN in it.x for it in told) == 1, "the thread tells what its customer heard"


@pytest.mark.promise("call-incident")
async def test_who_waits_already_hears_of_one_that_begins_and_others_do_not(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, _ = await hall.into(hall.new())
    other, _ = await hall.into(hall.new(sender="+4915122222222"), digits="2")
    await hall.waits(call)
    await hall.waits(other)
    await begin(hall)
    assert BROKEN in words(await hall.waits(call))
    assert BROKEN not in words(await hall.waits(other))


@pytest.mark.promise("call-incident")
async def test_its_end_is_heard_by_who_heard_of_it_and_still_waits(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    it = await begin(hall)
    call, _ = await hall.into(hall.new())
    await hall.waits(call)
    await end(hall, it)
    late, _ = await hall.into(hall.new(sender="+4915122222222"))
    assert MENDED in words(await hall.waits(call))
    assert MENDED not in words(await hall.waits(call))
    assert MENDED not in words(await hall.waits(late))


@pytest.mark.promise("call-incident")
async def test_after_hours_it_is_said_before_when_we_open(client: Client, site: str) -> None:
    hall = await open_hall(client, site, wall=SATURDAY)
    await begin(hall, "orders")
    await hall.ask("call", call := hall.new())
    heard = words(await hall.ask("menu", call, digits="2", about={"l": "en"}))
    assert heard.index(BROKEN) < heard.index("We are closed")
