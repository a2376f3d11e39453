"""News arrive without a reload, with a stream or without one, and trouble is told."""

from __future__ import annotations

import pytest
from pagelook import Look


@pytest.mark.promise("stage-page-live")
async def test_what_happens_elsewhere_appears_by_itself_and_is_read_out(look: Look) -> None:
    heard = "window.heard = []; new MutationObserver(() => heard.push(document.getElementById('say').textContent)).observe(document.getElementById('say'), {childList: true, characterData: true, subtree: true})"
    await look.page.evaluate(heard)
    look.stage.write("slack/command", {"user": "U1", "text": "available"})
    look.stage.arrive("+4915112345678", "My server is down")
    await look.page.wait_for_selector(".offered .offer-card")
    await look.page.wait_for_selector("#slack [data-action='offer.accept']")
    await look.until("heard.some(t => t.startsWith('Slack: Offer'))")
    look.stage.text("+4915790000000", "+4915112345678", "Ada is on it.")
    await look.until("heard.some(t => t === 'Phone: Ada is on it.')")


@pytest.mark.promise("stage-page-live")
async def test_without_a_stream_the_page_asks_by_itself(look: Look) -> None:
    look.stage.streaming = False
    for stream in list(look.stage.streams):
        stream.put_nowait("")
    await look.page.wait_for_selector(".live.polling")
    look.stage.arrive("+4915112345678", "My server is down")
    await look.page.wait_for_selector(".waiting .contact")
    look.stage.streaming = True
    await look.page.wait_for_selector(".live.live", timeout=20_000)


async def test_the_first_steps_tick_themselves_off(look: Look) -> None:
    done = "[...document.querySelectorAll('.guide li')].filter(l => l.classList.contains('done')).length"
    assert await look.page.evaluate(done) == 0
    look.stage.write("slack/command", {"user": "U1", "text": "available"})
    await look.until(f"{done} === 1")
    look.stage.arrive("+4915112345678", "My server is down")
    await look.until(f"{done} === 2")
    offer = next(m for m in look.stage.messages if "offer.accept" in str(m["blocks"]))
    look.stage.write("slack/act", {"user": "U1", "ts": offer["ts"], "action_id": "offer.accept"})
    await look.until(f"{done} === 3")
    parent = next(m for m in look.stage.messages if m["channel"] == "C1")
    look.stage.write(
        "slack/reply", {"user": "U1", "channel": "C1", "thread_ts": parent["ts"], "text": "On it."}
    )
    look.stage.tell("all")
    await look.until(f"{done} === 4")


async def test_trouble_is_switched_on_shown_and_cleared(look: Look) -> None:
    await look.page.keyboard.press("f")
    await look.page.click(".switch:has-text('Slack is down')")
    await look.page.wait_for_selector(".notice.amber:has-text('Slack is down')")
    assert look.stage.faults == {"slack": {"down": True}}
    await look.page.click(".notice.amber button")
    await look.until("!document.querySelector('.notice.amber')")
    assert look.stage.faults == {}


async def test_time_travel_says_how_many_transitions_fired(look: Look) -> None:
    await look.page.keyboard.press("z")
    await look.page.click("[data-do=t10]")
    await look.page.wait_for_selector(".toast:has-text('2 due transitions fired')")
    await look.page.wait_for_selector(".clock.moved")


async def test_fifty_texts_come_from_fifty_numbers(look: Look) -> None:
    await look.page.click("[data-do=crowd]")
    await look.until("document.querySelectorAll('.bead').length === 50")
    assert len({c["customer"]["key"] for c in look.stage.contacts}) == 50


async def test_one_press_makes_everybody_available(look: Look) -> None:
    await look.page.click("[data-do=everybody]")
    await look.page.wait_for_selector(".toast:has-text('4 of 4 asked')")
    assert set(look.stage.presence.values()) == {"available"}


async def test_a_refusal_is_shown_with_its_hint(look: Look) -> None:
    await look.page.route(
        "**/sandbox/api/sms",
        lambda route: route.fulfill(
            status=400, json={"error": "no such number", "hint": "choose one of /state"}
        ),
    )
    await look.page.fill("#sms-text", "hello")
    await look.page.keyboard.press("Enter")
    toast = await look.page.wait_for_selector(".toast.bad")
    assert (
        "no such number" in await toast.text_content()
        and "choose one of /state" in await toast.text_content()
    )
    assert await look.page.input_value("#sms-text") == "hello", "what was typed is kept"
