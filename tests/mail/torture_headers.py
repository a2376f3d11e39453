"""Kinds of mail that break readers, by what is odd in their headers; `torture.py` says what `Kind` is."""

from __future__ import annotations

import base64

from torture_kind import Kind, kind, mail

Q = "=?utf-8?q?"


def b64(text: str, charset: str = "utf-8") -> str:
    return f"=?{charset}?b?{base64.b64encode(text.encode(charset)).decode()}?="


def subject(name: str, value: str | bytes, shown: str, **more: object) -> Kind:
    raw = value if isinstance(value, bytes) else value.encode()
    return kind(f"subject-{name}", mail(subject=raw), subject=shown, **more)


def sender(name: str, value: str | bytes, address: str, shown: str | None = None) -> Kind:
    raw = value if isinstance(value, bytes) else value.encode()
    more = {} if shown is None else {"name": shown}
    return kind(f"from-{name}", mail(sender=raw), sender=address, **more)


def dated(name: str, value: str, ms: int | None) -> Kind:
    return kind(f"date-{name}", mail(date=value.encode()), date=ms)


NOON = 1_796_036_400_000  # 2026-11-30T11:00:00Z

KINDS = (
    # ---- subjects
    subject("plain", "Printer", "Printer"),
    subject("q-word", "=?iso-8859-1?Q?Gr=FC=DFe_aus_K=F6ln?=", "Grüße aus Köln"),
    subject("b-word", b64("Störung im Netz"), "Störung im Netz"),
    subject("two-words", f"{b64('Stö')} {b64('rung')}", "Störung"),
    subject("cut-character", "=?utf-8?B?w7w=?= =?utf-8?q?b=c3?=\r\n =?utf-8?q?=bc?=", "übü"),
    subject("cut-base64", "=?utf-8?B?U3TD?=\r\n =?utf-8?B?tnJ1bmc=?=", "Störung"),
    subject("word-in-word", f"{Q}a_=3D=3Futf-8=3Fq=3Fb=3F=3D?=", "a =?utf-8?q?b?="),
    subject("word-within-quotes", f'"{Q}caf=C3=A9?="', '"café"'),
    subject("word-without-end", f"{Q}caf=C3=A9", f"{Q}caf=C3=A9"),
    subject("word-with-blank", f"{Q}caf=C3=A9 zu?=", "café zu"),
    subject("word-glued", f"Re:{Q}caf=C3=A9?=!", "Re:café!"),
    subject("word-with-language", "=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    subject("unknown-charset", "=?x-klingon?q?caf=E9?=", "café"),
    subject("codec-that-is-no-charset", "=?rot13?q?uryyb?=", "uryyb"),
    subject("codec-zip", "=?zip?b?eJwDAAAAAAE=?=", None),
    subject("bad-base64", "=?utf-8?b?U3TDtnJ1bmc?=", "Störung"),
    subject("bad-base64-letters", "=?utf-8?b?U3TD*tnJ1#bmc=?=", "Störung"),
    subject("bad-hex", f"{Q}100=ZZ_=C3?=", None),
    subject("no-word-at-all", "=??q??=", "=??q??="),
    subject("raw-utf8", "Störung ☎".encode(), "Störung ☎"),
    subject("raw-latin", "Störung".encode("latin-1"), "Störung"),
    subject("raw-koi8", "Сломался принтер".encode("koi8-r"), "Сломался принтер"),
    subject("iso-2022-jp", b64("事件", "iso-2022-jp"), "事件"),
    subject("gb2312", "=?gb2312?B?tPLTobv6?=", "打印机"),
    subject("big5", "=?big5?B?pnaq7Q==?=", None),
    subject("utf-7", "=?utf-7?Q?St+APY-rung?=", "Störung"),
    subject("utf-16", "=?utf-16be?b?AFMAdAD2AHIAdQBuAGc=?=", "Störung"),
    subject("crlf-in-word", f"{Q}a=0D=0ABcc:_x@evil.example?=", "a Bcc: x@evil.example"),
    subject("nul-in-word", f"{Q}a=00b?=", "a b"),
    subject("nel-and-ls", f"{Q}a=C2=85b=E2=80=A8c?=", "a b c"),
    subject("bare-cr", b"one\rBcc: x@evil.example", "one Bcc: x@evil.example"),
    subject("nul-raw", b"one\x00two", "one two"),
    subject("escape-sequence", b"\x1b[31mred\x1b[0m", "[31mred [0m"),
    subject("folded", "one\r\n two\r\n\tthree", "one two three"),
    subject("folded-by-blank-line", "one\r\n \r\n two", "one two"),
    subject("folded-often", "a" + "\r\n b" * 300, None),
    subject("very-long", "x" * 200_000, "x" * 500),
    subject("only-blanks", "   ", ""),
    subject("surrogates", f"{Q}=ED=A0=80?=", None),
    kind("subject-twice", mail(more=b"Subject: second\r\n"), subject="Printer"),
    kind("subject-none", mail(subject=None), subject=""),
    # ---- senders
    sender("plain", "ann@a.example", "ann@a.example", ""),
    sender("named", "Ann Bee <Ann@A.Example>", "ann@a.example", "Ann Bee"),
    sender("quoted", '"Bee, Ann" <ann@a.example>', "ann@a.example", "Bee, Ann"),
    sender("quoted-quote", r'"Ann \"the\" Bee" <ann@a.example>', "ann@a.example", 'Ann "the" Bee'),
    sender("comment", "ann@a.example (Ann Bee)", "ann@a.example", "Ann Bee"),
    sender("comment-within", "Ann (at (home)) <ann@a.example>", "ann@a.example", "Ann"),
    sender("comma-unquoted", "Bee, Ann <ann@a.example>", "ann@a.example", "Ann"),
    sender("encoded-name", f"{b64('Änne Bee')} <ann@a.example>", "ann@a.example", "Änne Bee"),
    sender("encoded-comma", f"{Q}Bee=2C_Ann?= <ann@a.example>", "ann@a.example", "Bee, Ann"),
    sender("encoded-address-in-name", f"{Q}boss=40us.example=3E?= <e@evil.example>", "e@evil.example"),
    sender("encoded-whole", f"{Q}Ann_=3Cann=40a.example=3E?=", "ann@a.example"),
    sender("several", "ann@a.example, bob@b.example", "ann@a.example"),
    sender("group", "Team: ann@a.example, bob@b.example;", "ann@a.example"),
    sender("group-empty", "undisclosed-recipients:;", "bounce@a.example"),
    sender("route", "<@x.example,@y.example:ann@a.example>", "ann@a.example"),
    sender("idn", "ann@bücher.example", "ann@xn--bcher-kva.example"),
    sender("idn-sharp-s", "ann@straße.example", "ann@xn--strae-oqa.example"),
    sender("local-utf8", "änne@a.example", "änne@a.example"),
    sender("raw-latin", b"J\xfcrgen <j@a.example>", "j@a.example", "Jürgen"),
    sender("unclosed-angle", "Ann <ann@a.example", "ann@a.example"),
    sender("unclosed-quote", '"Ann <ann@a.example>', "ann@a.example"),
    sender("unclosed-comment", "ann@a.example (Ann", "ann@a.example"),
    sender("double-angle", "Ann <<ann@a.example>>", "ann@a.example"),
    sender("blanks-within", "Ann < ann @ a.example >", "ann@a.example"),
    sender("mailto", "<mailto:ann@a.example>", "ann@a.example"),
    sender("quoted-local", '"ann bee"@a.example', None),
    sender("trailing-dot", "ann@a.example.", "ann@a.example"),
    sender("two-ats", "ann@b@a.example", "bounce@a.example"),
    sender("no-at", "MAILER-DAEMON", "bounce@a.example", "MAILER-DAEMON"),
    sender("localhost", "root@localhost", "bounce@a.example"),
    sender("empty", "", "bounce@a.example"),
    sender("empty-angle", "<>", "bounce@a.example"),
    sender("only-name", "Ann Bee", "bounce@a.example", "Ann Bee"),
    sender("crlf-in-name", f"{Q}Ann=0D=0ATo=3A?= <ann@a.example>", "ann@a.example", "Ann To:"),
    sender("bare-cr-in-address", b"<ann\r@a.example>", None),
    sender("very-long", "x" * 5000 + " <ann@a.example>", "ann@a.example"),
    sender("endless-quotes", '"' * 60_000, "bounce@a.example"),
    sender("endless-comments", "(" * 60_000, "bounce@a.example"),
    sender("endless-commas", "," * 60_000 + "ann@a.example", "ann@a.example"),
    kind("from-none", mail(sender=None), sender="bounce@a.example"),
    kind("from-none-but-sender", mail(sender=None, more=b"Sender: s@a.example\r\n"), sender="s@a.example"),
    kind("from-twice", mail(more=b"From: other@a.example\r\n"), sender="ann@a.example"),
    kind("from-in-capitals", mail().replace(b"From:", b"FROM :"), sender="ann@a.example"),
    kind("reply-to", mail(more=b"Reply-To: desk@b.example\r\n"), reply_to="desk@b.example"),
    kind("reply-to-broken", mail(more=b"Reply-To: <>\r\n"), reply_to=""),
    # ---- dates
    dated("rfc", "Mon, 30 Nov 2026 12:00:00 +0100", NOON),
    dated("no-day", "30 Nov 2026 12:00:00 +0100", NOON),
    dated("comment", "Mon, 30 Nov 2026 12:00:00 +0100 (CET)", NOON),
    dated("named-zone", "Mon, 30 Nov 2026 11:00:00 GMT", NOON),
    dated("two-digits", "Mon, 30 Nov 26 11:00:00 +0000", NOON),
    dated("ctime", "Mon Nov 30 11:00:00 2026", NOON),
    dated("iso", "2026-11-30T12:00:00+01:00", NOON),
    dated("iso-zulu", "2026-11-30T11:00:00Z", NOON),
    dated("iso-blank", "2026-11-30 11:00:00", NOON),
    dated("german", "Mo, 30 Nov 2026 12:00:00 +0100", NOON),
    dated("german-month", "Do, 3 Dez 2026 10:00:00 +0000", 1_796_292_000_000),
    dated("french", "jeu., 3 déc. 2026 10:00:00 +0000", 1_796_292_000_000),
    dated("nonsense", "yesterday", None),
    dated("impossible", "Mon, 99 Foo 99999999 99:99:99 +9999", None),
    dated("before-time", "Thu, 1 Jan 1900 00:00:00 +0000", None),
    dated("far-future", "Fri, 31 Dec 9999 23:59:59 +0000", None),
    dated("empty", "", None),
    dated("huge-zone", "Mon, 30 Nov 2026 12:00:00 +99999999999999", None),
    # ---- ids
    kind("id-plain", mail(), message_id="<1@a.example>"),
    kind("id-none", mail(id=None), message_id=""),
    kind("id-bare", mail(id=b"1@a.example"), message_id="<1@a.example>"),
    kind("id-twice", mail(more=b"Message-ID: <2@a.example>\r\n"), message_id="<1@a.example>"),
    kind("id-folded", mail(id=b"\r\n <1@a.example>"), message_id="<1@a.example>"),
    kind("id-with-blanks", mail(id=b"< 1 @ a.example >"), message_id="<1@a.example>"),
    kind("id-with-cr", mail(id=b"<1\r@a.example>"), None),
    kind("id-of-words", mail(id=b"none"), message_id="<none>"),
    kind("id-very-long", mail(id=b"<" + b"x" * 5000 + b"@a.example>"), None),
    kind("references-many", mail(more=b"References: " + b"\r\n ".join(b"<%d@a.example>" % i for i in range(3000)) + b"\r\n"), None),
    kind("references-glued", mail(more=b"References: <a@a.example><b@a.example>,<a@a.example>\r\n"), references=("<a@a.example>", "<b@a.example>")),
    kind("in-reply-to-words", mail(more=b"In-Reply-To: Your message of Monday <x@a.example> from Ann\r\n"), in_reply_to=("<x@a.example>",)),
    # ---- recipients and the header as a whole
    kind("to-many", mail(to=b", ".join(b"p%d@a.example" % i for i in range(600))), trouble="too complex", count=500),
    kind("to-group", mail(to=b"Desk: a@a.example, b@a.example;, c@a.example"), to=("a@a.example", "b@a.example", "c@a.example")),
    kind("to-semicolons", mail(to=b"a@a.example; b@a.example"), to=("a@a.example", "b@a.example")),
    kind("to-none", mail(to=None), to=()),
    kind("cc-counts", mail(more=b"Cc: c@a.example\r\n"), to=("support@us.example", "c@a.example")),
    kind("header-lf-only", mail().replace(b"\r\n", b"\n"), subject="Printer", text="Please help."),
    kind("header-cr-only", mail().replace(b"\r\n", b"\r"), subject="Printer", text="Please help."),
    kind("header-crcrlf", mail().replace(b"\r\n", b"\r\r\n"), subject="Printer", text="Please help."),
    kind("header-mixed-ends", mail().replace(b"\r\n", b"\n", 3), subject="Printer", text="Please help."),
    kind("header-leading-blank-lines", b"\r\n\r\n" + mail(), subject="Printer", text="Please help."),
    kind("header-bom", b"\xef\xbb\xbf" + mail(), subject="Printer", sender="ann@a.example"),
    kind("header-mbox-line", b"From ann@a.example Mon Nov 30 12:00:00 2026\n" + mail(), subject="Printer"),
    kind("header-junk-line", mail(more=b"this is no header\r\nX-After: 1\r\n"), subject="Printer", text="Please help."),
    kind("header-blanks-in-blank-line", mail(b"Please help.\r\n\r\nAnn: thanks\r\n").replace(b"\r\n\r\nPlease", b"\r\n \r\nPlease"), subject="Printer", text="Please help.\n\nAnn: thanks"),
    kind("header-folded-over-blanks", mail().replace(b"Subject: Printer", b"Subject: Printer\r\n \r\n is broken"), subject="Printer is broken", text="Please help."),
    kind("header-blanks-before-field", mail().replace(b"Subject: Printer", b"Subject: Printer\r\n \r\nX-A: b"), subject="Printer", text="Please help."),
    kind("header-blanks-before-boundary", mail(b"--=_b\r\nContent-Type: text/plain\r\n\r\nPlease help.\r\n--=_b--\r\n", more=b'Content-Type: multipart/mixed; boundary="=_b"\r\n').replace(b"\r\n\r\n--=_b\r", b"\r\n \r\n--=_b\r"), subject="Printer", text="Please help."),
    kind("header-no-blank-line", mail().replace(b"\r\n\r\n", b"\r\n"), subject="Printer", text="Please help."),
    kind("header-only", mail().partition(b"\r\n\r\n")[0], subject="Printer", text=""),
    kind("header-none", b"Just words, no header at all.\r\n", text="Just words, no header at all."),
    kind("header-empty-mail", b"", text=""),
    kind("header-one-byte", b"\x00", text=""),
    kind("header-8bit-name", mail(more=b"X-\xe4: 1\r\n"), subject="Printer", text="Please help."),
    kind("header-blank-before-colon", mail().replace(b"Subject:", b"Subject \t:"), subject="Printer"),
    kind("header-300-kb", mail(more=b"X-Long: " + b"x" * 300_000 + b"\r\n"), trouble="too complex", subject="Printer"),
    kind("header-20000-fields", mail(more=b"X-A: b\r\n" * 20_000), text="Please help."),
    kind("header-continuation-first", b" leading\r\n" + mail(), sender="ann@a.example"),
)  # fmt: skip
