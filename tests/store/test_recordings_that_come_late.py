"""A recording that is told of after its contact has left the store is fetched, and a message in it is answered."""

from __future__ import annotations

from typing import Any, cast

import pytest
from helpers_calls import Hall, open_hall

from tierline.channels.channel import Button
from tierline.channels.phone import Recorded
from tierline.queue.client import Client
from tierline.queue.history.records import Told
from tierline.queue.state import Event
from tierline.router.alerts import Alerts
from tierline.router.lanes import Try
from tierline.router.rulebook import agent_id
from tierline.router.tidings import Tidings

URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"


async def gone(hall: Hall, owner: str = "") -> str:
    """A contact that has ended, and which only the history has."""
    call, contact = await hall.into(hall.new())
    view = await hall.contact(contact)
    if owner:
        await hall.queue.presence(owner, "available")
        await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, owner)
    await hall.news(call, "completed")
    if owner:
        await hall.queue.finish(contact, owner)
    ended = (await hall.contact(contact)).state
    hall.records.gone[contact] = Told(
        contact, view.service, "voice", view.thread, view.facts, 1, ended, view.arrived, owner
    )
    assert await hall.queue.forget(contact)
    return contact


async def told(hall: Hall, kind: str) -> list[Event]:
    return [
        it for it in await hall.queue.events("0-0", 1000) if it.e == "call" and f'"what":"{kind}"' in it.x
    ]


@pytest.mark.promise("call-recording-late")
async def test_it_is_told_in_its_contact_which_is_called_back_as_it_ended(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    contact = await gone(hall, agent_id("Ada"))
    late = Recorded("RE1", "CF1", URL, 12, True, {"c": contact})
    for _ in range(2):
        await hall.board.recorded(late)
    (event,) = await told(hall, "recorded")
    assert event.c == contact and "RE1" in event.x
    assert (await hall.contact(contact)).state == "closed"


@pytest.mark.promise("call-recording-late")
async def test_a_message_of_a_contact_that_was_given_up_long_ago_is_answered(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    contact = await gone(hall)
    await hall.board.recorded(Recorded("RE1", "CA1", URL, 9, True, {"c": contact}))
    (waiting,) = [it for it in await hall.queue.contacts(limit=9) if it.state in ("waiting", "offered")]
    jots = await hall.queue.jots(waiting.id)
    assert (jots["kind"], jots["message"]) == ("voicemail", "RE1")


@pytest.mark.promise("call-recording-late")
async def test_without_a_thread_whoever_had_it_last_gets_the_button(client: Client, site: str) -> None:
    hall, said = await open_hall(client, site), list[tuple[str, tuple[Button, ...]]]()
    contact = await gone(hall, agent_id("Ada"))
    await hall.board.recorded(Recorded("RE1", "CF1", URL, 12, True, {"c": contact}))
    about = {"recording": "RE1", "seconds": "12", "for": "call"}
    await hall.queue.happen(contact, "fetched", {"tape.RE1": "here"}, about=about)

    class Desk:
        async def tell(self, to: str, text: str, buttons: tuple[Button, ...], **_: object) -> str:
            said.append((to, buttons))
            return "D1"

    tidings = Tidings(hall.queue, cast(Any, Desk()), lambda: hall.book, Alerts(dict))
    for job in tidings.jobs((await told(hall, "fetched"))[0]):
        await job.work(Try(0, False))
    ((to, buttons),) = said
    assert to == "ada@hall.example" and buttons[0].value == f"{contact}.RE1"


async def test_a_recording_of_nobody_changes_nothing(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    await hall.board.recorded(Recorded("RE1", "CF1", URL, 12, True, {"c": "C4711"}))
    assert await told(hall, "recorded") == [] and await hall.queue.contacts(limit=9) == []
