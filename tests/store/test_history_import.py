"""`tierline customers import` into a real history: what is taken, merged, reported; again and again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from helpers_history import history as history

from tierline.queue.history.history import History
from tierline.queue.history.imports import import_customers
from tierline.queue.history.records import Customer
from tierline.queue.history.sheet import BadFile


def sheet(path: Path, text: str) -> Path:
    file = path / "customers.csv"
    file.write_text(text)
    return file


@pytest.mark.promise("customers-1")
async def test_good_lines_are_imported_and_bad_ones_told_by_number(history: History, tmp_path: Path) -> None:
    file = sheet(
        tmp_path,
        "name;phones;mails;plan\nEva;0151 12345678;eva@x.example;enterprise\nNobody;;;\nJonas;;jonas@x.example;\n",
    )
    report = await import_customers(history, file, "de")
    assert (report.imported, report.refused) == (2, 1)
    assert [it.line for it in report.complaints] == [3]
    assert str(report).splitlines() == [
        "2 customers imported, 1 lines not.",
        "line 3: neither phone nor mail; add one, or remove the line",
    ]
    eva = Customer("+4915112345678", "Eva", "", {"plan": "enterprise"}, known=True)
    assert await history.customer("+4915112345678") == await history.customer("EVA@x.example") == eva
    assert await history.customer("jonas@x.example") == Customer("jonas@x.example", "Jonas", known=True)


@pytest.mark.promise("customers-1")
async def test_importing_again_changes_what_changed_and_nothing_else(
    history: History, tmp_path: Path
) -> None:
    text = "key,name,phones,plan\nk1,Eva,+4915112345678,basic\n"
    for _ in range(2):
        assert (await import_customers(history, sheet(tmp_path, text))).imported == 1
    assert await history.customer("k1") == Customer("k1", "Eva", "", {"plan": "basic"}, known=True)
    new = "key,name,phones,plan\nk1,Eva Brandt,+4915199999999,enterprise\n"
    assert (await import_customers(history, sheet(tmp_path, new))).imported == 1
    assert await history.customer("+4915199999999") == Customer(
        "k1", "Eva Brandt", "", {"plan": "enterprise"}, known=True
    )
    assert await history.customer("+4915112345678") is None


async def test_what_the_file_has_no_column_for_stays(history: History, tmp_path: Path) -> None:
    await history.put_customer(
        "k1", "Eva", "de", ("+4915112345678", "eva@x.example"), {"plan": "basic", "vip": "yes"}
    )
    report = await import_customers(history, sheet(tmp_path, "phones,plan\n+4915112345678,enterprise\n"))
    assert report.imported == 1
    want = Customer("k1", "Eva", "de", {"plan": "enterprise", "vip": "yes"}, known=True)
    assert await history.customer("eva@x.example") == want


async def test_two_customers_who_claim_one_address_are_reported(history: History, tmp_path: Path) -> None:
    await history.put_customer("old", "Eva", "", ("+4915112345678",), {})
    await history.put_customer("other", "Jonas", "", ("jonas@x.example",), {})
    text = "key,phones,mails\nnew,+4915112345678,\n,+4915112345678,jonas@x.example\nfine,+4915111111111,\n"
    report = await import_customers(history, sheet(tmp_path, text))
    assert report.imported == 1
    assert [it.line for it in report.complaints] == [2, 3]
    assert "belongs to customer old already" in report.complaints[0].problem
    assert "write old in this line's column key" in report.complaints[0].fix
    found = await history.customer("+4915112345678")
    assert found is not None and found.key == "old"


async def test_one_customer_in_two_lines_without_a_key_is_reported(history: History, tmp_path: Path) -> None:
    await history.put_customer("eva", "Eva", "", ("+4915112345678", "eva@x.example"), {})
    report = await import_customers(
        history, sheet(tmp_path, "phones,mails\n+4915112345678,\n,eva@x.example\n")
    )
    assert (report.imported, [str(it) for it in report.complaints]) == (
        1, ["line 3: the key eva is in line 2 already; make them one line"],
    )  # fmt: skip


async def test_an_unknown_region_is_refused_before_anything_is_read(history: History, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="two letters"):
        await import_customers(history, sheet(tmp_path, "phones\n1\n"), "Germany")


async def test_the_loop_stays_free_while_thousands_of_lines_are_imported(
    history: History, tmp_path: Path
) -> None:
    text = "name,phones,plan\n" + "".join(f"C{i},+49151{i:08},p\n" for i in range(3_000))
    turns, done = 0, asyncio.Event()

    async def turn() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(turn())
    report = await import_customers(history, sheet(tmp_path, text))
    done.set()
    await other
    assert report.imported == 3_000 and not report.refused
    assert turns > 3_000 // 200 * 10  # others had their turn many times within each batch
