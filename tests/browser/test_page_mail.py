"""The customer's mail program on the page: writing with a file, reading what came, the raw mail, an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import WATCH
from helpers_app import inside
from helpers_mail import EVA, MAILS, got

HOSTILE = b'<p>Hi</p><script>parent.hurt.push("ran")</script><img src="http://evil.example/pixel.gif" onerror="alert(1)">'


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.promise("stage-page-mail")
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["1440", "390"])
async def test_a_customer_writes_with_a_file_and_answers_what_came(
    tmp_path: Path, browser: Any, size: tuple[int, int]
) -> None:
    async with inside(tmp_path, MAILS) as it:
        page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
        errors: list[str] = []
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        await page.add_init_script(WATCH)
        await page.goto(it.base)
        if size[0] < 1080:
            await page.click('.bottom button:has-text("Phone")')
        await page.click('.modes button:has-text("Mail")')
        await page.select_option("#mail-who", EVA)
        await page.click("#mail-new")
        await page.fill("#mail-subject", "Störung: “Ü” 🎉")
        await page.fill("#mail-text", "Zeile eins\n\n.Zeile mit Punkt\nÄ")
        await page.set_input_files(
            "#mail-files", [{"name": "Foto Ü.txt", "mimeType": "text/plain", "buffer": b"\0bytes"}]
        )
        await page.wait_for_selector("text=Foto Ü.txt")
        await page.click('.mail-write button:has-text("Send")')
        await page.wait_for_selector(".mail-row.sent")
        await it.slash("Ada", "available")
        await it.accept("Ada", "Zeile eins")
        contact = str((await it.contacts(EVA))[0]["id"])
        said = [m for m in await it.app.queue.messages(contact) if m.kind == "in"][0].body
        assert "Störung: “Ü” 🎉" in said and ".Zeile mit Punkt" in said
        (sent,) = await it.call(f"/mail/box?address={EVA}")
        assert [(a["name"], a["size"]) for a in sent["attachments"]] == [("Foto Ü.txt", 6)]
        wide = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        column = await page.evaluate(
            "(e => e.scrollWidth <= e.clientWidth + 1)(document.querySelector('#phone'))"
        )
        assert wide and column

        # What came, as its program shows it: nothing in it runs, nothing is fetched from anywhere.
        mail = it.rehearsal.mail
        raw = b"From: a@inside.example\r\nSubject: Odd\r\nContent-Type: text/html\r\n\r\n" + HOSTILE
        await mail._submitted("", (EVA,), raw)
        await page.click('.mail-row.came:has-text("Odd")')
        frame = page.frame_locator(".mail-frame")
        await frame.locator("text=Hi").wait_for()
        assert await page.evaluate("window.hurt") == []
        await page.click('.mail-read button:has-text("Raw")')
        await page.locator(".mail-text", has_text="evil.example").wait_for()
        await page.click("#mail-reply")
        await page.fill("#mail-to", "nobody-of-ours@inside.example")
        await page.click('.mail-write button:has-text("Send")')
        await page.wait_for_selector("text=The mail was not taken (550)")
        assert await page.input_value("#mail-subject") == "Re: Odd"  # nothing typed is lost
        # The driver's own script isn't let into the frame either, which Chromium says aloud.
        assert not [it for it in errors if "frame is sandboxed" not in it]
        assert await got(it, "Odd")
        await page.close()
