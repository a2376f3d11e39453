"""A mail's HTML as text, and as HTML that one may show: no script, no style of its own, nothing from elsewhere.

Text is made while the parser runs, without a tree: no nesting is too deep, and no recursion ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import nh3
from lxml import etree

from .charsets import lines_of, one_line

LONGEST = 1_000_000
"""Characters of HTML that become text: five hundred pages."""
LONGEST_SHOWN, DEEPEST_SHOWN = 2_000_000, 250
"""What of it is shown as HTML; beyond it a browser, and the sanitiser before it, take too long (48 s measured)."""
HISTORY, SIGN_OFF = "\ue000", "\ue001"
"""At a line's start: from here on it is history; this is of a signature. Mails can't hold them (`lines_of`)."""

_SKIPPED = {
    "script",
    "style",
    "head",
    "title",
    "noscript",
    "template",
    "object",
    "svg",
    "math",
    "select",
    "textarea",
    "iframe",
}
_OF_A_HEAD = {"base", "link", "meta", "noscript", "object", "script", "style", "template", "title", "xml"}
_BLOCKS = {
    "p", "div", "section", "article", "header", "footer", "main", "aside", "table", "tr", "ul", "ol", "li", "dl", "dt",
    "dd", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "form", "fieldset", "center", "address",
    "figure", "figcaption", "body", "caption", "thead", "tbody", "tfoot", "details", "summary",
}  # fmt: skip
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl"}
_EMPTY = {
    "br",
    "img",
    "hr",
    "input",
    "meta",
    "link",
    "col",
    "area",
    "base",
    "wbr",
    "source",
    "embed",
    "param",
    "track",
}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|max-height\s*:\s*0(?![.\d])"
)
_HISTORY_IDS = {"divrplyfwdmsg", "appendonsend", "stopspelling", "mail-editor-reference-message-container",
                "olk_src_body_section", "replysplit", "reply-intro"}  # fmt: skip
_HISTORY_CLASSES = {"moz-cite-prefix", "yahoo_quoted", "outlookmessageheader", "zmail_extra", "tutanota_quote",
                    "protonmail_quote", "ms-outlook-mobile-reference-message", "hmquote"}  # fmt: skip
_SIGNATURES = {"gmail_signature", "moz-signature", "signature", "protonmail_signature_block",
               "ms-outlook-mobile-signature", "zimbra_signature",
               "x_gmail_signature", "apple-mail-signature"}  # fmt: skip
_OUTLOOK_LINE = re.compile(
    r"border(-top)?:\s*(none;\s*border-top:\s*)?solid\s*#(e1e1e1|b5c4df)", re.IGNORECASE
)
_BLANKS = re.compile(r"[ \t\n\r\xa0\u200b\u200c\u00ad\u034f]+")
_LINKED = re.compile(r"(?:https?://|mailto:|tel:)\S+", re.IGNORECASE)
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


@dataclass(slots=True)
class _Writer:
    """What lxml tells of a document becomes lines."""

    lines: list[str] = field(default_factory=list)
    now: list[str] = field(default_factory=list)
    open: list[tuple[str, str]] = field(default_factory=list)  # tag, what closing it ends
    quoted: int = 0
    skipped: int = 0
    signed: int = 0
    exact: int = 0
    marked: str = ""
    links: list[tuple[str, int]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    images: set[str] = field(default_factory=set)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.skipped == 1 and self.open[-1][0] == "head" and tag not in _OF_A_HEAD:
            self.open[-1], self.skipped = ("head", ""), 0  # it was never closed: browsers show what follows
        if tag in _EMPTY:
            if not self.skipped:
                self._single(tag, attributes)
            return
        if tag == "body" or self.skipped or not self._is_skipped(tag, attributes):
            self.open.append((tag, "skip" if self.skipped else self._enter(tag, attributes)))
            self.skipped += bool(self.skipped)
        else:
            self.open.append((tag, "skip"))
            self.skipped = 1

    def end(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        while self.open:
            name, does = self.open.pop()
            if does == "skip":
                self.skipped -= 1
            else:
                self._leave(name, does)
            if name == tag:
                break

    def data(self, text: str) -> None:
        if self.skipped:
            return
        if self.exact:
            first, *rest = text.split("\n")
            self.now.append(first)
            for line in rest:
                self.line()
                self.now.append(line)
            return
        self.now.append(_BLANKS.sub(" ", text))

    def comment(self, text: str) -> None:
        """Comments are for machines."""

    def close(self) -> _Writer:
        self.line()
        return self

    def line(self, blank: bool = False) -> None:
        """End the line that is being written; an empty one only where `blank` asks for it."""
        text = "".join(self.now)
        text = text.rstrip() if self.exact else re.sub(" {2,}", " ", text).strip()
        self.now = []
        if text or blank:
            mark, self.marked = self.marked, ""
            quote = ">" * min(self.quoted, 8) + " " if self.quoted else ""
            self.lines.append(f"{mark}{SIGN_OFF if self.signed else ''}{quote}{text}".rstrip(" "))

    def _is_skipped(self, tag: str, attributes: dict[str, str]) -> bool:
        style = attributes.get("style", "")
        return tag in _SKIPPED or "hidden" in attributes or bool(style and _HIDDEN.search(style.lower()))

    def _enter(self, tag: str, attributes: dict[str, str]) -> str:
        if tag == "a":
            self.links.append((attributes.get("href", "").strip(), len(self.now)))
            return "link"
        if tag in ("td", "th") and "".join(self.now).strip():
            self.now.append("\t")
        if tag not in _BLOCKS:
            return self._known(attributes)
        self.line()
        self._gap(tag)
        known = self._known(attributes)
        if tag == "blockquote" and "signature" not in known:
            self.quoted += 1
        elif tag == "pre":
            self.exact += 1
        elif tag in ("ul", "ol"):
            self.numbers.append(0 if tag == "ul" else 1)
        elif tag == "li":
            self._item()
        return known

    def _known(self, attributes: dict[str, str]) -> str:
        """What its id or class says that it is, in the ways of some twenty mail programs."""
        if not attributes:
            return ""
        id = attributes.get("id", "").lower().removeprefix("x_")
        classes = set(attributes.get("class", "").lower().split())
        if id in _HISTORY_IDS or classes & _HISTORY_CLASSES or attributes.get("name", "") == "quote":
            self.line()
            self.marked = HISTORY
        elif _OUTLOOK_LINE.search(attributes.get("style", "")[:300]):
            self.marked = self.marked or HISTORY
        if classes & _SIGNATURES or id in ("signature", "ms-outlook-mobile-signature"):
            self.line()
            self.signed += 1
            return "signature"
        return ""

    def _item(self) -> None:
        if self.numbers and self.numbers[-1]:
            self.now.append(f"{self.numbers[-1]}. ")
            self.numbers[-1] += 1
        else:
            self.now.append("- ")

    def _gap(self, tag: str) -> None:
        if tag in _APART and self.lines and self.lines[-1].strip("> "):
            self.line(blank=True)

    def _leave(self, tag: str, known: str) -> None:
        if known == "link":
            self._linked()
            return
        if tag in _BLOCKS or known:
            self.line()
        if tag == "blockquote" and "signature" not in known:
            self.quoted = max(0, self.quoted - 1)
        elif tag == "pre":
            self.exact = max(0, self.exact - 1)
        elif tag in ("ul", "ol") and self.numbers:
            self.numbers.pop()
        if known == "signature":
            self.signed -= 1
        if tag in _BLOCKS:
            self._gap(tag)

    def _linked(self) -> None:
        target, at = self.links.pop()
        said = "".join(self.now[at:]).strip()
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        plain = bare.partition("://")[2].rstrip("/")
        told = bare in said or (plain and plain in said)
        if _LINKED.fullmatch(target) and len(target) <= 300 and said and not told:
            self.now.append(f" <{bare}>")

    def _single(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "br":
            self.line(blank=True)
        elif tag == "hr":
            self.line()
            self._known(attributes)
            self.now.append("" if self.marked else "———")
            self.line()
        elif tag == "img":
            source = attributes.get("src", "")
            if source.lower().startswith("cid:"):
                self.images.add(source[4:].strip())
            said = one_line(attributes.get("alt", ""), 100)
            if said:
                self.now.append(f" [{said}] ")


def as_text(html: str) -> tuple[str, frozenset[str]]:
    """Its words, quotes with `>` before them, and the content ids of the images shown within."""
    parser = etree.HTMLParser(target=_Writer(), encoding="utf-8")
    try:
        parser.feed(lines_of(html[:LONGEST]).encode("utf-8", "replace"))
        written = parser.close()
    except (etree.LxmlError, ValueError, AssertionError):
        return lines_of(re.sub(r"<[^<>]{0,2000}>", " ", html[:LONGEST])), frozenset()
    if written is None:
        return "", frozenset()
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(written.lines))
    return text.strip("\n"), frozenset(written.images)


def declared(data: bytes) -> str:
    """The charset that a document names itself, for parts that name none."""
    found = _DECLARED.search(data[:4096])
    return found[1].decode("ascii") if found else ""


# ---- shown as HTML ------------------------------------------------------------------------------------------------

_TAGS = {
    "a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "code", "dd", "del", "div", "dl", "dt", "em",
    "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q", "s", "small",
    "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang", "align", "style"}, "a": {"href"}, "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan", "valign", "bgcolor"}, "th": {"colspan", "rowspan", "valign", "bgcolor"},
    "table": {"cellpadding", "cellspacing", "border", "bgcolor"}, "font": {"color", "size"},
}  # fmt: skip
_STYLES = {"color", "background-color", "font-weight", "font-style", "text-align", "text-decoration"}
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")


class _Depth:
    """How deep a document goes."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def end(self, tag: str) -> None:
        self.now -= 1

    def close(self) -> int:
        return self.most


def safe(html: str, images: dict[str, str]) -> str:
    """`html` as a fragment that one may show; `images` are content ids → `data:` URLs of those that came with it.

    "" when it is too long or too deep to be shown: its text is there all the same.
    """
    if len(html) > LONGEST_SHOWN or html.count("<") > 50_000:
        return ""
    parser = etree.HTMLParser(target=_Depth(), encoding="utf-8")
    try:
        parser.feed(lines_of(html).encode("utf-8", "replace"))
        if (parser.close() or 0) > DEEPEST_SHOWN:
            return ""
    except (etree.LxmlError, ValueError, AssertionError):
        return ""

    def kept(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            known = images.get(value[4:].strip()) if value.lower().startswith("cid:") else value
            return known if known and _DATA_IMAGE.fullmatch(known) else None
        if name == "href":
            return value if _LINKED.match(value.strip()) else None
        return value

    return nh3.clean(
        lines_of(html), tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=kept, filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"}, link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style", "title", "noscript", "template", "iframe", "object", "textarea"},
    )  # fmt: skip
