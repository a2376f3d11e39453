"""Telephones on the page: a customer calls, an agent's phone rings, both talk; by keyboard, live, in all sizes."""

from __future__ import annotations

import pytest
from pagelook import Look
from test_page_hostile import HOSTILE
from test_page_in_view import axe, fits, needs_axe  # noqa: F401

EVA = "+4915112345678"


def _said(selector: str, text: str) -> str:
    return f"[...document.querySelectorAll({selector!r})].some(e => e.textContent.includes({text!r}))"


async def _tab(look: Look, name: str) -> None:
    if (await look.page.evaluate("innerWidth")) < 1080:
        await look.page.click(f'.bottom button:has-text("{name}")')


@pytest.mark.promise("stage-page-phones")
async def test_the_keyboard_alone_calls_answers_talks_and_hangs_up(look: Look, size: tuple[int, int]) -> None:
    look.stage.presence["U1"] = "available"
    keys = look.page.keyboard
    await keys.press("l")
    await look.focused("#dial")
    await keys.press("Enter")
    await look.until(_said("#caller .bubble", "For an outage press 1"))
    await keys.press("l")
    await look.focused("#caller .key")
    await keys.press("1")  # a key typed on the telephone is a key of the telephone, and no shortcut
    await look.until("document.querySelector('.call-state').textContent.includes('Waiting in the queue')")
    await look.until(_said("#caller .call-sound", "music × 2"))
    await keys.press("n")
    await look.focused("#lines .rings button")
    await look.until(_said("#lines .rings", "Ada's phone rings"))
    await keys.press("Enter")
    await look.focused("#lines .key")
    await look.until(_said("#lines .bubble", "Press 1 to take it"))
    await keys.press("1")
    await look.until(_said("#lines .line-about", "In a conference with Eva Klein"))
    await look.focused("#lines textarea")  # in a conference nobody asks for keys: words are next
    assert await look.page.query_selector("#lines .key") is None
    await keys.type("Ada here, how can I help?")
    await keys.press("Enter")
    await look.until(_said("#lines .bubble.mine", "how can I help?"))
    await keys.press("Escape")
    await keys.press("l")
    await look.until(_said("#caller .bubble.theirs", "how can I help?"))
    await look.until("document.querySelector('.call-state').textContent.includes('In a conference with Ada')")
    # Where `l` leads: it comes a frame later, and would take the focus away again.
    await look.focused("#caller *")
    await look.page.focus("#hang-up")
    await keys.press("Enter")
    await look.focused("#caller *")
    await look.until("!document.querySelector('#lines')")
    assert {c["status"] for c in look.stage.phones.calls.values()} == {"completed"}


@pytest.mark.promise("stage-page-phones")
async def test_a_ringing_phone_says_for_whom_and_is_declined_or_left_to_its_mailbox(look: Look) -> None:
    look.stage.write("slack/command", {"user": "U1", "text": "available"})
    contact = look.stage.arrive(EVA, "My server is down")
    contact["channel"] = "voice"
    look.stage.phones.ring(look.stage.agents[0])
    await look.until(_said("#lines .rings", "for Eva Klein · outage"))
    assert (await look.page.title()).startswith("☎")
    await look.page.click("#lines button:has-text('Decline')")
    await look.until("!document.querySelector('#lines')")
    second = look.stage.phones.ring(look.stage.agents[1])
    await look.page.click("#lines button:has-text('Mailbox')")
    await look.until(_said("#lines", "The mailbox answered"))
    assert await look.page.query_selector("#lines .key") is None, "a mailbox presses no keys"
    await look.page.click("#lines button:has-text('Hang up')")
    await look.until("!document.querySelector('#lines')")
    assert [c["status"] for c in look.stage.phones.calls.values()] == ["busy", "completed"]
    assert second["machine"]


@pytest.mark.promise("stage-page-phones")
async def test_what_happens_to_a_call_elsewhere_appears_and_is_read_out(look: Look) -> None:
    heard = "window.heard = []; new MutationObserver(() => heard.push(document.getElementById('say').textContent)).observe(document.getElementById('say'), {childList: true, characterData: true, subtree: true})"
    await look.page.evaluate(heard)
    await look.page.keyboard.press("l")
    call = look.stage.phones.call_in(EVA, "+4915790000000")
    await look.until(_said("#caller .bubble", "Welcome"))
    agent = look.stage.phones.ring(look.stage.agents[0])
    await look.until('heard.includes("Ada\'s phone rings")')
    for it in (call, agent):
        it |= {"status": "in-progress", "where": "conference:c-1"}
    look.stage.phones.hold(call, True)
    await look.until("document.querySelector('.call-state.hold')?.textContent.includes('On hold')")
    await look.until(_said("#lines .line-about", "In a conference with Eva Klein (on hold)"))
    look.stage.streaming = False
    for stream in list(look.stage.streams):
        stream.put_nowait("")
    call["heard"] = [*call["heard"], {"at": look.stage.iso(), "kind": "say", "text": "One moment please."}]
    await look.until("heard.includes('Phone: One moment please.')")
    await look.until(_said("#caller .bubble", "One moment please."))


@pytest.mark.promise("stage-page-phones")
async def test_keys_nobody_asked_for_say_so_and_a_message_is_left_after_the_beep(look: Look) -> None:
    await look.page.keyboard.press("l")
    call = look.stage.phones.call_in(EVA, "+4915790000000")
    call["where"] = "listening"
    await look.page.click("#caller [data-key='5']")
    await look.until(_said("#caller .call-sound", "pressed 5: nobody listens for keys now"))
    call["where"] = "menu"
    await look.page.click("#caller [data-key='2']")
    await look.until("document.querySelector('.call-state').textContent.includes('leave a message')")
    await look.page.fill("#call-words", "Please call back about invoice 7.")
    await look.page.keyboard.press("Enter")
    await look.until("document.querySelector('.call-state').textContent.includes('The call is over')")
    assert await look.page.query_selector("#caller .key") is None
    await look.page.wait_for_selector(".recent")


@pytest.mark.promise("stage-page-phones")
async def test_a_customer_who_is_called_back_answers_on_their_own_phone(look: Look) -> None:
    back = look.stage.phones.make("+4915790000000", EVA, "outbound-api")
    look.stage.phones.tell()
    await look.until(_said("#lines .rings", "Eva Klein's phone rings"))
    await look.page.keyboard.press("l")
    await look.focused("#answer-call")
    await look.page.keyboard.press("Enter")
    await look.until(_said("#caller .bubble", "Press 1 to take it"))
    assert back["status"] == "in-progress"


@pytest.mark.promise("stage-page-hostile")
async def test_whatever_is_said_on_the_phone_stays_text(look: Look) -> None:
    await look.page.keyboard.press("l")
    call = look.stage.phones.call_in(HOSTILE[0], "+4915790000000")
    await look.page.select_option("#customer", "other")
    call["from"] = "+4915110000099"
    agent = look.stage.phones.ring(look.stage.agents[0])
    agent |= {"status": "in-progress", "where": "conference:<img src=x onerror=alert(1)>"}
    for text in HOSTILE:
        look.stage.phones.hear(call, "say", text, "<b>who</b>")
        look.stage.phones.hear(agent, "say", text)
        look.stage.phones.hear(agent, "play", text)
    await look.until(f"document.querySelectorAll('#caller .bubble').length > {len(HOSTILE)}")
    await look.page.click("#lines button:has-text('Open')")
    await look.until(f"document.querySelectorAll('#lines .bubble').length === {len(HOSTILE)}")
    outside = "document.querySelectorAll('#app script, #app iframe, #app [onerror], #app [onload], #app img:not([src=\"icon.svg\"])').length"
    assert await look.page.evaluate(outside) == 0


@pytest.mark.promise("stage-page-fits")
async def test_phones_in_every_state_fit_and_axe_finds_nothing_serious(
    look: Look,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    await look.page.keyboard.press("l")
    await fits(look)
    await axe(look, "#phone")
    call = look.stage.phones.call_in(EVA, "+4915790000000")
    look.stage.phones.hear(call, "say", "w" * 400)
    talking, *rest = (look.stage.phones.ring(agent) for agent in look.stage.agents[:3])
    for it in (call, talking):
        it |= {"status": "in-progress", "where": "conference:c-1"}
    look.stage.phones.hold(call, True)
    look.stage.phones.hear(talking, "say", "Hello " * 60, "customer")
    assert len(rest) == 2
    await look.until("document.querySelectorAll('#lines .rings').length === 2")
    await look.page.wait_for_selector("#call-words", state="attached")
    await fits(look)
    await axe(look)
    await _tab(look, "Slack")
    await look.page.click("#lines button:has-text('Open')")
    await look.page.wait_for_selector("#lines textarea")
    await fits(look)
    await axe(look)
    rest[0] |= {"status": "in-progress", "where": "menu"}
    look.stage.phones.hear(rest[0], "say", "A call about outage. Press 1 to take it.")
    await look.page.click(f"[data-phone='{rest[0]['sid']}'] button:has-text('Open')")
    await look.page.wait_for_selector("#lines .key")
    await fits(look)
    await axe(look)
