"""What a mail repeats is folded away, in many programs' and languages' ways; what its writer says never is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.email.charsets import lines_of
from tierline.channels.email.folding import folded
from tierline.channels.email.markup import HISTORY, SIGN_OFF, as_text

SAID = "It works again now.\n\nOne more thing: the door."
QUOTE = "> Does it work?\n> Please tell us.\n"
ATTRIBUTIONS = (
    "On Mon, Nov 30, 2026 at 9:15 AM Ann Bee <ann@a.example> wrote:",
    "On Mon, Nov 30, 2026 at 9:15 AM Ann Bee with a very long name\n<ann.bee@a-very-long-domain.example> wrote:",
    "On 30.11.26 09:15, Ann Bee wrote:",
    "Am 30.11.2026 um 09:15 schrieb Ann Bee:",
    "Am Mo., 30. Nov. 2026 um 09:15 Uhr schrieb Ann Bee <ann@a.example>:",
    "Le lun. 30 nov. 2026 à 09:15, Ann Bee <ann@a.example> a écrit :",
    "El lun, 30 nov 2026 a las 9:15, Ann Bee (<ann@a.example>) escribió:",
    "Il giorno lun 30 nov 2026 alle ore 09:15 Ann Bee <ann@a.example> ha scritto:",
    "Em seg., 30 de nov. de 2026 às 09:15, Ann Bee <ann@a.example> escreveu:",
    "Op ma 30 nov 2026 om 09:15 schreef Ann Bee <ann@a.example>:",
    "Den mån 30 nov. 2026 kl 09:15 skrev Ann Bee <ann@a.example>:",
    "Den man. 30. nov. 2026 kl. 09.15 skrev Ann Bee <ann@a.example>:",
    "ma 30. marrask. 2026 klo 9.15 Ann Bee (ann@a.example) kirjoitti:",
    "po 30. 11. 2026 v 9:15 odesílatel Ann Bee <ann@a.example> napsal:",
    "pon., 30 lis 2026 o 09:15 Ann Bee <ann@a.example> napisał(a):",
    "пн, 30 нояб. 2026 г. в 09:15, Ann Bee <ann@a.example>:",
    "30.11.2026, 09:15, \"Ann Bee\" <ann@a.example>:",
    "2026年11月30日(月) 9:15 Ann Bee <ann@a.example>:",
    "Ann Bee <ann@a.example> 于2026年11月30日周一 09:15写道：",
)  # fmt: skip
HISTORIES = (
    "-----Original Message-----\nFrom: Ann\nSent: Monday\n\nDoes it work?",
    "-----Ursprüngliche Nachricht-----\nVon: Ann\n\nGeht es?",
    "----- Message d'origine -----\nDe : Ann\n\nBonjour",
    "From: Ann Bee <ann@a.example>\nSent: Monday, November 30, 2026 9:15 AM\nTo: Bob\nSubject: Printer\n\nDoes it work?",
    "________________________________\nVon: Ann Bee <ann@a.example>\nGesendet: Montag, 30. November 2026 09:15\n"
    "An: Bob\nBetreff: Drucker\n\nGeht es?",
    "De : Ann Bee\nEnvoyé : lundi 30 novembre 2026 09:15\nÀ : Bob\nObjet : Imprimante\n\nBonjour",
    "De: Ann\nEnviado el: lunes\nPara: Bob\nAsunto: Impresora\n\nHola",
    "Da: Ann\nInviato: lunedì\nA: Bob\nOggetto: Stampante\n\nCiao",
    "Van: Ann\nVerzonden: maandag\nAan: Bob\nOnderwerp: Printer\n\nHallo",
    "Från: Ann\nSkickat: den 30 november\nTill: Bob\nÄmne: Skrivare\n\nHej",
    "*From:* Ann\n*Date:* Monday\n*To:* Bob\n*Subject:* Printer\n\nDoes it work?",
    "От: Ann\nОтправлено: понедельник\nКому: Bob\nТема: Принтер\n\nПривет",
    "发件人: Ann\n发送时间: 2026年11月30日\n收件人: Bob\n主题: 打印机\n\n你好",
    "Ann Bee <ann@a.example>\nSent by: Ann Bee\n30/11/26 09:15\n\nTo\nBob <bob@b.example>\ncc\n\nSubject\nPrinter\n\nDoes it work?",
    ">>> Ann Bee 30.11.2026 09:15 >>>\nDoes it work?\nPlease tell us.",
    ">>> Ann Bee <ann@a.example> 11/30/2026 9:15 AM >>>\nDoes it work?",
    "--- On Mon, 11/30/26, Ann Bee <ann@a.example> wrote:\n\nFrom Ann\nDoes it work?",
)
SIGNATURES = (
    "-- \nAnn Bee\nBee & Co, Street 1",
    "--\nAnn",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Gesendet von Outlook für Android",
    "Diese Nachricht wurde von meinem Android-Mobiltelefon mit GMX Mail gesendet.",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Get Outlook for iOS",
    "_______________________________________________\nusers mailing list\nhttps://lists.a.example/listinfo/users",
)


@pytest.mark.promise("mail-folded")
@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_quote_is_folded_with_the_line_that_says_whose_it_is(attribution: str) -> None:
    assert folded(f"{SAID}\n\n{attribution}\n\n{QUOTE}") == (SAID, f"{attribution}\n\n{QUOTE}".strip())


@pytest.mark.promise("mail-folded")
@pytest.mark.parametrize("history", HISTORIES)
def test_an_earlier_mail_beneath_is_folded(history: str) -> None:
    assert folded(f"{SAID}\n\n{history}") == (SAID, history)


@pytest.mark.promise("mail-folded")
@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_folded_also_above_history(signature: str) -> None:
    assert folded(f"{SAID}\n\n{signature}") == (SAID, "\n".join(it.rstrip() for it in signature.split("\n")))
    new, rest = folded(f"{SAID}\n\n{signature}\n\n{ATTRIBUTIONS[0]}\n{QUOTE}")
    assert new == SAID
    assert signature.splitlines()[-1] in rest and "Does it work?" in rest


@pytest.mark.promise("mail-folded")
@pytest.mark.parametrize(
    "text",
    [
        "Three things are broken:\n- the printer\n- the phone\n- the door\n\nThanks,\nplease hurry.",
        "From: what I see it is the cable.\nTo: be sure I tried another.",
        "Yesterday my colleague wrote:\n\nthe server is down since 9:15 in 2026.",
        "On Monday I wrote you already.\nNobody answered.",
        "> Does it work?\nNo.\n> And the door?\nNeither.",
        "Error log:\n-----\nline one\n-----\nline two",
        "Sent from my old phone were three mails yesterday that you never answered, and I wonder whether they came "
        "at all, since then nothing.\n\nPlease look.\n\nIt is urgent.\n\nReally.",
        "First.\n--\nSecond, which is no signature.\n" + "More of it.\n" * 40,
        "> everything is quoted\n> and nothing said",
        "-- \nonly a signature",
    ],
)
def test_what_only_looks_like_history_stays(text: str) -> None:
    assert folded(text) == (text.strip("\n").replace("-- \n", "--\n"), "")


def test_a_forwarded_mail_is_what_it_is_about() -> None:
    forwarded = (
        "---------- Forwarded message ---------\nFrom: Ann\nDate: Monday\nSubject: x\nTo: Bob\n\nIt burns!"
    )
    assert folded(f"Please see.\n\n{forwarded}")[1] == ""
    assert folded(f"Please see.\n\n{HISTORIES[3]}", "Fwd: Printer")[1] == ""
    assert folded(f"Siehe unten.\n\n{HISTORIES[4]}", "WG: Drucker")[1] == ""


def test_an_answer_beneath_the_quote_is_what_is_new() -> None:
    assert folded(f"{ATTRIBUTIONS[0]}\n{QUOTE}\n{SAID}") == (SAID, f"{ATTRIBUTIONS[0]}\n{QUOTE}".strip())


HTML_HISTORIES = (
    '<div class="gmail_quote"><div class="gmail_attr">On Mon, Nov 30, 2026 at 9:15 AM Ann wrote:<br></div>'
    '<blockquote class="gmail_quote">Does it work?</blockquote></div>',
    '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Ann<br><b>Sent:</b> Monday<br>'
    "<b>To:</b> Bob</div><div>Does it work?</div>",
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>From:</b> Ann<br>'
    "<b>Sent:</b> Monday<br><b>To:</b> Bob<br><b>Subject:</b> x</p></div><p>Does it work?</p>",
    '<div class="moz-cite-prefix">On 30.11.26 09:15, Ann wrote:<br></div><blockquote type="cite">Does it work?</blockquote>',
    '<div id="ymail_android_signature">x</div><div class="yahoo_quoted"><div>On Monday, Ann wrote:</div>'
    "<div>Does it work?</div></div>",
    '<div name="quote" style="margin:10px"><div>Gesendet: Montag</div><div>Does it work?</div></div>',
    '<div class="protonmail_quote">On Monday, Ann wrote:<br><blockquote>Does it work?</blockquote></div>',
)


@pytest.mark.promise("mail-folded")
@pytest.mark.parametrize("history", HTML_HISTORIES)
def test_history_in_html_is_known_by_how_programs_mark_it(history: str) -> None:
    text, _ = as_text(f"<html><body><p>It works.</p><p>Thanks!</p>{history}</body></html>")
    new, rest = folded(text)
    assert new.startswith("It works.\n\nThanks!") and "Does it work?" not in new
    assert "Does it work?" in rest


def test_a_signature_in_html_is_known_by_its_class() -> None:
    text, _ = as_text("<p>It works.</p><div class='gmail_signature'><b>Ann</b><br>Bee &amp; Co</div>")
    assert folded(text) == ("It works.", "Ann\nBee & Co")


@given(
    st.lists(
        st.sampled_from(
            [*ATTRIBUTIONS, *HISTORIES, *SIGNATURES, QUOTE, SAID, "", "> x", HISTORY, SIGN_OFF + "s"]
        )
    )
)
def test_nothing_is_ever_lost(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    new, rest = folded(text)
    gone = [it for it in text.replace(HISTORY, "").replace(SIGN_OFF, "").split("\n") if it.strip()]
    assert sorted(it.strip() for it in gone) == sorted(
        it.strip() for it in f"{new}\n{rest}".split("\n") if it.strip()
    )


@given(st.text("ab \n\r\t\x0b\x0c\x85\u2028\x00\x1b\x7fé中\ufeff\ud800\ue000", max_size=12))
def test_text_of_any_line_ends_is_kept_with_one_kind_and_nothing_unseen(text: str) -> None:
    kept = lines_of(text)
    ends = re.sub("\r*\n|[\r\x0c\x85\u2028]", "\n", text)
    letters = (" ", "\n", "\t", "a", "b", "é", "中", "\ud800")
    assert kept == "".join(it for it in ends if it in letters).replace("\ud800", "\ufffd")
