"""`make mail` finds every mail of a folder, and says what is wrong with one."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from tierline.bench.mail import __main__ as run
from tierline.bench.mail.judged import Judged, judge
from tierline.bench.mail.sources import mails
from tierline.channels.email.letter import Envelope

ONE = b"From: ann@a.example\nSubject: one\n\nHello\n"


def test_single_files_mbox_and_maildir_are_found_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.eml").write_bytes(ONE)
    (tmp_path / "odd.eml").write_bytes(b"\x00\xff")
    (tmp_path / "b").write_bytes(ONE)
    (tmp_path / "notes.md").write_bytes(ONE)
    (tmp_path / "words.txt").write_bytes(b"no mail at all\n")
    box = mailbox.mbox(str(tmp_path / "c.mbox"))
    for n in range(3):
        box.add(b"From: x@a.example\nSubject: %d\n\nHello\nFrom here on it fails\n" % n)
    box.close()
    folder = mailbox.Maildir(str(tmp_path / "d"))
    folder.add(ONE)
    folder.close()
    found = {it.name.partition("#")[0]: it.raw for it in mails(tmp_path)}
    assert sorted({it.split("/")[0] for it in found}) == ["b", "c.mbox", "d", "deep", "odd.eml"]
    boxed = [it.raw for it in mails(tmp_path) if it.name.startswith("c.mbox")]
    assert [it.split(b"Subject: ")[1][:1] for it in boxed] == [b"0", b"1", b"2"]
    assert all(b"\nFrom here on it fails" in it for it in boxed)


@pytest.mark.parametrize(
    ("done", "raised"),
    [
        (run.Done("x/a.eml", 250, "Ok C1001", 1, Judged(True), 0.1), ""),
        (run.Done("x/a.eml", 451, "later", 0, Judged(True), 0.1), "451 later"),
        (run.Done("x/a.eml", 0, "TimeoutError", 0, Judged(True), 0.1), "0 TimeoutError"),
        (run.Done("x/a.eml", 552, "too large", 0, Judged(), 0.1), ""),
        (run.Done("x/a.eml", 250, "Ok", 0, Judged(True), 0.1), "no contact: Ok"),
        (run.Done("x/a.eml", 250, "Ok C1001", 1, Judged(raised="LookupError: x"), 0.1), "LookupError: x"),
    ],
)
def test_what_went_wrong_is_told(done: run.Done, raised: str) -> None:
    assert done.raised == raised


def test_a_run_in_which_a_robot_was_answered_or_something_raised_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fine = run.Done("x/a.eml", 250, "Ok C1001", 1, Judged(True), 0.1)
    robot = run.Done("robots/b.eml", 250, "Ok C1002", 1, Judged(True), 0.1)
    broken = run.Done("x/c.eml", 451, "later", 0, Judged(True), 0.1)
    assert run._told([fine, robot], {"x/a.eml": 1}, 1.0) == 0
    assert run._told([fine, robot], {"robots/b.eml": 1}, 1.0) == 1
    assert run._told([fine, broken], {}, 1.0) == 1
    assert "a robot was answered" in capsys.readouterr().out


def test_what_raises_in_the_reader_is_seen_behind_its_net(monkeypatch: pytest.MonkeyPatch) -> None:
    from tierline.channels.email import reading

    assert judge(ONE, Envelope("", (), 0), ()).raised == ""
    monkeypatch.setattr(reading, "taken_apart", lambda raw: 1 / 0)
    assert judge(ONE, Envelope("", (), 0), ()).raised.startswith("ZeroDivisionError")


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"Return-Path: <>\nFrom: ann@a.example\n\nx", ""),
        (b"X: 1\nReturn-Path: <bob@b.example>\nFrom: ann@a.example\n\nx", "bob@b.example"),
        (ONE, "ann@a.example"),
        (b"Return-Path: <\xfc@b>\n\nx", run.STRANGER),
        (b"\n\nReturn-Path: <>", run.STRANGER),
    ],
)
def test_the_envelope_is_what_the_last_server_wrote(raw: bytes, path: str) -> None:
    assert run._envelope(raw) == path
