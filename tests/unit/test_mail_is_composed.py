"""A reply as a mail: what stands in it, and that nothing from outside begins or ends a header (SEC11)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.channel import Words
from tierline.channels.email.compose import LOOP, BadMail, Composed, Enclosed, compose
from tierline.channels.email.conversation import Signatures
from tierline.channels.email.letterhead import Letterhead

SIGNS = Signatures("a secret of the tests")
BOX, EVA, NOW = "support@northwind.example", "eva@customer.example", 1_800_000_000_000
REPLY = {"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"}
ODD = st.text(
    alphabet=st.sampled_from("aü\r\n\0\x85\u2028\u2029\x0b\x0c:;,<>@\"'\\=?_ .\x1b\u202e\ud800🎉"),
    max_size=80,
)


def words(text: str = "Hello", **more: object) -> Words:
    told = {"author": "Ada", "conversation": "a" * 16, "subject": "Invoice", **more}
    return Words("C1001.3", EVA, BOX, text, **told)  # type: ignore[arg-type]


def made(it: Words, head: Letterhead | None = None, files: tuple[Enclosed, ...] = ()) -> Composed:
    return compose(it, head or Letterhead(BOX, "Ada (northwind)", "Ada\nnorthwind"), SIGNS, NOW, files)


def read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.promise("mail-injection")
@given(subject=ODD, name=ODD, answers=st.lists(ODD, max_size=4), text=ODD, file=ODD, kind=ODD, signature=ODD)
def test_whatever_somebody_wrote_the_set_of_headers_stays_the_same(
    subject: str, name: str, answers: list[str], text: str, file: str, kind: str, signature: str
) -> None:
    it = made(
        words(text, subject=subject, answers=tuple(answers)),
        Letterhead(BOX, name, signature),
        (Enclosed(file, kind, b"x"),),
    )
    head, _, _ = it.raw.partition(b"\r\n\r\n")
    assert (
        b"\0" not in head
        and b"\n" not in head.replace(b"\r\n", b"")
        and b"\r" not in head.replace(b"\r\n", b"")
    )
    found = read(it.raw)
    assert {name for name, _ in found.items()} in (REPLY, REPLY | {"In-Reply-To", "References"})
    assert len(found.keys()) == len(set(found.keys()))
    assert max(map(len, it.raw.split(b"\r\n"))) <= 998
    parts = [part for part in found.walk() if not part.is_multipart()]
    assert len(parts) == 3 and parts[2].get_payload(decode=True) == b"x"


@pytest.mark.promise("mail-injection")
@pytest.mark.parametrize(
    "bad", ["\r\nBcc: x@y.example", "\n", "\0", " ", ">", ",x@y.example", "\u2028", "\x85"]
)
def test_an_address_with_anything_odd_in_it_is_refused(bad: str) -> None:
    for it in (f"eva{bad}@customer.example", f"eva@customer.example{bad}"):
        with pytest.raises(BadMail):
            compose(Words("C1.1", it, BOX, "x", author="Ada"), Letterhead(BOX), SIGNS, NOW)
        with pytest.raises(BadMail):
            compose(Words("C1.1", EVA, it, "x", author="Ada"), Letterhead(it), SIGNS, NOW)


@pytest.mark.promise("mail-reply")
@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Invoice", "Re: Invoice"), ("Re: Invoice", "Re: Invoice"), ("RE: AW: Re[2]: Rechnung", "Re: Rechnung"),
        ("re : x", "Re: x"), ("Regards", "Re: Regards"), ("", "Re: C1001"), ("Störung 🎉", "Re: Störung 🎉"),
        ("=?utf-8?q?hidden?=", "Re: =?utf-8?q?hidden?="), ("SV: Hej", "Re: Hej"), ("Réf : x", "Re: x"),
    ],
)  # fmt: skip
def test_a_title_says_re_once(title: str, shown: str) -> None:
    found = read(made(words(subject=title, answers=("<1@c.example>",))).raw)
    assert str(found["Subject"]) == shown


def test_what_answers_nothing_keeps_its_title() -> None:
    assert str(read(made(words(subject="About your order")).raw)["Subject"]) == "About your order"


@pytest.mark.promise("mail-reply")
def test_references_are_bounded_and_keep_the_first_and_the_latest() -> None:
    ids = tuple(f"<{n}.{'x' * 60}@customer.example>" for n in range(200))
    found = read(made(words(answers=ids)).raw)
    shown = str(found["References"]).split()
    assert shown[0] == ids[0] and shown[-1] == ids[-1] and len(" ".join(shown)) < 998
    assert str(found["In-Reply-To"]) == ids[-1]


@pytest.mark.promise("mail-own-texts")
def test_our_own_texts_say_that_a_program_wrote_them_and_come_back_to_nobody() -> None:
    it = made(words(author=""), Letterhead(BOX, "northwind"))
    found = read(it.raw)
    assert it.sender == "" and found["Auto-Submitted"] == "auto-replied" and found[LOOP] == BOX
    person = read(made(words()).raw)
    assert "Auto-Submitted" not in person and LOOP not in person


@pytest.mark.promise("mail-unknown")
def test_the_same_words_have_the_same_message_id_and_others_another() -> None:
    first, again = made(words()), made(words())
    assert first.message_id == again.message_id
    other = compose(
        Words("C1001.4", EVA, BOX, "Hello", author="Ada", conversation="a" * 16), Letterhead(BOX), SIGNS, NOW
    )
    assert other.message_id != first.message_id


def test_where_the_provider_knows_no_plus_there_is_no_signed_address() -> None:
    it = made(words(), Letterhead(BOX, "Ada", plus=False))
    assert "Reply-To" not in read(it.raw) and it.sender == BOX


@pytest.mark.promise("mail-reply")
def test_text_and_html_say_the_same_and_nothing_typed_is_markup() -> None:
    typed = (
        "Hi <b>you</b> & co,\n\n> quoted\n- one\n- two\n\nSee https://help.example/a?b=1&c=2.\n3. not a list"
    )
    found = read(made(words(typed)).raw)
    plain, page = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None and page is not None
    said = plain.get_content().replace("\r\n", "\n")
    assert said.startswith(typed) and "-- \nAda\nnorthwind" in said
    html = page.get_content()
    assert "Hi &lt;b&gt;you&lt;/b&gt; &amp; co," in html and "<blockquote>quoted</blockquote>" in html
    assert "<ul><li>one</li><li>two</li></ul>" in html and "3. not a list" in html
    assert '<a href="https://help.example/a?b=1&amp;c=2">' in html


def test_files_keep_their_bytes_and_their_names() -> None:
    files = (
        Enclosed("Ümlaut ../x.pdf", "application/pdf", b"%PDF\r\n\0"),
        Enclosed("", "message/rfc822", b"a"),
    )
    found = [part for part in read(made(words(), files=files).raw).walk() if part.get_filename()]
    assert [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in found] == [
        ("Ümlaut .._x.pdf", "application/pdf", b"%PDF\r\n\0"), ("file-2", "application/octet-stream", b"a"),
    ]  # fmt: skip
