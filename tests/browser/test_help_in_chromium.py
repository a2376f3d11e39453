"""The help page in Chromium: found while one types, readable by keyboard, phone and screen reader, light and dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from conftest import opened, session
from helpers_app import PLAN, Inside, inside
from pagelook import Seen

from tierline.queue.history.article import Article
from tierline.queue.history.articles import Articles

HELP = (
    PLAN.replace("languages: [en]", "languages: [en, de]")
    .replace('{hours: "24/7"}}', '{hours: "24/7"}, office: {hours: "Mo-Fr 08:00-18:00"}}')
    .replace("entry: [{", "entry: [{channel: email, to: help@inside.example, service: help}, {")
)
BODY = """The lamp is red when there is **no line**.

## First look
- Is the cable in?
- Is the socket on? See [the picture](https://northwind.example/red-lamp).

```
ping -c 3 192.168.178.1
```
"""
ARTICLES = (
    Article("red-lamp", "en", "The router's lamp is red", BODY, ("router",), steps=("Pull the plug", "Wait ten seconds", "Put it in again"), state="published", at=1),
    Article("invoice", "en", "Where your invoice is", "In the portal, under *Invoices*.", state="published", at=2),
    Article("hostile", "en", "<img src=x onerror=alert(1)>", "<script>alert(2)</script> [x](javascript:alert(3))", state="published", at=3),
    Article("red-lamp", "de", "Die Lampe des Routers ist rot", "Dann ist keine Leitung da.", state="published", at=4),
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("help"), HELP) as it:
        for one in ARTICLES:
            await Articles(it.app.history.database).save(one)
        await it.call_api(
            "/incidents", {"text": "Mail to gmx.example is slow since nine o'clock.", "words": ["mail"]}
        )
        yield it


@session
async def at_help(request: pytest.FixtureRequest, browser: Any, running: Inside) -> AsyncIterator[Seen]:
    async with opened(request, browser) as (page, errors):
        seen = Seen(page=page, url=f"{running.product}/help?l=en", errors=errors)
        await page.goto(seen.url)
        yield seen


async def axe(page: Any) -> list[str]:
    """What axe finds; its own script is put in by the driver, past the page's policy."""
    module = pytest.importorskip("axe_playwright_python.async_playwright")
    found = await module.Axe().run(page)
    return [f"{it['id']}: {it['nodes'][0]['html'][:200]}" for it in found.response["violations"]]


def picture(request: pytest.FixtureRequest, name: str) -> Path:
    folder = Path(request.config.rootpath) / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder / f"help-{name}.png"


@pytest.mark.promise("help-page-for-all")
async def test_everybody_can_use_it_on_any_screen(
    request: pytest.FixtureRequest, at_help: Seen, size: tuple[int, int], scheme: str
) -> None:
    page, name = at_help.page, f"{size[0]}-{scheme}"
    assert "Mail to gmx.example" in await page.inner_text("main")
    await page.screenshot(path=picture(request, f"front-{name}"), full_page=True)
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.click("text=The router's lamp is red")
    await page.wait_for_selector("article")
    await page.screenshot(path=picture(request, f"article-{name}"), full_page=True)
    assert await axe(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.click('button[value="no"]')
    await page.wait_for_selector("#person")
    await page.screenshot(path=picture(request, f"person-{name}"), full_page=True)
    assert "A person will help you" in await page.inner_text("main")
    assert await axe(page) == []


@pytest.mark.promise("help-page-types")
async def test_it_is_found_while_one_types_and_the_address_can_be_sent_on(at_help: Seen) -> None:
    page = at_help.page
    await page.evaluate("window.still = true")
    await page.keyboard.press("Tab")
    await at_help.focused(".skip")
    await page.focus("#q")
    await page.keyboard.type("invo")
    await at_help.until("document.querySelectorAll('#results li').length === 1")
    assert "Where your invoice is" in await page.inner_text("#results")
    assert await page.evaluate("window.still") and "q=invo" in page.url
    await page.keyboard.type("xyz")
    await at_help.until("document.querySelector('#results .quiet') !== null")
    await page.goto(page.url.replace("invoxyz", "lamp"))
    assert "The router's lamp is red" in await page.inner_text("#results")
    assert await page.input_value("#q") == "lamp"


async def test_hostile_articles_stay_text(at_help: Seen) -> None:
    page = at_help.page
    await page.fill("#q", "<img src=x onerror=alert(4)>")
    await at_help.until(
        "document.querySelector('#results h2')?.textContent.includes('found') || document.querySelector('#results .quiet')"
    )
    await page.goto(at_help.url.replace("/help?", "/help/hostile?"))
    assert "<script>alert(2)</script>" in await page.inner_text("article")
    assert await page.evaluate("document.querySelectorAll('article a, article img').length") == 0


@pytest.mark.asyncio(loop_scope="session")
async def test_it_works_without_its_script(browser: Any, running: Inside) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{running.product}/help?l=de")
    await page.fill("#q", "Lampe")
    await page.click("text=Suchen")
    await page.click("text=Die Lampe des Routers ist rot")
    await page.click('button[value="yes"]')
    assert "Schön, dass es geholfen hat." in await page.inner_text("main")
    await context.close()
