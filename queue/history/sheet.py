"""A spreadsheet's lines, checked one by one: text in, `Line` or `Complaint` out. Blocking: for a thread."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from .fold import clean

LONGEST_CELL, LONGEST_KEY, MOST_COLUMNS = 10_000, 200, 200
LONGEST_LINE, LONGEST_RECORD = 100_000, 50
"""Characters of a line of the file, and lines of one record: beyond it a quote was left open."""
HEADERS: Mapping[str, str] = {
    "name": "name", "phones": "phones", "phone": "phones", "mails": "mails", "mail": "mails",
    "emails": "mails", "email": "mails", "e-mail": "mails", "language": "language", "key": "key",
}  # fmt: skip
"""How our own columns may be headed (in any case); what we call them."""


class BadFile(Exception):
    """Nothing of the file was imported; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line that wasn't imported: its number in the file (the header is line 1), why, and what to do."""

    line: int
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}; {self.fix}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that makes sense by itself; None stands for a column that the file doesn't have."""

    number: int
    key: str  # "" when the file doesn't say
    name: str | None
    language: str | None
    phones: tuple[str, ...] | None
    mails: tuple[str, ...] | None
    facts: Mapping[str, str]

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them, phones first."""
        return (self.phones or ()) + (self.mails or ())


@dataclass(slots=True)
class Seen:
    """Keys and addresses of the lines before, as hashes: 100,000 lines are some 10 MB."""

    lines: dict[int, int] = field(default_factory=dict)

    def claim(self, names: Sequence[str], line: int) -> Complaint | None:
        """All of `names` for this line, or a complaint about the first that an earlier line has."""
        for name in names:
            if self.lines.get(hash(name), line) != line:
                earlier = self.lines[hash(name)]
                return Complaint(line, f"{name} is in line {earlier} already", "make them one line")
        self.lines.update(dict.fromkeys(map(hash, names), line))
        return None


@dataclass(slots=True)
class Reader:
    """An open file; `encoding` and `delimiter` are what it turned out to be."""

    text: io.TextIOWrapper
    rows: Iterator[tuple[int, list[str]] | Complaint]
    headers: tuple[str, ...]
    region: str | None
    encoding: str
    delimiter: str
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def open(cls, path: Path, region: str | None) -> Reader:
        """Open the file and find out encoding, delimiter and columns. Raises BadFile."""
        try:
            encoding = encoding_of(path)
            text = path.open(encoding=encoding, newline="")
        except OSError as error:
            raise BadFile(f"{path} can't be read: {error.strerror}") from None
        try:
            first = text.readline(LONGEST_LINE)
            delimiter = max(",;\t", key=first.count)
            return cls(text, _rows(text, delimiter), columns(first, delimiter), region, encoding, delimiter)
        except UnicodeError:
            text.close()
            raise BadFile("The file can't be read as text: save it as CSV UTF-8.") from None
        except BadFile:
            text.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.text.close()

    def batch(self, count: int) -> list[Line | Complaint]:
        """Up to `count` lines, empty at the end; empty lines are passed over."""
        found: list[Line | Complaint] = []
        for row in islice(self.rows, count):
            it = row if isinstance(row, Complaint) else read(*row, self.headers, self.region)
            if isinstance(it, Line):
                names = [f"the key {it.key}"] if it.key else []
                it = self.seen.claim([*names, *it.addresses], it.number) or it
            found.append(it)
        return found


def encoding_of(path: Path) -> str:
    """By the byte order mark; without one UTF-8, else Windows' or ISO's Latin. Raises BadFile, OSError."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        raise BadFile("This is a spreadsheet (.xlsx or .ods), not CSV: save it as CSV UTF-8.")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        raise BadFile("The file can't be read as text: save it as CSV UTF-8.")
    return next(name for name in ("utf-8-sig", "cp1252", "latin-1") if _decodes(path, name))


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while part := file.read(1 << 16):
                decoder.decode(part)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def columns(first: str, delimiter: str) -> tuple[str, ...]:
    """Our names of the columns: name, phones, mails, language, key; `=…` is a fact. Raises BadFile."""
    if not first.strip(" \t\r\n;,"):
        raise BadFile("The file's first line must name its columns: name,phones,mails,language,key,…")
    found = []
    for header in next(csv.reader([first], delimiter=delimiter)):
        plain = clean(header.strip())
        ours = HEADERS.get(plain.casefold())
        found.append(ours or (f"={plain}" if plain else ""))
    twice = next((it for it in found if it and found.count(it) > 1), None)
    if twice:
        raise BadFile(f"Two columns are called {twice.lstrip('=')}: rename one, or join them with ; between.")
    if "phones" not in found and "mails" not in found:
        raise BadFile(
            "No column is called phones or mails: the first line must name the columns, and by one of these"
            " two a customer is recognised."
        )
    if len(found) > MOST_COLUMNS:
        raise BadFile(f"More than {MOST_COLUMNS} columns: leave out what routing doesn't need.")
    return tuple(found)


class _Physical:
    """The file's lines, which can be taken back to the one after a record's first."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.back, self.record = text, deque[str](), list[str]()
        self.number = 1  # of the line handed out last; the header has been read

    def __iter__(self) -> _Physical:
        return self

    def __next__(self) -> str:
        if len(self.record) == LONGEST_RECORD:
            raise csv.Error("a quote isn't closed")
        line = self.back.popleft() if self.back else self.text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.record.append(line)
        self.number += 1
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := self.text.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            raise csv.Error(f"more than {LONGEST_LINE} characters")
        return line

    def begin(self) -> int:
        """A new record; the number of its first line."""
        self.record.clear()
        return self.number + 1

    def take_back(self) -> None:
        """The record's first line alone was bad; what followed is read again."""
        rest = self.record[1:]
        self.back.extendleft(reversed(rest))
        self.number -= len(rest)


def _rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]] | Complaint]:
    lines = _Physical(text)
    while True:
        number = lines.begin()
        try:
            row = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except UnicodeError:
            yield Complaint(number, "from here on it can't be read as text", "save the file as CSV UTF-8")
            return
        except csv.Error as error:
            lines.take_back()
            fix = 'put a cell with a quote or delimiter in quotes and write "" for a quote in it'
            yield Complaint(number, f"not CSV ({error})", fix)
            continue
        if any(cell.strip() for cell in row):
            yield number, row


def read(number: int, row: Sequence[str], headers: Sequence[str], region: str | None) -> Line | Complaint:
    """One line. Anything wrong in it makes it a complaint: half a customer is worse than none."""
    if any(cell.strip() for cell in row[len(headers) :]):
        fix = "put a cell with the delimiter in it in quotes"
        return Complaint(number, f"{len(row)} cells for {len(headers)} columns", fix)
    cells = {name: clean(cell.strip()) for name, cell in zip(headers, row, strict=False) if name}
    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        return Complaint(number, f"a cell of more than {LONGEST_CELL} characters", "shorten it")
    if len(cells.get("key", "")) > LONGEST_KEY:
        return Complaint(number, f"a key of more than {LONGEST_KEY} characters", "shorten it")
    try:
        phones = tuple(phone(it, region) for it in _several(cells.get("phones", "")))
        mails = tuple(mail(it) for it in _several(cells.get("mails", "")))
    except _Wrong as wrong:
        return Complaint(number, *wrong.args)
    if not phones and not mails:
        return Complaint(number, "neither phone nor mail", "add one, or remove the line")
    return Line(
        number,
        cells.get("key", ""),
        cells.get("name", "") if "name" in headers else None,
        cells.get("language", "").casefold() if "language" in headers else None,
        tuple(dict.fromkeys(phones)) if "phones" in headers else None,
        tuple(dict.fromkeys(mails)) if "mails" in headers else None,
        {name[1:]: cells.get(name, "") for name in headers if name.startswith("=")},
    )


class _Wrong(Exception):
    """What is wrong, and what to do."""


def _several(cell: str) -> Iterator[str]:
    return (it.strip() for it in cell.split(";") if it.strip())


def phone(text: str, region: str | None) -> str:
    """E.164; `region` ("DE") is whose numbers those without a country code are."""
    try:
        number = phonenumbers.parse(text[:60], region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        more = "" if region else ", or name the region of numbers without a country"
        raise _Wrong(f'"{text[:40]}" is no phone number', f"write it like +4917012345678{more}")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def mail(text: str) -> str:
    """The address in lower case; whether its domain exists isn't asked."""
    try:
        found = validate_email(text[:400], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise _Wrong(f'"{text[:60]}" is no mail address', "write it like eva@customer.example") from None
    return str(found.normalized).casefold()
