"""The chat widget in a browser, on a website of its own, with the whole product behind it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.helpers_app import DESK, OPS, Inside, inside

PLAN = f"""
site: inside
timezone: Europe/Berlin
languages: [en, de]
supervisors: [mira@inside.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}, never: {{hours: "Mo-Su 00:00-24:00; 2020-2040 off"}}}}
channels:
  chat:
    origins: [https://shop.example]
    colour: "#7a1fa2"
    title: {{en: Northwind, de: Northwind}}
    hello: {{en: "Hello! How can we help?", de: "Hallo! Wie können wir helfen?"}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help: {{schedule: SCHEDULE, answer_within: 10m, steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]}}
entry:
  - {{channel: sms, to: "{DESK}", service: help}}
  - {{channel: chat, service: help}}
agents:
  - {{name: Ada Lovelace, slack: ada@inside.example, team: desk, tier: L1}}
settings: {{hold_reply: 1s}}
closing: {{rate: [chat]}}
texts: {{rating: {{en: "How was it?", de: "Wie war es?"}}}}
"""
NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script> javascript:alert(3) https://example.org/a?b=1."
WATCH = """
window.hurt = [];
window.alert = (x) => { window.hurt.push('dialog ' + x); };
document.addEventListener('securitypolicyviolation', (e) => window.hurt.push('csp ' + e.violatedDirective + ' ' + e.blockedURI));
"""
SHOTS = os.environ.get("TIERLINE_SHOTS", "")
"""A folder for pictures of what the tests see; none where it isn't set."""


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, PLAN.replace("SCHEDULE", "always")) as it:
        yield it


@asynccontextmanager
async def site(browser: Any, it: Inside, **more: Any) -> AsyncIterator[Any]:
    """The website in a window of its own; nothing on it may have been hurt in the end."""
    context = await browser.new_context(**more)
    await context.add_init_script(WATCH)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        await page.goto(f"{it.base}/website")
        await page.locator("button.launcher").wait_for()
        yield page
        assert errors == [] and await page.evaluate("window.hurt") == []
    finally:
        await context.close()


async def writes(page: Any, text: str) -> None:
    await page.locator("form:not(.column) textarea").fill(text)
    await page.keyboard.press("Enter")


async def picture(page: Any, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/widget-{name}.png")


async def replies(it: Inside, text: str) -> None:
    parent = (await it.until(lambda: it.channel("desk")))[0]
    body = {"user": it.person("Ada Lovelace").slack, "channel": parent["channel"], "thread_ts": parent["ts"]}
    await it.call("/slack/reply", {**body, "text": text})


async def accessible(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe is missing")
    found = await axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.promise("chat-widget")
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("name", "size", "scheme"), [
    ("light", (1100, 800), "light"), ("dark", (1100, 800), "dark"), ("phone", (390, 780), "light"),
])  # fmt: skip
async def test_a_visitor_and_an_agent_talk_on_any_page(
    browser: Any, stage: Inside, name: str, size: tuple[int, int], scheme: str
) -> None:
    await stage.slash("Ada Lovelace", "available")
    view = {"width": size[0], "height": size[1]}
    async with site(browser, stage, viewport=view, color_scheme=scheme, locale="en-GB") as page:
        await page.locator("button.launcher").click()
        await page.locator("form:not(.column) textarea").wait_for()
        assert await page.evaluate(
            "document.querySelector('[data-tierline-chat]').shadowRoot.activeElement.tagName === 'TEXTAREA'"
        )
        await writes(page, NASTY)
        await page.locator("li.visitor:not(.pending)").wait_for()
        await picture(page, f"{name}-waiting")
        await stage.accept("Ada Lovelace")
        await page.get_by_text("Ada is with you.").wait_for()
        await replies(stage, "I am on it & <b>looking</b>")
        await page.get_by_text("I am on it & <b>looking</b>").wait_for()
        assert await page.locator("li.agent .who").first.text_content() != ""
        assert await page.locator("li a").get_attribute("href") == "https://example.org/a?b=1"
        await picture(page, f"{name}-talking")
        await accessible(page)


@pytest.mark.promise("chat-resume")
@pytest.mark.asyncio(loop_scope="session")
async def test_who_reloads_the_page_sees_the_conversation_again(browser: Any, stage: Inside) -> None:
    async with site(browser, stage) as page:
        await page.locator("button.launcher").click()
        await writes(page, "First words")
        await page.locator("li.visitor:not(.pending)").wait_for()
        await page.reload()
        await page.locator("button.launcher").click()
        await page.get_by_text("First words").wait_for()
        assert await page.locator("li.visitor").count() == 1
        other = await page.context.new_page()
        await other.goto(f"{stage.base}/website")
        await other.locator("button.launcher").click()
        await other.get_by_text("First words").wait_for()
        await writes(other, "From the other tab")
        await page.get_by_text("From the other tab").wait_for()
        assert await page.locator("li.visitor").count() == 2


@pytest.mark.promise("chat-widget")
@pytest.mark.asyncio(loop_scope="session")
async def test_it_is_all_done_by_keyboard(browser: Any, stage: Inside) -> None:
    async with site(browser, stage) as page:
        await page.locator("button.launcher").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.type("By keys alone")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("in two lines")
        await page.keyboard.press("Enter")
        await page.locator("li.visitor:not(.pending)").wait_for()
        await page.keyboard.press("Escape")
        assert not await page.locator(".panel").is_visible()
        assert await page.evaluate(
            "document.querySelector('[data-tierline-chat]').shadowRoot.activeElement.className === 'launcher'"
        )


@pytest.mark.promise("chat-closed")
@pytest.mark.asyncio(loop_scope="session")
async def test_who_comes_outside_the_hours_leaves_a_message_with_an_address(
    browser: Any, tmp_path: Path
) -> None:
    async with (
        inside(tmp_path, PLAN.replace("SCHEDULE", "never")) as it,
        site(browser, it, locale="de-DE", viewport={"width": 390, "height": 780}) as page,
    ):
        await page.evaluate("document.documentElement.lang = ''")
        await page.locator("button.launcher").click()
        await page.locator("input[name=reach]").wait_for()
        await picture(page, "closed")
        await accessible(page)
        await page.locator("input[name=name]").fill("Eva")
        await page.locator("input[name=reach]").fill("eva@customer.example")
        await page.locator("textarea[name=text]").fill("Please write to me")
        await page.locator("button.primary").click()
        await page.locator("li.visitor:not(.pending)").wait_for()

        async def noted() -> bool:
            contact = (await it.api("/contacts"))[0]["id"]
            notes = [
                m["text"] for m in (await it.api(f"/contacts/{contact}"))["transcript"] if m["kind"] == "note"
            ]
            return any("eva@customer.example" in note for note in notes)

        await it.until(noted)
        await asyncio.sleep(0)


@pytest.mark.promise("chat-files")
@pytest.mark.asyncio(loop_scope="session")
async def test_a_visitors_file_is_in_the_conversation(browser: Any, stage: Inside) -> None:
    async with site(browser, stage) as page:
        await page.locator("button.launcher").click()
        await writes(page, "A picture comes")
        await page.locator("li.visitor:not(.pending)").wait_for()
        png = b"\x89PNG\r\n\x1a\n" + b"0" * 100
        await page.locator("input[type=file]").set_input_files(
            {"name": "shot.png", "mimeType": "image/png", "buffer": png}
        )
        await page.get_by_text("shot.png").wait_for()
        await page.locator("input[type=file]").set_input_files(
            {"name": "bad.exe", "mimeType": "image/png", "buffer": b"MZ\x00\x01"}
        )
        await page.get_by_text("This file can't be sent.").wait_for()
