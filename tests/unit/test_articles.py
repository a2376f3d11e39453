"""Articles: files are read or refused in words, the best are found, and their text never becomes markup of its own."""

from __future__ import annotations

import re
import time

import pytest

from tierline.console.markdown_light import html, plain
from tierline.queue.history.article import Article
from tierline.router.articles import Index, Unreadable, faults, read_file, slug_of, text_of, words_of, written

RESET = """---
title: Reset the router
tags: [router, red lamp]
services: howto
---
Hold the button.

- [ ] Pull the plug
- [ ] Wait ten seconds
"""


def test_a_file_becomes_an_article_and_a_guide() -> None:
    it = read_file("reset-router.de.md", RESET, "en")
    assert (it.slug, it.language, it.title, it.state) == (
        "reset-router",
        "de",
        "Reset the router",
        "published",
    )
    assert it.tags == ("router", "red lamp") and it.services == ("howto",)
    assert it.steps == ("Pull the plug", "Wait ten seconds") and it.body == "Hold the button."
    again = written(it.slug, it.language, it.title, text_of(it), it.tags, it.services, it.state)
    assert again.says(it)


def test_a_plain_file_with_a_heading_will_do() -> None:
    it = read_file("Größe ändern.md", "\ufeff# Größe ändern\r\n\r\nSo geht es.", "de")
    assert (it.slug, it.language, it.title, it.body) == (
        "groe-andern",
        "de",
        "Größe ändern",
        "So geht es.",
    ) or (it.slug == "grosse-andern")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.txt", "# A", ".md"),
        ("a.md", "no title", "title"),
        ("a.md", "---\ntitel: A\n---\nx", "titel"),
        ("a.md", "---\ntitle: A\nstate: ready\n---\nx", "state"),
    ],
)
def test_what_is_no_article_is_refused_in_words(name: str, text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(why)):
        read_file(name, text, "en")


def test_faults_say_what_would_do() -> None:
    found = faults(Article("Bad Slug", "fr", "", "", services=("nothing",)), ("en", "de"), ("howto",))
    assert set(found) == {"slug", "language", "title", "body", "services"}
    assert "en, de" in found["language"] and "howto" in found["services"]


INDEX = Index(
    [
        Article("reset", "en", "Reset the router", "Hold the button.", ("red lamp",), state="published"),
        Article("reset", "de", "Den Router zurücksetzen", "Knopf drücken.", state="published"),
        Article(
            "invoice",
            "en",
            "Find your invoice",
            "It is in the portal, beside the router settings.",
            state="published",
        ),
    ]
)


@pytest.mark.parametrize(
    ("text", "language", "slugs"),
    [
        ("router", "en", ["reset", "invoice"]),
        ("rout", "en", ["reset", "invoice"]),
        ("My lamp is red and nothing works", "en", ["reset"]),
        ("ZURUCKSETZEN", "de", ["reset"]),
        ("invoice", "de", []),
        ("is my the", "en", []),
        ("", "en", []),
        ('" OR * NEAR( -title:', "en", []),
        ("'; DROP TABLE found; --", "en", []),
        ("💥" * 300, "en", []),
    ],
)
def test_the_best_article_comes_first_and_no_query_breaks_it(
    text: str, language: str, slugs: list[str]
) -> None:
    assert [it.slug for it in INDEX.search(text, language, 5)] == slugs


def test_a_language_that_an_article_lacks_gets_it_in_another() -> None:
    found = INDEX.one("invoice", "de")
    assert found is not None and found.language == "en" and INDEX.one("nothing", "en") is None


def test_a_title_becomes_an_address() -> None:
    assert slug_of("Reset the Router!") == "reset-the-router" and slug_of("?!") == "article"
    assert len(slug_of("x" * 500)) == 80 and words_of("a-b c") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("# A\nb", "<h2>A</h2>\n<p>b</p>"),
        ("### A\n\n### B\n\n# C", "<h2>A</h2>\n<h2>B</h2>\n<h2>C</h2>"),
        ("# A\n\n## B\n\n### C\n\n## D", "<h2>A</h2>\n<h3>B</h3>\n<h4>C</h4>\n<h3>D</h3>"),
        ("- a\n- b\n\n1. c", "<ul><li>a</li><li>b</li></ul>\n<ol><li>c</li></ol>"),
        ("**a** and *b* `c<`", "<p><strong>a</strong> and <em>b</em> <code>c&lt;</code></p>"),
        (
            "[x](https://e.example/?a=1&b=2)",
            '<p><a href="https://e.example/?a=1&amp;b=2" rel="noopener noreferrer">x</a></p>',
        ),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ('[x](https://e.example/"onload=1)', "<p>[x](https://e.example/&quot;onload=1)</p>"),
        ("```\n<b>*x*\n```", '<pre tabindex="0"><code>&lt;b&gt;*x*</code></pre>'),
        ("\x000\x00 `a`", "<p>0 <code>a</code></p>"),
    ],
)
def test_markdown_is_read_and_nothing_else_becomes_markup(text: str, made: str) -> None:
    assert html(text) == made


def test_hostile_text_costs_no_time() -> None:
    for text in (
        "*" * 20_000,
        "**a" * 7_000,
        "[" * 20_000,
        "[a](" * 5_000,
        "`" * 20_000,
        "# " * 10_000,
        "* " * 10_000,
    ):
        began = time.process_time()
        html(text)
        plain(text)
        assert time.process_time() - began < 0.2, text[:4]
