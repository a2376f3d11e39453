"""SEC22: whatever is written into a field that others read in a browser stays words there: nothing of it ever runs."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from conftest import WATCH
from helpers_xss import MATRIX
from test_widget import PLAN, site, writes

from tests.helpers_app import inside
from tierline.channels.email.showing import page as mail_page
from tierline.queue.history.article import Article
from tierline.queue.history.articles import Articles

ALWAYS = PLAN.replace("SCHEDULE", "always")
LIVELY = (
    "script, iframe, object, embed, style, link, base, meta, form form, svg svg, math, marquee, video, audio"
)
FOUND = f"""(root) => ({{
    lively: [...root.querySelectorAll({json.dumps(LIVELY)})].length,
    handlers: [...root.querySelectorAll('*')].filter((it) => [...it.attributes].some((a) => a.name.startsWith('on'))).length,
    links: [...new Set([...root.querySelectorAll('a[href]')].map((it) => it.protocol))],
}})"""


def parts(size: int) -> list[tuple[str, ...]]:
    return [MATRIX[i : i + size] for i in range(0, len(MATRIX), size)]


def sealed(found: Any, *links: str) -> None:
    assert (found["lively"], found["handlers"]) == (0, 0), found
    assert set(found["links"]) <= {"http:", "https:", *links}, found


@pytest.mark.promise("nothing-runs")
@pytest.mark.asyncio(loop_scope="session")
async def test_in_the_chat_texts_names_files_and_choices_stay_words(browser: Any, tmp_path: Path) -> None:
    assert len(MATRIX) >= 200
    in_widget = (
        f"() => ({FOUND})(document.querySelector('[data-tierline-chat]').shadowRoot.querySelector('.log'))"
    )
    shown = "n => document.querySelector('[data-tierline-chat]').shadowRoot.querySelectorAll('.log li').length > n"
    async with inside(tmp_path, ALWAYS) as it, site(browser, it) as page:
        await page.locator("button.launcher").click()
        own = parts(20)
        for some in own:
            await writes(page, "\n".join(some))
        await page.locator("li.visitor:not(.pending)").nth(len(own) - 1).wait_for()
        contact = (await it.api("/contacts"))[0]["id"]
        for n, some in enumerate(parts(3)):
            body = {"text": some[0], "by": some[-1], "media": [["https://a.example/x", "image/png", some[0]]]}
            asks = {"brief": some[0], "choices": some} if n % 2 else {}
            kind = "reply" if n % 3 == 0 else "moved"
            await it.app.queue.text(contact, kind, json.dumps({**body, **asks}), unasked=False)
        many = len(own) + len(parts(3))
        await page.wait_for_function(shown, arg=many)
        sealed(await page.evaluate(in_widget))
        await page.reload()  # as whoever comes back is shown it
        await page.locator("button.launcher").click()
        await page.wait_for_function(shown, arg=many)
        sealed(await page.evaluate(in_widget))


@pytest.mark.promise("nothing-runs")
@pytest.mark.asyncio(loop_scope="session")
async def test_on_the_help_page_articles_and_what_is_searched_stay_words(
    browser: Any, tmp_path: Path
) -> None:
    in_page = f"() => ({FOUND})(document.querySelector('main'))"
    async with inside(tmp_path, ALWAYS) as it:
        articles = Articles(it.app.history.database)
        written = parts(40)
        for n, some in enumerate(written):
            shapes = ("{}", "- {}", "## {}", "**{}**", "[x]({})", "> {}", "`{}`", "```\n{}\n```")
            body = "\n\n".join(shape.format(one) for one in some for shape in shapes)
            await articles.save(
                Article(f"a{n}", "en", some[0][:200], body, (some[1],), steps=some, state="published", at=n)
            )
        await it.call_api("/incidents", {"text": MATRIX[2], "words": ["mail"]})
        async with site(browser, it, f"{it.product}/help?l=en") as page:
            sealed(await page.evaluate(in_page), "tel:", "sms:", "mailto:")
            wanted = ["".join(some)[:200] for some in parts(6)]
            await page.evaluate(
                """async (wanted) => { for (const q of wanted) {
                    const answer = await fetch('/help?part=1&l=en&q=' + encodeURIComponent(q));
                    if (!answer.ok) throw new Error(answer.status);
                    document.getElementById('results').innerHTML += await answer.text(); } }""",
                wanted,
            )
            sealed(await page.evaluate(in_page), "tel:", "sms:", "mailto:")
            for n in range(len(written)):
                await page.goto(f"{it.product}/help/a{n}?l=en")
                assert await page.locator("article ol li").count() == len(written[n])
                sealed(await page.evaluate(in_page), "tel:", "sms:", "mailto:")


@pytest.mark.promise("nothing-runs")
@pytest.mark.asyncio(loop_scope="session")
async def test_in_a_mails_page_its_subject_names_text_and_files_stay_words(browser: Any) -> None:
    context = await browser.new_context()
    await context.add_init_script(WATCH)
    page = await context.new_page()
    await page.goto("about:blank")
    for some in parts(6):
        mail = EmailMessage()
        words = [" ".join(one.replace("\0", "").split()) for one in some]
        mail["Subject"], mail["From"] = (
            " ".join(words)[:900],
            f'"{words[0]}" <ann@a.example>'.replace("\\", ""),
        )
        mail.set_content("\n".join(some).replace("\0", ""))
        mail.add_alternative("\n".join(f"<p>{one}</p>" for one in some).replace("\0", ""), subtype="html")
        for one in words:
            mail.add_attachment(b"x", maintype="image", subtype="png", filename=one)
        await page.set_content(mail_page(mail.as_bytes()))
        await page.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
        sealed(await page.evaluate(f"() => ({FOUND})(document.querySelector('article.mail'))"), "mailto:")
        assert await page.evaluate("window.hurt") == [], some
    await context.close()
