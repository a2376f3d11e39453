"""Kinds of mail that break readers, by what is odd in their parts; `torture_kind.py` says what `Kind` is."""

from __future__ import annotations

import base64
import struct

from torture_kind import Kind, kind, mail

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0\37\25\304\211"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def typed(name: str, content_type: str, body: bytes, encoding: str = "", **expected: object) -> Kind:
    more = f"Content-Type: {content_type}\r\n" if content_type else ""
    more += f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    return kind(name, mail(body, more=b"MIME-Version: 1.0\r\n" + more.encode("latin-1")), **expected)


def part(content_type: str, body: bytes, more: str = "", encoding: str = "") -> bytes:
    head = f"Content-Type: {content_type}\r\n" if content_type else ""
    head += f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    return (head + more).encode() + b"\r\n" + body + b"\r\n"


def parts(*them: bytes, boundary: bytes = b"=_b", close: bool = True) -> bytes:
    inner = b"".join(b"--" + boundary + b"\r\n" + it for it in them)
    return b"preamble\r\n" + inner + (b"--" + boundary + b"--\r\nepilogue\r\n" if close else b"")


def multi(name: str, kind_of: str, body: bytes, boundary: str = '"=_b"', **expected: object) -> Kind:
    said = f"multipart/{kind_of}; boundary={boundary}" if boundary else f"multipart/{kind_of}"
    return typed(name, said, body, **expected)


def nested(depth: int) -> bytes:
    inner = part("text/plain", b"at the bottom")
    for i in range(depth):
        boundary = f"b{i}".encode()
        inner = part(f"multipart/mixed; boundary=b{i}", parts(inner, boundary=boundary))
    return inner


def in_64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def tnef() -> bytes:
    def attribute(level: int, name: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    data = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x0002800C, b"Words of Outlook.\0")
    data += attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x00018010, b"report.pdf\0")
    return data + attribute(2, 0x0006800F, PDF)


TEXT, HTML = (
    part("text/plain; charset=utf-8", "Hallo Wörld".encode()),
    part("text/html", b"<p>Hello <b>HTML</b></p>"),
)
FILE = part(
    "application/pdf; name=x.pdf",
    in_64(PDF),
    "Content-Disposition: attachment; filename=bill.pdf\r\n",
    "base64",
)
ICS = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Review\\, weekly\r\nLOCATION:Room 5\r\n"
    b"DTSTART;TZID=Europe/Berlin:20261201T100000\r\nDTEND;TZID=Europe/Berlin:20261201T110000\r\n"
    b"ORGANIZER;CN=Ann:mailto:ann@a.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
INVITED = "Invitation: Review, weekly, 2026-12-01 10:00 to 11:00 (Europe/Berlin), Room 5, from ann@a.example"
INNER = mail(b"Inner words.\r\n", subject=b"Inner", id=b"<2@a.example>")

KINDS = (
    # ---- charsets
    typed("charset-utf8", "text/plain; charset=utf-8", "Störung ☎".encode(), "8bit", text="Störung ☎"),
    typed("charset-latin", "text/plain; charset=iso-8859-1", "Störung".encode("latin-1"), "8bit", text="Störung"),
    typed("charset-none-utf8", "", "Störung".encode(), text="Störung"),
    typed("charset-none-latin", "", "Störung".encode("latin-1"), text="Störung"),
    typed("charset-lies-latin", "text/plain; charset=iso-8859-1", "Störung".encode(), text="Störung"),
    typed("charset-lies-utf8", "text/plain; charset=utf-8", "Störung".encode("latin-1"), text="Störung"),
    typed("charset-ascii-8bit", "text/plain; charset=us-ascii", "Störung".encode(), text="Störung"),
    typed("charset-unknown", "text/plain; charset=klingon", b"plain words", text="plain words"),
    typed("charset-codec", "text/plain; charset=rot13", b"plain words", text="plain words"),
    typed("charset-base64-codec", "text/plain; charset=base64", "Störung".encode(), text="Störung"),
    typed("charset-undefined", "text/plain; charset=undefined", "Störung".encode(), text="Störung"),
    typed("charset-idna", "text/plain; charset=idna", b"x." * 3000 + b"\xff"),
    typed("charset-quoted-odd", "text/plain; charset=\"'utf-8'\"", "Störung".encode(), text="Störung"),
    typed("charset-utf16", "text/plain; charset=utf-16", "Störung".encode("utf-16"), text="Störung"),
    typed("charset-utf7", "text/plain; charset=utf-7", b"St+APY-rung", text="Störung"),
    typed("charset-shift-jis", "text/plain; charset=shift_jis", "印刷できません".encode("cp932"), text="印刷できません"),
    typed("charset-iso-2022-jp", "text/plain; charset=iso-2022-jp", "印刷".encode("iso2022_jp"), text="印刷"),
    typed("charset-gb2312-beyond", "text/plain; charset=gb2312", "打印机鎔".encode("gb18030"), text="打印机鎔"),
    typed("charset-ks", "text/plain; charset=ks_c_5601-1987", "프린터".encode("cp949"), text="프린터"),
    typed("charset-koi8", "text/plain; charset=koi8-r", "Принтер".encode("koi8-r"), text="Принтер"),
    typed("charset-none-cyrillic", "", "Принтер сломался, помогите пожалуйста".encode("cp1251"), text="Принтер сломался, помогите пожалуйста"),
    typed("charset-nul-bytes", "text/plain", b"a\0b\0c words"),
    typed("charset-euro", "text/plain; charset=iso-8859-1", b"5 \x80", text="5 €"),
    # ---- transfer encodings
    typed("encoding-qp", "text/plain; charset=utf-8", b"St=C3=B6r=\r\nung", "quoted-printable", text="Störung"),
    typed("encoding-qp-broken", "text/plain; charset=utf-8", b"100=ZZ =C3=B6 =", "quoted-printable", text="100=ZZ ö"),
    typed("encoding-b64", "text/plain; charset=utf-8", in_64("Störung".encode()), "base64", text="Störung"),
    typed("encoding-b64-unpadded", "text/plain; charset=utf-8", b"U3TDtnJ1bmc", "base64", text="Störung"),
    typed("encoding-b64-junk", "text/plain; charset=utf-8", b"U3T*Dtn\xff J1b!mc=", "base64", text="Störung"),
    typed("encoding-b64-pieces", "text/plain; charset=utf-8", b"U3TDtg==\r\ncnVuZw==\r\n", "base64", text="Störung"),
    typed("encoding-b64-odd", "text/plain", b"U3TDtnJ1b", "BASE64 "),
    typed("encoding-b64-no-b64", "text/plain", b"this is plain, not base64!", "base64"),
    typed("encoding-unknown", "text/plain", b"plain words", "rot47", text="plain words"),
    typed("encoding-comment", "text/plain; charset=utf-8", in_64(b"plain words"), "base64 (really)", text="plain words"),
    typed("encoding-uu", "text/plain", b"begin 644 x\r\n#0V%T\r\n`\r\nend\r\n", "x-uuencode", text="Cat"),
    typed("encoding-uu-broken", "text/plain", b"begin 644 x\r\n~~~~\xff\r\nend\r\n", "x-uuencode"),
    # ---- content types
    typed("type-nonsense", "nonsense", b"plain words", text="plain words"),
    typed("type-empty", " ", b"plain words", text="plain words"),
    typed("type-only-text", "text", b"plain words", text="plain words"),
    typed("type-slashes", "text/plain/html; charset=utf-8", b"plain words", text="plain words"),
    typed("type-html-in-plain", "text/plain", b"<html><body><p>Hello</p></body></html>", text="Hello"),
    typed("type-enriched", "text/enriched", b"<bold>Hello</bold> you", text="Hello you"),
    typed("type-8bit-parameter", "text/plain; name=\xfc.txt", b"plain words", holds=("plain words",)),
    typed("type-endless-parameters", "text/plain; " + "a=b; " * 20_000, b"plain words", text="plain words"),
    typed("type-endless-semicolons", "text/plain" + ";" * 60_000, b"plain words", text="plain words"),
    typed("type-binary-as-text", "text/plain", bytes(range(256)) * 40, trouble="unreadable"),
    # ---- HTML
    typed("html-plain", "text/html", b"<p>One</p><p>Two<br>Three</p>", text="One\n\nTwo\nThree"),
    typed("html-open-head", "text/html", b"<html><head><title>No</title><style>a{}</style><center>One <a href='http://a.example/'>two</a></center>", text="One two <http://a.example/>"),
    typed("html-odd-head", "text/html", b"<meta charset=utf-8><x9f a=''><head><style>a{}</style></head><body><p>Hi</p></body>", text="Hi"),
    multi("alternative-picture", "alternative", parts(part("text/plain", b"This is HTML alone."), part("text/html", b"<img src=cid:1>")), text="This is HTML alone."),
    typed("html-frame", "text/html", b"<p>Hi</p><iframe src=x><script src=y></script><p>no</p></iframe><p>there</p>", text="Hi\n\nthere"),
    typed("html-script", "text/html", b"<script>alert(1)</script><style>p{}</style><p>Hi</p>", text="Hi"),
    typed("html-unclosed", "text/html", b"<div><p>Hi<b>there<table><tr><td>cell", holds=("there", "cell")),
    typed("html-hidden", "text/html", b"<div style='display:none'>preheader</div><p>Hi</p>", text="Hi"),
    typed("html-list", "text/html", b"<ol><li>a</li><li>b</li></ol>", text="1. a\n2. b"),
    typed("html-links", "text/html", b"<a href='http://a.example/x'>here</a> <a href='javascript:1'>no</a>", text="here <http://a.example/x> no"),
    typed("html-image", "text/html", b"<img src='http://spy.example/1.gif' alt='logo'> Hi", text="[logo] Hi"),
    typed("html-entities", "text/html", b"&lt;b&gt; &amp; &#246; &bogus; &#x110000;", holds=("<b> & ö",)),
    typed("html-meta-charset", "text/html", b"<meta charset=windows-1251><p>\xcf\xf0\xe8\xed\xf2\xe5\xf0</p>", "8bit", text="Принтер"),
    typed("html-xml-declaration", "text/html", b"<?xml version='1.0' encoding='utf-16'?><p>Hi</p>", text="Hi"),
    typed("html-deep", "text/html", b"<div>" * 20_000 + b"deep", text="deep"),
    typed("html-many-closings", "text/html", b"</p>" * 20_000 + b"Hi", text="Hi"),
    typed("html-endless-comment", "text/html", b"Hi<!-- " + b"- " * 50_000, text="Hi"),
    typed("html-endless-attribute", "text/html", b"Hi<a href='" + b"x" * 100_000, holds=("Hi",)),
    typed("html-nul", "text/html", b"<p>H\0i</p>"),
    typed("html-quote", "text/html", b"<p>Thanks</p><blockquote>Earlier</blockquote>", text="Thanks", folded="> Earlier"),
    # ---- several parts
    multi("parts-alternative", "alternative", parts(TEXT, HTML), text="Hallo Wörld"),
    multi("parts-alternative-html-only", "alternative", parts(HTML), text="Hello HTML"),
    multi("parts-alternative-empty-plain", "alternative", parts(part("text/plain", b""), HTML), text="Hello HTML"),
    multi("parts-alternative-placeholder", "alternative", parts(part("text/plain", b"Your client can't show HTML."), HTML), text="Hello HTML"),
    multi("parts-alternative-invitation", "alternative", parts(TEXT, part("text/calendar; method=REQUEST", ICS)), text="Hallo Wörld", invitation=INVITED),
    multi("parts-mixed-file", "mixed", parts(TEXT, FILE), text="Hallo Wörld", files=(("bill.pdf", "application/pdf"),)),
    multi("parts-mixed-two-texts", "mixed", parts(TEXT, part("text/plain", b"footer")), text="Hallo Wörld\n\nfooter"),
    multi("parts-related-image", "related", parts(part("text/html", b"Hi <img src='cid:i1'>"), part("image/png", in_64(PNG), "Content-ID: <i1>\r\n", "base64")), text="Hi", files=(("attachment-2.png", "image/png"),)),
    multi("parts-signed", "signed", parts(TEXT, part("application/pgp-signature; name=s.asc", b"-----BEGIN PGP SIGNATURE-----")), text="Hallo Wörld", files=()),
    multi("parts-encrypted", "encrypted", parts(part("application/pgp-encrypted", b"Version: 1"), part("application/octet-stream", b"-----BEGIN PGP MESSAGE-----")), trouble="unreadable"),
    multi("parts-forwarded", "mixed", parts(TEXT, part("message/rfc822", INNER)), text="Hallo Wörld", files=(("Inner.eml", "message/rfc822"),)),
    multi("parts-only-forwarded", "mixed", parts(part("message/rfc822", INNER)), text="Inner words.", files=(("Inner.eml", "message/rfc822"),)),
    multi("parts-digest", "digest", parts(b"\r\n" + INNER, b"\r\n" + INNER)),
    multi("parts-report", "report; report-type=delivery-status", parts(TEXT, part("message/delivery-status", b"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; y@z\r\n"), part("message/rfc822", INNER)), text="Hallo Wörld"),
    multi("parts-no-boundary", "mixed", parts(TEXT, FILE), boundary="", text="Hallo Wörld"),
    multi("parts-wrong-boundary", "mixed", parts(TEXT, FILE), boundary="other", text="Hallo Wörld"),
    multi("parts-never-closed", "mixed", parts(TEXT, FILE, close=False), text="Hallo Wörld"),
    multi("parts-none-at-all", "mixed", b"only words", text="only words"),
    multi("parts-empty", "mixed", b"", text=""),
    multi("parts-lf", "mixed", parts(TEXT, FILE).replace(b"\r\n", b"\n"), text="Hallo Wörld", files=(("bill.pdf", "application/pdf"),)),
    multi("parts-boundary-blanks", "mixed", parts(TEXT).replace(b"--=_b\r", b"--=_b  \t\r"), text="Hallo Wörld"),
    multi("parts-boundary-in-text", "mixed", parts(part("text/plain", b"see --=_b within and\r\n --=_b")), holds=("within and",)),
    multi("parts-boundary-prefix", "mixed", parts(part('multipart/mixed; boundary="=_b2"', parts(TEXT, boundary=b"=_b2"))), text="Hallo Wörld"),
    multi("parts-boundary-same", "mixed", parts(part('multipart/mixed; boundary="=_b"', parts(TEXT)))),
    multi("parts-boundary-of-regex", "mixed", parts(TEXT, boundary=b"(a+)+$[*"), boundary='"(a+)+$[*"', text="Hallo Wörld"),
    multi("parts-boundary-long", "mixed", parts(TEXT, boundary=b"x" * 3000), boundary="x" * 3000, text="Hallo Wörld"),
    multi("parts-without-headers", "mixed", parts(b"\r\nbare words\r\n"), text="bare words"),
    multi("parts-header-glued", "mixed", parts(b"Content-Type: text/plain\r\nbare words\r\n"), holds=("bare words",)),
    multi("parts-deep", "mixed", parts(nested(60)), trouble="too complex"),
    multi("parts-deep-allowed", "mixed", parts(nested(15)), text="at the bottom"),
    multi("parts-many", "mixed", parts(*[part("text/plain", b"x")] * 1000), trouble="too complex"),
    multi("parts-only-file", "mixed", parts(FILE), text="", files=(("bill.pdf", "application/pdf"),)),
    multi("parts-base64-multipart", "mixed", in_64(parts(TEXT))),
    typed("parts-multipart-base64-said", 'multipart/mixed; boundary="=_b"', parts(TEXT), "base64", text="Hallo Wörld"),
    multi("parts-plain-text-file-first", "mixed", parts(part("text/plain; name=a.txt", b"words in a file", "Content-Disposition: inline; filename=a.txt\r\n")), text="words in a file"),
    # ---- files
    *(
        multi(f"file-name-{name}", "mixed", parts(TEXT, part("application/pdf", in_64(PDF), f"Content-Disposition: attachment; {said}\r\n", "base64")), files=((shown, "application/pdf"),))
        for name, said, shown in (
            ("rfc2231", "filename*=utf-8''Rechnung%20%E2%82%AC.pdf", "Rechnung €.pdf"),
            ("rfc2231-pieces", "filename*0*=utf-8''Rech; filename*1*=nung%20; filename*2=x.pdf", "Rechnung x.pdf"),
            ("rfc2047", 'filename="=?utf-8?q?b=C3=BCro.pdf?="', "büro.pdf"), ("raw-utf8", "filename=büro.pdf", "büro.pdf"),
            ("path", "filename=../../etc/passwd", "passwd"), ("windows-path", 'filename="C:\\\\Users\\\\x\\\\a.pdf"', "a.pdf"),
            ("rtl", 'filename="=?utf-8?q?gpj=E2=80=AEfdp.exe?="', "gpj_fdp.exe"), ("nul", 'filename="=?utf-8?q?a=00.pdf?="', "a .pdf"),
            ("crlf", 'filename="=?utf-8?q?a=0D=0AX:_y.pdf?="', "a X_ y.pdf"), ("device", "filename=con.pdf", "_con.pdf"),
            ("dots", "filename=..", "attachment-2.pdf"), ("empty", 'filename=""', "attachment-2.pdf"),
            ("hidden", "filename=.bashrc", "bashrc"), ("semicolon", 'filename="a;b.pdf"', "a;b.pdf"),
            ("long", f"filename={'x' * 400}.pdf", "x" * 100 + ".pdf"), ("unquoted", "filename=my bill.pdf", "my bill.pdf"),
        )
    ),
    multi("file-claims-image", "mixed", parts(TEXT, part("image/png; name=x.png", b"<html><script>alert(1)</script>")), files=(("x.png", "text/html"),)),
    multi("file-claims-octets", "mixed", parts(TEXT, part("application/octet-stream; name=x", in_64(PNG), "", "base64")), files=(("x", "image/png"),)),
    multi("file-svg", "mixed", parts(TEXT, part("image/png; name=x.svg", b"<svg onload=alert(1)>")), files=(("x.svg", "image/svg+xml"),)),
    multi("file-winmail", "mixed", parts(part("application/ms-tnef; name=winmail.dat", in_64(tnef()), "", "base64")), text="Words of Outlook.", files=(("report.pdf", "application/pdf"),)),
    multi("file-winmail-cut", "mixed", parts(TEXT, part("application/ms-tnef; name=winmail.dat", in_64(tnef()[:60]), "", "base64")), text="Hallo Wörld"),
    multi("file-broken-base64", "mixed", parts(TEXT, part("application/pdf; name=x.pdf", in_64(PDF)[:-9] + b"*", "", "base64")), text="Hallo Wörld"),
    typed("file-calendar-alone", "text/calendar; method=REQUEST", ICS, invitation=INVITED),
    typed("file-calendar-broken", "text/calendar", b"BEGIN:VEVENT\r\nDTSTART:never\r\nSUMMARY", invitation="Event: without a title"),
    typed("file-pdf-alone", "application/pdf; name=bill.pdf", in_64(PDF), "base64", files=(("bill.pdf", "application/pdf"),)),
    # ---- folding
    typed("fold-flowed", "text/plain; format=flowed", b"one \r\ntwo \r\nthree\r\n", text="one two three"),
    typed("fold-flowed-delsp", "text/plain; format=flowed; delsp=yes", b"one \r\ntwo", text="onetwo"),
    typed("fold-quote", "text/plain", b"Yes.\r\n\r\nOn Mon, 30 Nov 2026, Ann wrote:\r\n> Well?\r\n", text="Yes.", folded="On Mon, 30 Nov 2026, Ann wrote:\n> Well?"),
    typed("fold-quote-german", "text/plain; charset=utf-8", b"Ja.\r\n\r\nAm 30.11.2026 um 12:00 schrieb Ann:\r\n> Gut?\r\n", text="Ja."),
    typed("fold-outlook", "text/plain", b"Yes.\r\n\r\nFrom: Ann\r\nSent: Monday\r\nTo: Bob\r\nSubject: x\r\n\r\nWell?\r\n", text="Yes."),
    typed("fold-below", "text/plain", b"On Mon, 30 Nov 2026, Ann wrote:\r\n> Well?\r\n\r\nYes.\r\n", text="Yes."),
    typed("fold-between", "text/plain", b"> First?\r\nYes.\r\n> Second?\r\nNo.\r\n", text="> First?\nYes.\n> Second?\nNo."),
    typed("fold-signature", "text/plain", b"Hello\r\n-- \r\nAnn\r\n", text="Hello", folded="--\nAnn"),
    typed("fold-all-is-quote", "text/plain", b"> only\r\n> quotes\r\n", text="> only\n> quotes", folded=""),
    typed("fold-list-of-complaints", "text/plain", b"Broken:\r\n- the printer\r\n- the phone\r\nThanks,\r\nplease hurry\r\n", text="Broken:\n- the printer\n- the phone\nThanks,\nplease hurry", folded=""),
    typed("fold-endless-on", "text/plain", b"On " * 20_000),
    typed("fold-endless-quotes", "text/plain", b">" * 100_000 + b"\r\nHi", holds=("Hi",)),
)  # fmt: skip
