"""`/help` in the running product: found by words, read, judged; incidents first; when we are there; at a bounded rate."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_app import DESK, PLAN, inside

from tierline.console.help_page import Bucket
from tierline.queue.history.article import Article
from tierline.queue.history.articles import Articles

HELP = (
    PLAN.replace("languages: [en]", "languages: [en, de]")
    .replace('{hours: "24/7"}}', '{hours: "24/7"}, office: {hours: "Mo-Fr 08:00-18:00"}}')
    .replace(
        "entry: [{",
        "entry: [{channel: chat, service: help}, {channel: email, to: help@inside.example, service: help}, {",
    )
)
RESET = Article(
    "reset", "en", "Reset the <router>", "Hold **the** button.", ("lamp",), steps=("Pull the plug",), state="published", at=1,
)  # fmt: skip


@pytest.mark.promise("help-page")
async def test_an_article_is_found_read_and_judged(tmp_path: Path) -> None:
    async with inside(tmp_path, HELP) as it:
        store = Articles(it.app.history.database)
        await store.save(RESET)
        await store.save(Article("draft", "en", "Not yet", "Secret.", at=2))
        url = f"{it.product}/help"
        async with it.http.get(url) as answer:
            whole, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert "Reset the &lt;router&gt;" in whole and "Not yet" not in whole
        assert "Open round the clock" in whole and f"tel:{DESK}" not in whole and f"sms:{DESK}" in whole
        assert "mailto:help@inside.example" in whole
        assert (
            "default-src 'none'" in policy
            and "'nonce-" in policy
            and "unsafe" not in policy
            and "http" not in policy
        )
        async with it.http.get(url, params={"q": "lamp", "part": "1"}) as answer:
            part = await answer.text()
        assert part.startswith("<h2>1 found</h2>") and "/help/reset?l=en" in part
        async with it.http.get(url, params={"q": "<script>", "part": "1"}) as answer:
            assert "Nothing found for “&lt;script&gt;”" in await answer.text()
        async with it.http.get(f"{url}/reset") as answer:
            page = await answer.text()
        assert (
            "<strong>the</strong>" in page and "<li>Pull the plug</li>" in page and "Did this help?" in page
        )
        for said, told in (("yes", "Thank you"), ("no", "A person will help you")):
            async with it.http.post(f"{url}/reset", data={"helped": said}) as answer:
                assert told in await answer.text()
        assert await store.votes() == {("reset", "en"): (1, 1)}
        async with it.http.get(f"{url}/draft") as answer:
            assert answer.status == 404


@pytest.mark.promise("help-page")
async def test_what_is_known_comes_first_in_the_readers_language(tmp_path: Path) -> None:
    async with inside(tmp_path, HELP) as it:
        await it.call_api("/incidents", {"text": "The mail is <slow> today.", "words": ["mail"]})

        async def shown() -> str:
            async with it.http.get(
                f"{it.product}/help", headers={"Accept-Language": "de-AT,en;q=0.5"}
            ) as answer:
                text = await answer.text()
            return text if "slow" in text else ""

        text = await it.until(shown)
        assert '<html lang="de">' in text and "Das ist uns bekannt:" in text and "Rund um die Uhr" in text
        await it.call_api("/services/help/close", {"text": "Closed for the <fire> drill."})

        async def closed() -> bool:
            async with it.http.get(f"{it.product}/help") as answer:
                return "Closed for the &lt;fire&gt; drill." in await answer.text()

        await it.until(closed)
        assert text.index("The mail is &lt;slow&gt; today.") < text.index('id="q"')


async def test_one_address_can_not_ask_without_end(tmp_path: Path) -> None:
    async with inside(tmp_path, HELP) as it:
        it.app.outside.help.reads.burst = it.app.outside.help.reads.per_minute = 2
        statuses = []
        for _ in range(4):
            async with it.http.get(f"{it.product}/help", params={"q": "x", "part": "1"}) as answer:
                statuses.append(answer.status)
        assert statuses[-1] == 429 and statuses[0] == 200


async def test_behind_a_proxy_nobody_escapes_the_limit_by_naming_addresses_of_their_own(
    tmp_path: Path,
) -> None:
    """HAProxy writes a line of its own beneath what it was sent; a second proxy's address is nobody's."""
    async with inside(tmp_path, HELP) as it:
        it.app.outside.help.trusted = ("127.0.0.1", "192.0.2.9")
        it.app.outside.help.reads.burst = it.app.outside.help.reads.per_minute = 2

        async def asked(*lines: str) -> int:
            headers = [("X-Forwarded-For", line) for line in lines]
            async with it.http.get(f"{it.product}/help", params={"part": "1"}, headers=headers) as answer:
                return int(answer.status)

        statuses = [await asked(f"203.0.113.{n}", "198.51.100.7") for n in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert [await asked(f"198.51.100.{n}, 192.0.2.9") for n in range(8, 12)] == [200] * 4


@pytest.mark.promise("help-page")
async def test_a_vote_that_is_no_form_is_not_counted_and_the_article_is_shown(tmp_path: Path) -> None:
    async with inside(tmp_path, HELP) as it:
        store = Articles(it.app.history.database)
        await store.save(RESET)
        for kind in (
            "multipart/form-data",
            "multipart/form-data; boundary=a",
            "application/x-www-form-urlencoded; charset=nope",
            "application/x-www-form-urlencoded",
        ):
            url, headers = f"{it.product}/help/reset", {"Content-Type": kind}
            async with it.http.post(url, data=b"helped=yes\xff", headers=headers) as answer:
                assert (answer.status, "Did this help?" in await answer.text()) == (200, True), kind
        assert await store.votes() == {}


def test_a_bucket_fills_again_and_forgets() -> None:
    now = [0.0]
    it = Bucket(60, 2, lambda: now[0])
    assert [it.lets("a") for _ in range(3)] == [True, True, False] and it.lets("b")
    now[0] = 1.0
    assert it.lets("a") and not it.lets("a")
