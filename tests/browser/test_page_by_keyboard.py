"""The keyboard alone plays everybody, and lists are one Tab stop each."""

from __future__ import annotations

import pytest
from pagelook import Look


@pytest.mark.promise("stage-page-keyboard")
async def test_the_keyboard_alone_goes_from_a_text_to_the_closed_contact(
    look: Look, size: tuple[int, int]
) -> None:
    keys = look.page.keyboard
    await keys.press("p")  # who am I in Slack: Ada; the second is Lin
    await look.focused("[data-person=U1]")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await look.until("document.querySelector('[data-person=U2]').getAttribute('aria-pressed') === 'true'")
    await keys.press("v")
    await look.focused("#go-available")
    await keys.press("Enter")
    await look.until("document.querySelector('.presence .me').textContent.includes('available')")
    await keys.press("c")  # the second customer
    await look.focused("#customer")
    await keys.press("ArrowDown")
    await look.until("document.querySelector('#customer').value === '+4915187654321'")
    await keys.press("Escape")
    await keys.press("t")
    await look.focused("#sms-text")
    await keys.type("My server is down")
    await keys.press("Enter")
    await look.until("document.querySelectorAll('.bubble.mine').length === 1")
    await keys.press("Escape")
    await keys.press("a")
    await look.focused("[data-action='offer.accept']")
    await keys.press("Enter")
    await look.focused("#slack-text")  # in the thread that the accept opened
    await look.until("document.querySelector('.channel-head').textContent.includes('Thread')")
    await keys.type("On it, Jon.")
    await keys.press("Enter")
    await look.until(
        "[...document.querySelectorAll('.bubble.theirs')].some(b => b.textContent.includes('On it, Jon.'))"
    )
    await keys.press("Escape")
    await keys.press("u")
    await look.focused("[data-action='reply.undo']")
    await keys.press("Enter")
    await look.until("!document.querySelector(\"[data-action='reply.undo']\")")
    assert await look.page.evaluate("document.activeElement !== document.body"), (
        "the focus fell off with the button"
    )
    await keys.press("x")
    await look.focused("[data-action='contact.close']")
    await keys.press("Enter")
    await look.page.wait_for_selector("dialog.view[open]")
    await look.focused("dialog.view *")
    await look.page.focus("dialog.view select")
    await keys.type("Sol")
    await keys.press("Tab")
    await keys.type("Cable")
    await keys.press("Enter")
    await look.until("document.querySelectorAll('.ended .contact').length === 1")
    assert [c["state"] for c in look.stage.contacts] == ["closed"]


async def test_a_refused_form_says_so_beside_the_field(look: Look) -> None:
    look.stage.open_close("U1", {"ts": "1.0"})
    await look.page.wait_for_selector("dialog.view[open]")
    await look.page.focus("dialog.view input")
    await look.page.keyboard.press("Enter")
    await look.until("document.querySelectorAll('[aria-invalid=true]').length === 2")
    await look.page.select_option("dialog.view select", "solved")
    await look.page.fill("dialog.view input", "?")
    await look.page.keyboard.press("Enter")
    await look.until("document.querySelector('.field-error')?.textContent === 'A question mark is no cause.'")
    described = await look.page.get_attribute("dialog.view input", "aria-describedby")
    assert await look.page.text_content(f"#{described}") == "A question mark is no cause."
    assert look.stage.submitted[-1]["values"]["disposition"]["value"]["selected_option"]["value"] == "solved"


async def test_a_list_is_one_tab_stop_and_arrows_move_in_it(look: Look) -> None:
    stops = "[...document.querySelectorAll('[data-rove]')].map(l => l.querySelectorAll('[data-item][tabindex=\"0\"]').length)"
    assert set(await look.page.evaluate(stops)) == {1}
    await look.page.focus("[data-person=U1]")
    await look.page.keyboard.press("End")
    await look.focused("[data-person=U4]")
    await look.page.keyboard.press("Home")
    await look.focused("[data-person=U1]")


async def test_skip_links_come_first_and_lead_where_they_say(look: Look) -> None:
    await look.page.keyboard.press("Tab")
    await look.focused(".skips a")
    await look.page.keyboard.press("Tab")
    await look.page.keyboard.press("Tab")
    await look.page.keyboard.press("Enter")
    await look.focused("#slack")


async def test_the_drawer_gives_the_focus_back(look: Look) -> None:
    look.stage.arrive("+4915112345678", "My server is down")
    await look.page.focus(".waiting .contact")
    await look.page.keyboard.press("Enter")
    await look.focused("#drawer")
    await look.until("document.querySelector('#drawer').textContent.includes('step 2 asks L2 too')")
    await look.page.keyboard.press("Escape")
    await look.focused(".waiting .contact")


async def test_half_typed_words_and_the_focus_survive_news(look: Look) -> None:
    await look.page.focus("#slack-text")
    await look.page.keyboard.type("half a sen")
    for n in range(5):
        look.stage.arrive(f"+49151200000{n:02}", "Down")
    await look.until("document.querySelectorAll('.waiting .contact').length === 5")
    await look.focused("#slack-text")
    assert await look.page.input_value("#slack-text") == "half a sen"


async def test_single_keys_can_be_switched_off(look: Look) -> None:
    await look.page.keyboard.press("?")
    await look.page.uncheck("dialog.help input[type=checkbox]")
    await look.page.keyboard.press("Escape")
    await look.until("!document.querySelector('dialog[open]')")
    await look.page.keyboard.press("f")
    await look.page.keyboard.press("?")
    await look.page.wait_for_selector("dialog.help[open]")
    assert await look.page.query_selector("#panel") is None
