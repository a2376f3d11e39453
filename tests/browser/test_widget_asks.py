"""A script in the widget: answers are chosen by press or by key, a person among them; on the help page as well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from test_widget import PLAN, accessible, picture, site, writes

from tests.helpers_app import Inside, inside
from tierline.queue.history.article import Article
from tierline.queue.history.articles import Articles

ASKING = (
    PLAN.replace("SCHEDULE", "always").replace("{channel: chat, service: help}", "{channel: chat, service: help, first: start}")
    + """
scripts:
  start:
    wait: 5m
    steps:
      - ask: device
        say: {en: Which device is it about?, de: Um welches Gerät geht es?}
        choices:
          - {value: router, say: {en: My router, de: Mein Router}}
          - {value: phone, say: {en: "A phone, or anything else that rings & <blinks>", de: "Ein Telefon oder was sonst <blinkt>"}}
      - {ask: lamp, say: {en: Which lamp is red?, de: Welche Lampe ist rot?}}
"""
)  # fmt: skip
LAMP = Article("red-lamp", "en", "The router's lamp is red", "Pull the **plug**.", state="published", at=1)


@pytest_asyncio.fixture(loop_scope="session")
async def asking(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, ASKING) as it:
        await it.slash("Ada Lovelace", "available")
        yield it


@pytest.mark.promise("chat-choices")
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("name", "size", "scheme"), [
    ("light", (1100, 800), "light"), ("dark", (1100, 800), "dark"), ("phone", (390, 780), "light"),
])  # fmt: skip
async def test_answers_are_chosen_by_press_and_by_key(
    browser: object, asking: Inside, name: str, size: tuple[int, int], scheme: str
) -> None:
    view = {"width": size[0], "height": size[1]}
    async with site(browser, asking, viewport=view, color_scheme=scheme, locale="en-GB") as page:
        await page.locator("button.launcher").click()
        await writes(page, "It blinks")
        first = page.get_by_role("button", name="My router")
        await first.wait_for()
        await page.get_by_text("A few questions first").wait_for()
        await picture(page, f"choices-{name}")
        await accessible(page)
        await first.focus()
        await page.keyboard.press("Enter")
        assert await page.evaluate(
            "document.querySelector('[data-tierline-chat]').shadowRoot.activeElement.tagName === 'TEXTAREA'"
        ), "whoever chose by key writes on"
        await page.get_by_text("Which lamp is red?").wait_for()
        assert await first.count() == 0, "what is answered can't be answered again"
        await page.reload()
        await page.locator("button.launcher").click()
        person = page.get_by_role("button", name="Talk to a person")
        await person.wait_for()
        assert await page.locator(".choices").count() == 1 and await page.locator("li.visitor").count() == 2
        await person.click()
        await asking.accept("Ada Lovelace")
        await page.get_by_text("Ada is with you.").wait_for()
        assert await page.locator(".choices").count() == 0
        await picture(page, f"person-{name}")


@pytest.mark.promise("help-chat")
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("name", "size", "scheme"), [
    ("light", (1100, 800), "light"), ("dark", (1100, 800), "dark"), ("phone", (390, 780), "dark"),
])  # fmt: skip
async def test_whom_an_article_doesnt_help_talks_to_a_person_on_the_same_page(
    browser: object, asking: Inside, name: str, size: tuple[int, int], scheme: str
) -> None:
    await Articles(asking.app.history.database).save(LAMP)
    await asking.call_api("/incidents", {"text": "Mail is slow since nine.", "words": ["mail"]})
    view = {"width": size[0], "height": size[1]}
    async with site(
        browser, asking, f"{asking.product}/help?l=en", viewport=view, color_scheme=scheme, locale="en-GB"
    ) as page:
        assert (await page.inner_text("main")).lstrip().startswith("We know of this"), (
            "what is known stands first"
        )
        await page.fill("#q", "lamp")
        await page.locator("#results a").first.click()
        await page.click('button[value="no"]')
        await page.locator("#chat").click()
        await page.locator("form:not(.column) textarea").wait_for()
        await picture(page, f"help-open-{name}")
        await writes(page, "My lamp is red")
        await page.get_by_role("button", name="My router").wait_for()
        await picture(page, f"help-{name}")
        await accessible(page)
