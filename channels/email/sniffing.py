"""What a file is by its bytes, and what one may call it. What the sender claims counts only among harmless kinds."""

from __future__ import annotations

import re

from .charsets import one_line

UNKNOWN = "application/octet-stream"
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "application/pdf", "pdf"), (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"), (b"GIF87a", "image/gif", "gif"), (b"GIF89a", "image/gif", "gif"),
    (b"II*\x00", "image/tiff", "tif"), (b"MM\x00*", "image/tiff", "tif"), (b"BM", "image/bmp", "bmp"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon", "ico"), (b"8BPS", "image/vnd.adobe.photoshop", "psd"),
    (b"PK\x03\x04", "application/zip", "zip"), (b"PK\x05\x06", "application/zip", "zip"),
    (b"Rar!\x1a\x07", "application/vnd.rar", "rar"), (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "7z"),
    (b"\x1f\x8b", "application/gzip", "gz"), (b"BZh", "application/x-bzip2", "bz2"),
    (b"\xfd7zXZ\x00", "application/x-xz", "xz"), (b"\x28\xb5\x2f\xfd", "application/zstd", "zst"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", "doc"), (b"{\\rtf", "application/rtf", "rtf"),
    (b"MZ", "application/vnd.microsoft.portable-executable", "exe"), (b"\x7fELF", "application/x-elf", "bin"),
    (b"\xca\xfe\xba\xbe", "application/java-vm", "class"), (b"\xcf\xfa\xed\xfe", "application/x-mach-binary", "bin"),
    (b"ID3", "audio/mpeg", "mp3"), (b"\xff\xfb", "audio/mpeg", "mp3"), (b"OggS", "audio/ogg", "ogg"),
    (b"fLaC", "audio/flac", "flac"), (b"#!AMR", "audio/amr", "amr"), (b"\x1aE\xdf\xa3", "video/webm", "webm"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef", "dat"), (b"%!PS", "application/postscript", "ps"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3", "sqlite"), (b"wOF2", "font/woff2", "woff2"),
    (b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted", "asc"), (b"\x00asm", "application/wasm", "wasm"),
)  # fmt: skip
_BOXES = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif",
          b"qt  ": "video/quicktime", b"M4A ": "audio/mp4"}  # fmt: skip
_RIFFS = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIPPED: tuple[tuple[bytes, str], ...] = (
    (b"word/document", f"{_OFFICE}wordprocessingml.document"), (b"xl/workbook", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/presentation", f"{_OFFICE}presentationml.presentation"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
    (b"mimetypeapplication/epub", "application/epub+zip"),
)  # fmt: skip
_ODF = re.compile(rb"mimetype(application/vnd\.oasis\.opendocument\.[a-z-]{3,30})")
_OLD_OFFICE = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "msi": "application/x-msi",
}
_MARKUP = re.compile(
    rb"<(?:!doctype html|html|head|body|script|iframe|table|div|p|a|meta)[\s>/]", re.IGNORECASE
)
_HARMLESS = {
    "text/csv", "text/markdown", "text/x-log", "text/x-patch", "text/x-diff", "text/tab-separated-values",
    "application/json", "application/x-yaml", "application/pgp-keys", "application/toml",
}  # fmt: skip
ENDINGS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/vcard": "vcf", "message/rfc822": "eml",
    "image/svg+xml": "svg", "application/xml": "xml", "text/csv": "csv", "image/webp": "webp", "image/heic": "heic",
    "video/mp4": "mp4", "audio/wav": "wav", "application/json": "json",
    **{kind: ending for _, kind, ending in reversed(_MAGIC)},
    f"{_OFFICE}wordprocessingml.document": "docx", f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}presentationml.presentation": "pptx",
}  # fmt: skip
"""A file's name gets the ending of what it is when it has no name at all."""
_UNSAFE = re.compile('[<>:"|?*\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_DEVICES = {"con", "prn", "aux", "nul", *(f"{it}{n}" for it in ("com", "lpt") for n in range(1, 10))}


def sniffed(data: bytes, claimed: str = "", name: str = "") -> str:
    """The type of `data`, never one that a browser runs unless its bytes are of that kind."""
    head = data[:1024]
    if head[4:8] == b"ftyp":
        return _BOXES.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF":
        return _RIFFS.get(head[8:12], UNKNOWN)
    for magic, kind, _ in _MAGIC:
        if head.startswith(magic) and not (magic in (b"BM", b"MZ", b"ID3", b"BZh") and _is_text(head)):
            return _refined(kind, data, name)
    return _text(head, claimed, name) if head and _is_text(head) else UNKNOWN


def _refined(kind: str, data: bytes, name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    if kind == "application/zip":
        odf = _ODF.search(data[:200])
        if odf:
            return odf[1].decode("ascii")
        ends = data[:20_000] + data[-20_000:]  # names stand beside the files and once more at the end
        return next((it for mark, it in _ZIPPED if mark in ends), kind)
    return _OLD_OFFICE.get(ending, kind) if kind == "application/x-ole-storage" else kind


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(it < 9 or 13 < it < 27 or 27 < it < 32 for it in head)


def _text(head: bytes, claimed: str, name: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return "image/svg+xml"
    if _MARKUP.search(head) or claimed in ("text/html", "application/xhtml+xml"):
        return "text/html"
    if start.startswith(b"<?xml"):
        return "application/xml"
    if start.startswith(b"begin:vcalendar"):
        return "text/calendar"
    if start.startswith(b"begin:vcard"):
        return "text/vcard"
    if claimed in _HARMLESS:
        return claimed
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"


def file_name(said: str, kind: str, number: int) -> str:
    """What a file is called: no path, nothing that a file system or a terminal takes for more than a name."""
    it = _UNSAFE.sub("_", one_line(said, 500).replace("\\", "/").rpartition("/")[2])
    it = it.strip(" ._") if it.strip(" .").count(".") == 0 else it.lstrip(" .").rstrip(" .")
    if it.partition(".")[0].lower() in _DEVICES:
        it = f"_{it}"
    if not it:
        return f"attachment-{number}.{ENDINGS.get(kind, 'bin')}"
    stem, dot, ending = it.rpartition(".")
    return f"{stem[:100]}.{ending[:15]}" if dot and stem else it[:116]
