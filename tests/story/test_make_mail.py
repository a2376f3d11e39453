"""`make mail DIR=folder`, whole: a sandbox, its door, and what became of each mail."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest


@pytest.mark.promise("mail-run")
async def test_every_mail_of_a_folder_becomes_one_contacts_and_is_told(tmp_path: Path) -> None:
    plain = (
        b"From: Ann <ann@a.example>\r\nSubject: Printer\r\nMessage-ID: <1@a.example>\r\n\r\nPlease help.\r\n"
    )
    (tmp_path / "plain.eml").write_bytes(plain)
    (tmp_path / "odd.eml").write_bytes(
        b"Content-Type: multipart/mixed\r\nSubject: =?x?b?\xff\r\n\r\n\x00\xfe--"
    )
    (tmp_path / "deep.eml").write_bytes(
        b"From: bob@b.example\r\n" + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 500
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tierline.bench.mail", str(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    said = out.decode()
    assert process.returncode == 0, said + error.decode()
    rows = {line.split()[0].rpartition("/")[2]: line.split() for line in said.splitlines() if ".eml" in line}
    assert {name: row[1] for name, row in rows.items()} == {"plain.eml": "1", "odd.eml": "1", "deep.eml": "1"}
    assert {name: row[4] for name, row in rows.items()} == {"plain.eml": "0", "odd.eml": "0", "deep.eml": "0"}
    assert rows["plain.eml"][2] == "yes"
    assert "3 mails" in said and "3 with exactly one contact" in said and "0 raised" in said
