"""Kinds of mail whose words or files lie packed within a part; `torture_kind.py` says what `Kind` is."""

from __future__ import annotations

import binascii
import struct
import zlib

from torture_bodies import FILE, PDF, TEXT, in_64, multi, part, parts, typed
from torture_kind import Kind

PRESET = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What every such dictionary begins with (MS-OXRTFCP §2.2.1.1)."""
ID_DATA, ID_SIGNED, ID_ENVELOPED = (bytes.fromhex(f"06092a864886f70d0107{it}") for it in ("01", "02", "03"))
ID_COMPRESSED = bytes.fromhex("060b2a864886f70d0109100109")
INSIDE = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "Unter Siegel: Störung.\r\n".encode()


def compressed(rtf: bytes) -> bytes:
    """As MS-OXRTFCP packs it: what the dictionary has is told by its place."""
    seen, tokens, at = PRESET, [], 0
    while at < len(rtf):
        long = next((n for n in range(17, 2, -1) if rtf[at : at + n] in seen and at + n <= len(rtf)), 0)
        if long:
            tokens.append((1, struct.pack(">H", seen.index(rtf[at : at + long]) << 4 | long - 2)))
        else:
            long = 1
            tokens.append((0, rtf[at : at + 1]))
        seen, at = seen + rtf[at : at + long], at + long
    assert len(seen) < 4096
    tokens.append((1, struct.pack(">H", len(seen) << 4)))
    body = b""
    for i in range(0, len(tokens), 8):
        eight = tokens[i : i + 8]
        body += bytes([sum(flag << bit for bit, (flag, _) in enumerate(eight))]) + b"".join(
            it for _, it in eight
        )
    return struct.pack("<II4sI", len(body) + 12, len(rtf), b"LZFu", 0) + body


def outlook(rtf: bytes) -> bytes:
    """A winmail.dat whose words are rich text alone."""
    packed = compressed(rtf)
    one = struct.pack("<IHHII", 1, 0x102, 0x1009, 1, len(packed)) + packed + bytes(-len(packed) % 4)
    return struct.pack("<IH", 0x223E9F78, 1) + struct.pack("<BII", 1, 0x00069003, len(one)) + one + b"\0\0"


def der(tag: int, *inner: bytes) -> bytes:
    """One value, its length told."""
    body = b"".join(inner)
    size = len(body)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + struct.pack(">H", size)
    return bytes([tag]) + length + body


def ber(tag: int, *inner: bytes) -> bytes:
    """One value that ends at its mark."""
    return bytes([tag, 0x80]) + b"".join(inner) + b"\0\0"


def signed(inner: bytes, kind: bytes = ID_SIGNED) -> bytes:
    """An opaque signature of nobody's."""
    content = der(0x30, ID_DATA, der(0xA0, der(0x04, inner)))
    algorithms = der(0x31, der(0x30, bytes.fromhex("0605 2b0e03021a")))
    return der(0x30, kind, der(0xA0, der(0x30, b"\x02\x01\x01", algorithms, content, der(0x31))))


def streamed(inner: bytes) -> bytes:
    """The same as streams write it: no length is told, the content comes in pieces."""
    octets = ber(0x24, *(der(0x04, inner[i : i + 20]) for i in range(0, len(inner), 20)))
    content = ber(0x30, ID_DATA, ber(0xA0, octets))
    return ber(0x30, ID_SIGNED, ber(0xA0, ber(0x30, b"\x02\x01\x01", der(0x31), content, der(0x31))))


def squeezed(inner: bytes) -> bytes:
    """Compressed-data (RFC 3274)."""
    content = der(0x30, ID_DATA, der(0xA0, der(0x04, zlib.compress(inner))))
    algorithm = der(0x30, bytes.fromhex("060b2a864886f70d0109100308"))
    return der(0x30, ID_COMPRESSED, der(0xA0, der(0x30, b"\x02\x01\x00", algorithm, content)))


def sealed(name: str, data: bytes, /, **expected: object) -> Kind:
    """A mail that is such a part and nothing else."""
    return typed(
        name,
        "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
        in_64(data),
        "base64",
        **expected,
    )


def uuencoded(name: bytes, data: bytes, end: bytes = b"`\r\nend\r\n") -> bytes:
    """A file as lines of a text."""
    lines = (binascii.b2a_uu(data[i : i + 45]).replace(b"\n", b"\r\n") for i in range(0, len(data), 45))
    return b"begin 644 " + name + b"\r\n" + b"".join(lines) + end


def rich(name: str, rtf: bytes, **expected: object) -> Kind:
    """A mail whose words are Outlook's rich text."""
    return multi(
        name,
        "mixed",
        parts(part("application/ms-tnef; name=winmail.dat", in_64(outlook(rtf)), "", "base64")),
        **expected,
    )


ARMOURED = (
    b"-----BEGIN PGP SIGNATURE-----\r\n\r\niQEzBAEBCAAdFiEE\r\n=abcd\r\n-----END PGP SIGNATURE-----\r\n"
)
CLOSED = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA0OzDoQ8\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"
WITH_FILE = b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n' + parts(TEXT, FILE)

UNCLAIMED = {
    "gb18030": "您好，我的打印机坏了，请问什么时候可以修好？谢谢。",
    "cp950": "您好，我的印表機壞了，請問什麼時候可以修好？謝謝。",
    "cp932": "プリンターが壊れました。よろしくお願いします。",
    "euc_jp": "プリンターが壊れました。よろしくお願いします。",
    "cp949": "안녕하세요. 프린터가 고장났습니다. 도와주세요.",
    "cp874": "สวัสดีครับ เครื่องพิมพ์เสีย ช่วยด้วย",
    "cp1251": "Здравствуйте, у меня не работает принтер.",
    "koi8_r": "Здравствуйте, у меня не работает принтер.",
    "koi8-r": "Что лучше, Android или Windows Phone for the office?",
    "cp1252": "Bonjour, la clé n’est pas à l’intérieur, où est-elle ?",
}
"""Words in charsets that nothing names."""

KINDS = (
    # ---- rich text
    rich("rich-words", b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fswiss Arial;}}\\pard The printer is \\b broken\\b0 .\\par Please help\\'21\\par}", text="The printer is broken.\nPlease help!"),
    rich("rich-cyrillic", b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset204 Arial;}{\\f1 Arial;}}\\f0\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2\\f1 , caf\\'e9 \\u1103?\\par}", text="Привет, café я"),
    rich("rich-made-of-html", b"{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 Hello {\\*\\htmltag84 <b>}\\htmlrtf \\b hidden\\htmlrtf0 bold{\\*\\htmltag92 </b>} &amp; more\\htmlrtf }\\htmlrtf0 {\\*\\htmltag72 </p>}}", text="Hello bold & more"),
    rich("rich-picture", b"{\\rtf1{\\pict\\pngblip 89504e47}{\\*\\unknown secret}Words {\\*\\shppict{\\pict 00}}stay}", text="Words stay"),
    rich("rich-open-braces", b"{\\rtf1" + b"{" * 300 + b"deep", text=""),
    # ---- opaque signatures
    sealed("signed-opaque", signed(INSIDE), text="Unter Siegel: Störung.", trouble="", files=()),
    sealed("signed-opaque-streamed", streamed(INSIDE), text="Unter Siegel: Störung.", trouble=""),
    sealed("signed-opaque-file", signed(WITH_FILE), text="Hallo Wörld", files=(("bill.pdf", "application/pdf"),), trouble=""),
    sealed("signed-opaque-twice", signed(b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n" + in_64(signed(WITH_FILE))), text="Hallo Wörld", files=(("bill.pdf", "application/pdf"),)),
    sealed("signed-then-encrypted", signed(b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n" + in_64(signed(INSIDE, ID_ENVELOPED))), text="", trouble="unreadable"),
    sealed("signed-encrypted", signed(INSIDE, ID_ENVELOPED), text="", trouble="unreadable"),
    sealed("signed-compressed", squeezed(INSIDE), text="Unter Siegel: Störung.", trouble=""),
    sealed("signed-opaque-cut", signed(INSIDE)[:30], trouble="unreadable"),
    sealed("signed-endless-marks", b"\x30\x80" * 2_000, trouble="unreadable"),
    typed("signed-within-text", "text/plain", b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nIt is broken.\r\n- -- \r\nAnn\r\n" + ARMOURED, text="It is broken.", folded="--\nAnn"),
    typed("signed-within-text-open", "text/plain", b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n" * 5 + b"It is broken.\r\n", holds=("It is broken.",)),
    typed("encrypted-within-text", "text/plain", CLOSED, text="", trouble="unreadable"),
    typed("encrypted-spoken-of", "text/plain", b"What is this?\r\n\r\n" + CLOSED, holds=("What is this?", "BEGIN PGP MESSAGE"), trouble=""),
    # ---- no claim, or a wrong one
    *(typed(f"charset-none-{name}", "", words.encode(name), text=words) for name, words in UNCLAIMED.items()),
    typed("base64-claimed", "text/plain; charset=utf-8", b"Plain words that\r\nno program encoded.\r\n", "base64", text="Plain words that\nno program encoded."),
    typed("base64-word", "text/plain; charset=utf-8", b"Hilfe, bitte!", "base64", text="Hilfe, bitte!"),
    typed("base64-footed", "text/plain; charset=utf-8", in_64("Störung, bitte helfen. ".encode() * 20) + b"\r\nA footer of a list\r\n", "base64", holds=("Störung, bitte helfen.",)),
    typed("text-stray-zero", "text/plain; charset=utf-8", b"The line was cut\0 here, please call me back.", text="The line was cut here, please call me back.", trouble=""),
    multi("text-is-a-file", "mixed", parts(TEXT, part("text/html", in_64(b"PK\x03\x04" + bytes(range(256)) * 4), "Content-Disposition: inline\r\n", "base64")), text="Hallo Wörld", files=(("attachment-2.zip", "application/zip"),)),
    # ---- files within a text
    typed("uu-file", "text/plain", b"See below.\r\n" + uuencoded(b"bill.pdf", PDF) + b"Thanks\r\n", text="See below.\nThanks", files=(("bill.pdf", "application/pdf"),)),
    typed("uu-two-files", "", b"Hello\r\n" + uuencoded(b"a b.pdf", PDF) + uuencoded(b"c.pdf", PDF), text="Hello", files=(("a b.pdf", "application/pdf"), ("c.pdf", "application/pdf"))),
    typed("uu-file-cut", "text/plain", b"Hello\r\n" + uuencoded(b"bill.pdf", PDF, end=b""), text="Hello", files=(("bill.pdf", "application/pdf"),)),
    typed("uu-none", "text/plain", b"We could\r\nbegin 644 times\r\nand never end\r\n", text="We could\nbegin 644 times\nand never end", files=()),
    typed("uu-endless", "text/plain", b"begin 644 x\r\n" * 5_000, files=()),
)  # fmt: skip
