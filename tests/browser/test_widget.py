"""The chat widget in a browser, on a website of its own, with the whole product behind it."""

from __future__ import annotations

import json
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
async def site(browser: Any, it: Inside, url: str = "", **more: Any) -> AsyncIterator[Any]:
    """The website, or the page at `url`, in a window of its own; nothing on it may have been hurt in the end."""
    context = await browser.new_context(**more)
    await context.add_init_script(WATCH)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        await page.goto(url or f"{it.base}/website")
        if not url:
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


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "<svg onload=alert(3)>", "\"><iframe srcdoc='<script>parent.alert(4)</script>'>",
    "javascript:alert(5)", "https://x.example/\"onmouseover=\"alert(6)", "https://x.example/<img src=x onerror=alert(7)>",
    "{{constructor.constructor('alert(8)')()}}", "\u202egnp.exe \u0000 " + "\u0301" * 50, "</style><script>alert(9)</script>", "x" * 5000,
]  # fmt: skip


@pytest.mark.promise("chat-widget")
@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_that_is_written_or_set_on_the_page_becomes_markup(
    browser: Any, tmp_path: Path
) -> None:
    nasty = HOSTILE[1].replace("'", "''")
    plan = PLAN.replace("SCHEDULE", "always").replace(
        "title: {en: Northwind, de: Northwind}", f"title: {{en: '{nasty}', de: '{nasty}'}}"
    )
    async with inside(tmp_path, plan) as it:
        await it.slash("Ada Lovelace", "available")
        async with site(browser, it) as page:
            # What a page may set on the tag, as badly as it can be set.
            await page.evaluate(
                """(words) => { const tag = document.querySelector('script[src*="widget.js"]');
                for (const name of ['language', 'theme', 'open', 'title', 'colour']) tag.setAttribute('data-' + name, words[1]); }""",
                HOSTILE,
            )
            await page.locator("button.launcher").click()
            for text in HOSTILE:
                await writes(page, text)
            await page.wait_for_function(
                "n => document.querySelector('[data-tierline-chat]').shadowRoot.querySelectorAll('li.visitor:not(.pending)').length === n",
                arg=len(HOSTILE),
            )
            contact = (await it.api("/contacts"))[0]["id"]
            for text in HOSTILE:
                body = json.dumps({"text": text or "-", "by": text})
                await it.app.queue.text(contact, "moved", body, unasked=False)
            await page.wait_for_function(
                "n => document.querySelector('[data-tierline-chat]').shadowRoot.querySelectorAll('li.system').length > n",
                arg=len(HOSTILE),
            )
            made = await page.evaluate(
                """() => { const root = document.querySelector('[data-tierline-chat]').shadowRoot;
                return { odd: root.querySelectorAll('script, img, iframe, svg svg, [onerror], [onload], [onmouseover], b').length,
                    links: [...root.querySelectorAll('a')].map((it) => it.protocol) }; }"""
            )
            assert made["odd"] == 0 and set(made["links"]) <= {"https:"}


@pytest.mark.promise("chat-widget")
@pytest.mark.asyncio(loop_scope="session")
async def test_the_page_and_the_widget_leave_each_other_alone(browser: Any, stage: Inside) -> None:
    async with site(browser, stage) as page:
        before = await page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
        await page.locator("button.launcher").click()
        await page.locator("form:not(.column) textarea").wait_for()
        style = await page.evaluate(
            """() => { const root = document.querySelector('[data-tierline-chat]').shadowRoot;
            const button = getComputedStyle(root.querySelector('.launcher')), text = getComputedStyle(root.querySelector('h2'));
            const host = getComputedStyle(root.host);
            return [button.position, button.borderRadius, text.fontFamily, host.transform, host.opacity,
                text.letterSpacing, text.textTransform, text.fontStyle]; }"""
        )
        assert style[3:] == ["none", "1", "normal", "none", "normal"], "no rule of the page comes in"
        assert (
            style[0] == "fixed"
            and style[1] == "50%"
            and "Courier" not in style[2]
            and "Georgia" not in style[2]
        )
        assert await page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily") == before
        assert (
            await page.evaluate(
                "Object.keys(window).filter((it) => /^(Wire|View|WORDS|STYLE)$|tierline/.test(it))"
            )
            == []
        )


@pytest.mark.promise("chat-ends")
@pytest.mark.asyncio(loop_scope="session")
async def test_a_visitor_says_how_it_was(browser: Any, stage: Inside) -> None:
    await stage.slash("Ada Lovelace", "available")
    async with site(browser, stage) as page:
        await page.locator("button.launcher").click()
        await writes(page, "Is it open?")
        await stage.accept("Ada Lovelace")
        await page.get_by_text("Ada is with you.").wait_for()
        await replies(stage, "It is.")
        await page.get_by_text("It is.").wait_for()
        contact = (await stage.api("/contacts"))[0]["id"]
        await stage.call_api(f"/contacts/{contact}/close", {"disposition": "solved", "by": "mira"})
        await page.get_by_role("button", name="5").wait_for()
        await picture(page, "rating")
        await accessible(page)
        await page.get_by_role("button", name="5").click()
        await page.get_by_text("Thank you!").wait_for()
