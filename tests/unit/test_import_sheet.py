"""Customers' spreadsheets as people save them: what is understood, what is refused and why."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tierline.queue.history.sheet import BadFile, Complaint, Line, Reader

HEADER = "key,name,phones,mails,language,plan\n"
EVA = 'k1,Eva Brandt,"+49 151 12345678; 030 123456",Eva@Customer.example,DE,enterprise\n'


def lines(
    path: Path, content: str | bytes, region: str | None = "DE", batch: int = 200
) -> list[Line | Complaint]:
    path = path / "customers.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found: list[Line | Complaint] = []
    with closing(Reader.open(path, region)) as reader:
        while some := reader.batch(batch):
            found += some
    return found


def test_a_line_becomes_a_customer_with_clean_addresses_and_facts(tmp_path: Path) -> None:
    assert lines(tmp_path, HEADER + EVA) == [
        Line(
            2,
            "k1",
            "Eva Brandt",
            "de",
            ("+4915112345678", "+4930123456"),
            ("eva@customer.example",),
            {"plan": "enterprise"},
        )
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_of_a_spreadsheet_is_read(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = f"Name{delimiter}Phone{delimiter}Ort\r\nJürgen Größe{delimiter}+4915112345678{delimiter}Köln\r\n"
    (it,) = lines(tmp_path, text.encode(encoding))
    assert isinstance(it, Line)
    assert (it.name, it.phones, it.facts) == ("Jürgen Größe", ("+4915112345678",), {"Ort": "Köln"})


def test_windows_quotes_and_euro_survive(tmp_path: Path) -> None:
    (it,) = lines(tmp_path, "name,phones,plan\nO’Neil,+4915112345678,40 €\n".encode("cp1252"))
    assert isinstance(it, Line) and (it.name, it.facts["plan"]) == ("O’Neil", "40 €")


@pytest.mark.parametrize(
    ("line", "problem", "fix"),
    [
        ("k,Eva,+491234567890123456,,de,x", '"+491234567890123456" is no phone number', "+4917012345678"),
        ("k,Eva,call me,,de,x", '"call me" is no phone number', "+4917012345678"),
        ("k,Eva,,eva(at)x.example,de,x", '"eva(at)x.example" is no mail address', "eva@customer.example"),
        ("k,Eva,,,de,x", "neither phone nor mail", "add one"),
        ("k,Eva,+4915112345678,,de,x,too,many", "8 cells for 6 columns", "quotes"),
        ("k" * 201 + ",Eva,+4915112345678,,de,x", "a key of more than 200", "shorten"),
        ("k,Eva,+4915112345678,,de," + "x" * 10_001, "a cell of more than", "shorten"),
        ('k,"Eva" B,+4915112345678,,de,x', "not CSV", "quotes"),
    ],
)
def test_a_bad_line_is_named_with_what_to_do_and_the_next_is_taken(
    tmp_path: Path, line: str, problem: str, fix: str
) -> None:
    bad, good = lines(tmp_path, f"{HEADER}{line}\n{EVA}")
    assert isinstance(bad, Complaint) and bad.line == 2
    assert problem in bad.problem and fix in bad.fix
    assert isinstance(good, Line) and good.number == 3


def test_a_quote_left_open_costs_one_line_not_the_rest_of_the_file(tmp_path: Path) -> None:
    rest = "".join(f"k{i},Eva,+49151{i:08},,de,x\n" for i in range(300))
    bad, *good = lines(tmp_path, f'{HEADER}k,"Eva,+4915112345678,,de,x\n{rest}')
    assert isinstance(bad, Complaint) and bad.line == 2
    assert [it.number for it in good if isinstance(it, Line)] == list(range(3, 303))


def test_a_cell_may_span_lines_and_numbers_stay_those_of_the_file(tmp_path: Path) -> None:
    text = HEADER + 'k1,"Eva\nBrandt",+4915112345678,,de,x\n\n\nk2,Jonas,nonsense,,de,x\n'
    eva, jonas = lines(tmp_path, text)
    assert isinstance(eva, Line) and eva.name == "Eva\nBrandt" and eva.number == 2
    assert isinstance(jonas, Complaint) and jonas.line == 6


def test_a_line_of_megabytes_is_refused_and_the_next_is_taken(tmp_path: Path) -> None:
    bad, good = lines(tmp_path, f"{HEADER}k,{'x' * 3_000_000}\n{EVA}")
    assert isinstance(bad, Complaint) and bad.line == 2
    assert isinstance(good, Line) and good.number == 3


@pytest.mark.parametrize("batch", [1, 200])
def test_two_lines_with_one_address_or_key_are_reported(tmp_path: Path, batch: int) -> None:
    text = HEADER + "k1,Eva,+4915112345678,,,\nk2,Jonas,015112345678,,,\nk1,Priya,+447700900123,,,\n"
    one, two, three = lines(tmp_path, text, batch=batch)
    assert isinstance(one, Line)
    assert isinstance(two, Complaint) and two.problem == "+4915112345678 is in line 2 already"
    assert isinstance(three, Complaint) and three.problem == "the key k1 is in line 2 already"


def test_a_national_number_needs_a_region(tmp_path: Path) -> None:
    (it,) = lines(tmp_path, "phones\n0151 12345678\n", region=None)
    assert isinstance(it, Complaint) and "region" in it.fix


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "must name its columns"),
        (b"\n", "must name its columns"),
        (b"name,plan\nEva,x\n", "No column is called phones or mails"),
        (b"phones,plan,plan\n", "Two columns are called plan"),
        (b"phones,phone\n", "Two columns are called phones"),
        (b"PK\x03\x04more", "save it as CSV"),
        (b"p\0h\0o\0", "save it as CSV"),
        (b"\xff\xfe\x00\xd8", "save it as CSV"),
        (b"phones" + b",x" * 300, "Two columns"),
        (b"phones," + b",".join(b"c%d" % i for i in range(300)), "More than 200 columns"),
    ],
)
def test_a_file_that_is_no_customers_file_says_what_to_change(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(BadFile, match=says):
        lines(tmp_path, content)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        Reader.open(tmp_path / "nowhere.csv", None)
