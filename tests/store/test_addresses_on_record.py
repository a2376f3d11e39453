"""An address that an agent puts on a customer's record goes there with the event that tells of it."""

from __future__ import annotations

import pytest
from helpers_history import arrived, told
from helpers_history import history as history

from tierline.queue.history.history import History
from tierline.queue.state import Event

EVA, MAIL = "+4915112345678", "eva@elsewhere.example"
KEPT = pytest.mark.promise("mail-it-is-them")


def identified(id: str, customer: str, **about: str) -> Event:
    return told(1_000, "identified", "C1001", "ada", id=id, customer=customer, by="Ada", **about)


async def addresses(history: History, key: str) -> tuple[str, ...]:
    (card,) = await history.cards([key], [])
    return card.addresses


@KEPT
async def test_it_goes_on_record_once_however_often_it_is_told_and_off_it_again(history: History) -> None:
    await history.put_customer("eva", "Eva", "", (EVA,), {})
    came, sure = arrived("C1001", "SM1", 900, MAIL, id="1-1"), identified("2-1", "eva", added=MAIL.upper())
    for _ in range(2):
        await history.project([came, sure])
    assert await addresses(history, "eva") == (EVA, MAIL)
    back = identified("3-1", "eva", undone="yes", removed=MAIL)
    await history.project([back])
    assert await addresses(history, "eva") == (EVA,)
    await history.project([came, sure, back])
    assert await addresses(history, "eva") == (EVA,), "what was told before isn't done again"


@KEPT
async def test_what_another_customer_has_got_meanwhile_stays_theirs(history: History) -> None:
    await history.put_customer("eva", "Eva", "", (EVA,), {})
    await history.put_customer("jonas", "Jonas", "", (MAIL,), {})
    await history.project([identified("1-1", "eva", added=MAIL)])
    await history.project([identified("2-1", "eva", undone="yes", removed=MAIL)])
    assert (await addresses(history, "eva"), await addresses(history, "jonas")) == ((EVA,), (MAIL,))


@KEPT
async def test_an_address_for_a_record_that_is_gone_stops_nothing(history: History) -> None:
    await history.put_customer("eva", "Eva", "", (EVA,), {})
    await history.project([identified("1-1", "gone", added=MAIL), identified("2-1", "eva", added=MAIL)])
    assert await addresses(history, "eva") == (EVA, MAIL)
