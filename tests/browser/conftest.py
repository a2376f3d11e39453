"""A Chromium of the system's, a stage for it to look at, and one page per test that reports what it must not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from browsers import chromium
from deskapp import DeskLook, desk_stage
from pagelook import Look
from stagefake import StageFake

ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
]
WATCH = """
window.hurt = [];
window.alert = window.confirm = window.prompt = (x) => { window.hurt.push('dialog ' + x); };
document.addEventListener('securitypolicyviolation', (e) => window.hurt.push('csp ' + e.violatedDirective + ' ' + e.blockedURI));
"""


# One browser for all tests of a run: so they share one event loop, too.
session = pytest_asyncio.fixture(loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"look", "at_slack", "at_help"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Any]:
    playwright = pytest.importorskip(
        "playwright.async_api", reason="playwright is missing: pip install -e '.[browser]'"
    )
    if not (binary := chromium()):
        pytest.skip("no Chromium on this machine (apt install chromium-headless-shell)")
    async with playwright.async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=binary, args=ARGS)
        yield running
        await running.close()


@session
async def stage() -> AsyncIterator[StageFake]:
    fake = StageFake()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["1440", "390"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def opened(request: pytest.FixtureRequest, browser: Any) -> AsyncIterator[tuple[Any, list[str]]]:
    """An empty page and the errors in it; 1440 px and light unless the test asks for `size` or `scheme`."""
    width, height = request.getfixturevalue("size") if "size" in request.fixturenames else (1440, 900)
    theme = request.getfixturevalue("scheme") if "scheme" in request.fixturenames else "light"
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    await context.add_init_script(WATCH)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page, errors
    assert await page.evaluate("window.hurt") == []
    assert errors == []
    await context.close()


@session
async def look(request: pytest.FixtureRequest, browser: Any, stage: StageFake) -> AsyncIterator[Look]:
    """The sandbox's page in Chromium, and a made-up stage behind it."""
    async with opened(request, browser) as (page, errors):
        seen = Look(page=page, stage=stage, url=f"http://127.0.0.1:{stage.port}/", errors=errors)
        await page.goto(seen.url)
        await page.wait_for_selector("#queue", state="attached")
        await seen.until("document.querySelectorAll('.agent').length > 0")
        yield seen


@session
async def at_slack(request: pytest.FixtureRequest, browser: Any) -> AsyncIterator[DeskLook]:
    """The sandbox's page in Chromium at Slack, the real stand-in behind it, and an app that the test plays."""
    async with desk_stage() as app, opened(request, browser) as (page, errors):
        seen = DeskLook(page=page, app=app, url=app.page, errors=errors)
        await page.goto(seen.url)
        await page.wait_for_selector("#slack", state="attached")
        if page.viewport_size["width"] < 1080:
            await page.click('.bottom button:has-text("Slack")')
        await page.wait_for_selector("[data-place=home]")
        yield seen
