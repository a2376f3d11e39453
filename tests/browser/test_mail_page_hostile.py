"""A mail's page in Chromium, without the policy that would stop it as well: nothing runs, and nothing is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import WATCH
from helpers_xss import XSS

from tierline.channels.email.showing import page


def mail(html: str) -> bytes:
    head = "From: Ann <ann@a.example>\r\nSubject: " + html.replace("\n", " ").replace("\0", "")
    return f"{head}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hi</p>{html}<p>there</p>".encode(
        "utf-8", "replace"
    )


@pytest.mark.promise("mail-shown")
@pytest.mark.asyncio(loop_scope="session")
async def test_no_mail_runs_or_asks_for_anything(browser: Any) -> None:
    context = await browser.new_context()
    await context.add_init_script(WATCH)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    seen = await context.new_page()
    await seen.goto("about:blank")
    for html in (*XSS, "".join(XSS), "".join(reversed(XSS))):
        await seen.set_content(page(mail(html)))
        await seen.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
        await seen.evaluate(
            "for (const it of document.querySelectorAll('article *')) {"
            " it.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));"
            " if (!it.closest('a')) it.click(); }"
        )
        assert await seen.evaluate("window.hurt") == [], html
        assert [it for it in asked if not it.startswith(("about:", "data:"))] == [], html
        assert await seen.evaluate("document.querySelector('article.mail') !== null")
    await context.close()
