"""Both sizes, both themes: nothing runs off the side, and axe finds nothing serious in any state of the page."""

from __future__ import annotations

import pytest
from pagelook import Look, Seen

TABS = ("Phone", "Queue", "Slack", "Stage")


async def fill(look: Look) -> None:
    """Somebody talking, somebody asked, a dozen waiting, one with a very long name and text."""
    look.stage.write("slack/command", {"user": "U1", "text": "available"})
    look.stage.write("slack/command", {"user": "U2", "text": "available"})
    look.stage.arrive("+4915112345678", "My server is down " + "w" * 300)
    offer = next(m for m in look.stage.messages if "offer.accept" in str(m["blocks"]))
    look.stage.write("slack/act", {"user": "U1", "ts": offer["ts"], "action_id": "offer.accept"})
    for n in range(13):
        look.stage.arrive(f"+49151200000{n:02}", "Everything is down")
    await look.until("document.querySelectorAll('.waiting .contact').length > 3")


async def fits(look: Seen) -> None:
    wide = await look.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    # What a column clips runs off as well: only boxes that scroll sideways on purpose may hold wider things.
    cut = """[...document.querySelectorAll('.col button, .col article, .col input, .col select, .col li')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && box.right > innerWidth + 1 && !e.closest('.presets, .rail-bar, .table-box');
    }).map(e => e.className)"""
    assert await look.page.evaluate(cut) == []


async def axe(look: Seen, part: str | None = None) -> None:
    from axe_playwright_python.async_playwright import Axe

    found = (await Axe().run(look.page, context=part, options={"resultTypes": ["violations"]})).response[
        "violations"
    ]
    serious = [
        (v["id"], [n["target"] for n in v["nodes"]][:4])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.fixture
def needs_axe() -> None:
    pytest.importorskip("axe_playwright_python", reason="axe is missing: pip install -e '.[browser]'")


@pytest.mark.promise("stage-page-fits")
async def test_an_empty_stage_fits_and_axe_finds_nothing_serious(
    look: Look, size: tuple[int, int], scheme: str, needs_axe: None
) -> None:
    await fits(look)
    await axe(look)


@pytest.mark.promise("stage-page-fits")
async def test_a_full_stage_fits_and_axe_finds_nothing_serious_in_any_tab(
    look: Look, size: tuple[int, int], scheme: str, needs_axe: None
) -> None:
    await fill(look)
    for tab in TABS if size[0] < 1080 else TABS[:1]:
        if size[0] < 1080:
            await look.page.click(f'.bottom button:has-text("{tab}")')
        await fits(look)
        await axe(look)


@pytest.mark.promise("stage-page-fits")
async def test_every_panel_fits_and_axe_finds_nothing_serious(
    look: Look, size: tuple[int, int], scheme: str, needs_axe: None
) -> None:
    await fill(look)
    for key, shown in {
        "z": "#panel.time",
        "f": "#panel.faults",
        "w": "#panel.wire",
        "y": "#drawer table",
        "?": "dialog[open]",
    }.items():
        await look.page.keyboard.press(key)
        await look.page.wait_for_selector(shown)
        await fits(look)
        await axe(look, shown)
        await look.page.keyboard.press("Escape")
        await look.until(f"!document.querySelector({shown!r})")


async def test_a_modal_of_the_app_fits_and_axe_finds_nothing_serious(
    look: Look, size: tuple[int, int], scheme: str, needs_axe: None
) -> None:
    look.stage.open_close("U1", {"ts": "1.0"})
    await look.page.wait_for_selector("dialog.view[open]")
    await fits(look)
    await axe(look)


async def test_the_chosen_theme_wins_over_the_systems_and_is_kept(look: Look) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await look.page.evaluate(ground)
    await look.page.keyboard.press("d")
    await look.until(f"{ground} !== {light!r}")
    await look.page.reload()
    await look.page.wait_for_selector("#queue")
    assert await look.page.evaluate("document.documentElement.dataset.theme") == "dark"
