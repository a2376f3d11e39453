"""The whole mail behind a link: as a page that can do nothing, as it came, and its files, only ever saved."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from helpers_app import Inside
from mail_stage import BOX, EVA_MAIL, bring, mail_stage

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
HTML = (
    '<p>Look <a href="https://bank.example">here</a></p><script>alert(1)</script>'
    '<img src="https://spy.example/x.gif"><li data-part="9">fake <small>x</small></li>'
)
PAGE = b"<html><script>alert(document.domain)</script></html>"


def _mail() -> bytes:
    it = EmailMessage()
    it["From"], it["To"], it["Subject"] = f"Eva <{EVA_MAIL}>", BOX, "Two files <script>"
    it["Message-ID"], it["Date"] = "<1@customer.example>", "Mon, 30 Nov 2026 09:00:00 +0100"
    it.set_content("See the picture.\n\nOn Monday, Ada wrote:\n> What happened?\n> Tell us more.\n")
    it.add_alternative(HTML, subtype="html")
    it.add_attachment(PNG, maintype="image", subtype="png", filename="broken.png")
    it.add_attachment(PAGE, maintype="text", subtype="html", filename="../page.html")
    return it.as_bytes().replace(b"\n", b"\r\n")


MAIL = _mail()


@pytest_asyncio.fixture
async def it(tmp_path: Path) -> AsyncIterator[Inside]:
    async with mail_stage(tmp_path) as found:
        await found.slash("Ada", "available")
        code, said = await bring(found, MAIL)
        assert code == 250, said
        yield found


async def accepted(it: Inside) -> str:
    await it.accept("Ada", "Two files")
    return str((await it.contact(EVA_MAIL))["id"])


async def desk(it: Inside) -> list[Any]:
    found: list[Any] = await it.channel("desk")
    return found


def link(it: Inside, contact: str, n: int = 1) -> str:
    return it.app.mail.files.link(contact, n)


@pytest.mark.promise("mail-shown")
async def test_the_thread_shows_title_new_words_and_that_more_was_folded_away(it: Inside) -> None:
    await accepted(it)

    async def shown() -> str:
        return json.dumps(await desk(it), ensure_ascii=False)

    async def stands() -> bool:
        return "See the picture." in await shown()

    await it.until(stands)
    told = await shown()
    assert "Subject: Two files &lt;script&gt;" in told or "Subject: Two files <script>" in told
    assert "[…]" in told and "What happened?" not in told
    assert "Whole mails" in told and "mail.whole" in told
    assert "broken.png" in told


@pytest.mark.promise("mail-files")
async def test_a_customers_picture_is_shown_in_the_thread(it: Inside) -> None:
    await accepted(it)

    async def there() -> bool:
        return any(one["name"] == "broken.png" for m in await desk(it) for one in m.get("files") or ())

    await it.until(there)


@pytest.mark.promise("mail-whole-page")
async def test_the_button_gives_a_link_to_whom_the_plan_names(it: Inside) -> None:
    contact = await accepted(it)

    async def head() -> Any:
        return next((m for m in await desk(it) if "mail.whole" in json.dumps(m)), None)

    where = await it.until(head)
    who = it.person("Ben").slack
    body = {"user": who, "channel": where["channel"], "ts": where["ts"], "action_id": "mail.whole"}
    await it.call("/slack/act", body)

    async def told() -> str:
        said = json.dumps([m for m in await desk(it) if m.get("ephemeral_to") == who])
        return said if f"/mail/{contact}/1?until=" in said else ""

    assert await it.until(told)
    assert (await head())["ts"] == where["ts"]  # the thread's first message stands as before


@pytest.mark.promise("mail-whole-page")
async def test_the_page_shows_the_mail_and_can_do_nothing(it: Inside) -> None:
    contact = await accepted(it)
    async with it.http.get(link(it, contact)) as answer:
        page, headers = await answer.text(), answer.headers
        assert answer.status == 200
    assert "See the picture." in page and "What happened?" in page and "broken.png" in page
    assert "<script" not in page and "spy.example" not in page and "alert(1)" not in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "allow-scripts" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    assert 'href="/mail/' in page and page.count('href="/mail/') == 3  # two files and the bytes


@pytest.mark.promise("mail-raw")
async def test_the_bytes_and_the_files_are_saved_as_they_came(it: Inside) -> None:
    contact = await accepted(it)
    where, _, query = link(it, contact).partition("?")
    async with it.http.get(f"{where}/raw?{query}") as answer:
        assert await answer.read() == MAIL
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{contact}-1.eml"'
    async with it.http.get(link(it, contact)) as answer:
        page = await answer.text()
    found = {}
    for path in [part.partition('"')[0] for part in page.split('href="')[1:] if part.startswith("/mail/")]:
        async with it.http.get(it.product + path.replace("&amp;", "&")) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            found[await answer.read()] = answer.headers["Content-Disposition"]
    assert 'filename="broken.png"' in found[PNG] and "/" not in found[next(b for b in found if b"alert" in b)]


async def test_a_link_opens_its_own_mail_alone(it: Inside) -> None:
    contact = await accepted(it)
    where, _, query = link(it, contact).partition("?")
    for path in (f"{where[:-1]}2?{query}", f"{where}/raw?{query}x", where, f"{it.product}/mail/C1/1?{query}"):
        async with it.http.get(path) as answer:
            assert answer.status == 403, path
    async with it.http.get(f"{where}/77?{query}") as answer:
        assert answer.status == 404
