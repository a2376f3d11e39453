"""A mail's page holds nothing that runs or calls home, whatever the mail holds (SEC20, SEC22); no value of a letter
holds what could begin a header (SEC11); no file's name leads anywhere (SEC21)."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

import pytest
from helpers_xss import XSS
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.channels.email.letter import Envelope
from tierline.channels.email.reading import part_bytes, read_strictly
from tierline.channels.email.showing import page

ENVELOPE = Envelope("ann@a.example", ("support@us.example",), 0)
TAGS = {
    "article", "dl", "dt", "dd", "p", "pre", "details", "summary", "section", "ul", "li", "small", "a", "abbr", "b", "big",
    "blockquote", "br", "caption", "center", "code", "del", "div", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "ins", "ol", "q", "s", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u",
}  # fmt: skip
ATTRIBUTES = {
    "class", "data-part", "dir", "lang", "align", "style", "href", "rel", "src", "alt", "width", "height", "start", "type",
    "colspan", "rowspan", "valign", "bgcolor", "cellpadding", "cellspacing", "border", "color", "size",
}  # fmt: skip


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def is_safe(html: str) -> None:
    for tag, attributes in Seen(html).found:
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES, attributes
        source, target = attributes.get("src", ""), attributes.get("href", "")
        assert not source or source.startswith(
            ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")
        )
        assert not target or target.lower().startswith(("http://", "https://", "mailto:", "tel:")), target
        style = attributes.get("style", "").lower()
        assert not any(it in style for it in ("url", "expression", "position", "behavior", "@", "\\")), style


def mail(html: str, charset: str = "utf-8") -> bytes:
    head = f"From: Ann <ann@a.example>\r\nSubject: x\r\nContent-Type: text/html; charset={charset}\r\n\r\n"
    return head.encode() + html.encode("utf-8", "replace")


@pytest.mark.promise("mail-shown")
@pytest.mark.parametrize("html", XSS)
def test_nothing_of_a_mails_html_runs_or_calls_home(html: str) -> None:
    for charset in ("utf-8", "utf-7", "iso-2022-jp"):
        is_safe(page(mail(f"<p>Hi</p>{html}<p>there</p>", charset)))
    is_safe(page(mail(html) + mail(html)))


@pytest.mark.promise("mail-shown")
@pytest.mark.parametrize("words", XSS)
def test_what_stands_in_headers_text_and_file_names_is_text(words: str) -> None:
    encoded = "=?utf-8?b?" + base64.b64encode(words.encode("utf-8", "replace")).decode() + "?="
    raw = (
        f"From: {encoded} <ann@a.example>\r\nTo: {encoded}\r\nSubject: {encoded}\r\nDate: {encoded}\r\n"
        f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\n{words}\r\n> {words}\r\n--b\r\n'
        f"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"{encoded}\"\r\n\r\n%PDF-1\r\n"
        f"--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:{words}\r\nEND:VEVENT\r\n--b--\r\n"
    ).encode("utf-8", "replace")  # fmt: skip
    html = page(raw)
    is_safe(html)
    assert {tag for tag, _ in Seen(html).found} <= {
        "article", "dl", "dt", "dd", "p", "pre", "details", "summary", "ul", "li", "small",
    }  # fmt: skip


@given(
    st.lists(
        st.sampled_from([*XSS, "<p>", "</p>", "<table>", "<!--", "-->", "<a href='", "'>", "\0", "<pre>"]),
        max_size=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_mixture_of_them_runs(pieces: list[str]) -> None:
    is_safe(page(mail("".join(pieces))))


def test_an_image_that_came_with_the_mail_is_shown_within_and_a_remote_one_is_not() -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(20)
    raw = (
        b'From: ann@a.example\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
        b"<img src='cid:i1'><img src='http://spy.example/i'><img src='cid:i2'>\r\n--b\r\nContent-Type: image/png\r\n"
        b"Content-ID: <i1>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(png) + b"\r\n--b\r\n"
        b"Content-Type: image/png\r\nContent-ID: <i2>\r\n\r\n<svg onload=alert(1)>\r\n--b--\r\n"
    )  # fmt: skip
    html = page(raw)
    is_safe(html)
    assert html.count("data:image/png;base64,") == 1 and "spy.example" not in html
    letter = read_strictly(raw, ENVELOPE)
    assert [(it.content_type, it.inline) for it in letter.attachments] == [
        ("image/png", True),
        ("image/svg+xml", True),
    ]
    assert part_bytes(raw, letter.attachments[0].part) == png


BREAKS = ("\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\r\n ", "\x1b")
FIELDS = (
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Date",
    "Sender",
)


def ways(words: str) -> tuple[bytes, ...]:
    """The ways in which a line end may come into a field."""
    raw = words.encode()
    q = "".join(f"={it:02X}" for it in raw)
    return (
        raw,
        f"=?utf-8?q?{q}?=".encode(),
        f"=?utf-8?b?{base64.b64encode(raw).decode()}?=".encode(),
        f"=?utf-16be?b?{base64.b64encode(words.encode('utf-16-be')).decode()}?=".encode(),
    )


@pytest.mark.promise("mail-any")
@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("end", BREAKS, ids=[repr(it) for it in BREAKS])
def test_no_field_carries_a_line_end_into_a_letter(name: str, end: str) -> None:
    for said in ways(f"a{end}Bcc: victim@b.example"):
        for field in (
            b"<%b@a.example>" % said,
            b'"%b" <ann@a.example>' % said,
            said,
            b"<1@a.example> (%b)" % said,
        ):
            letter = read_strictly(name.encode() + b": " + field + b"\r\n\r\nwords\r\n", ENVELOPE)
            values = (letter.sender, letter.name, letter.subject, letter.message_id, letter.reply_to)
            for value in (*values, *letter.to, *letter.in_reply_to, *letter.references):
                assert not set(value) & set("\r\n\0\x0b\x0c\x1b\x85\u2028\u2029"), value


TRAVERSALS = (
    "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\x", "%2e%2e%2fx", "....//x", "..%c0%afx", "x\0.png", ".", "..",
    "...", "/", "\\", "~/x", "a/../../b", "\u2025/x", "\uff0e\uff0e/x", "file:///etc/passwd", "x" * 5000, " ", "nul", "COM1.txt",
    "a\r\nb", "\u202egnp.exe", "-rf", "x:y", "|ls", "`id`", "$(id)", "a?b*c", "<script>.html",
)  # fmt: skip


@pytest.mark.parametrize("said", TRAVERSALS)
def test_a_files_name_is_a_name_and_leads_nowhere(said: str) -> None:
    encoded = "=?utf-8?b?" + base64.b64encode(said.encode()).decode() + "?="
    raw = f'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="{encoded}"\r\n\r\n%PDF-1\r\n'
    (file,) = read_strictly(raw.encode(), ENVELOPE).attachments
    assert file.name and len(file.name) <= 120
    assert not set(file.name) & set('/\\<>:"|?*\r\n\0\u202e') and not file.name.startswith(".")
