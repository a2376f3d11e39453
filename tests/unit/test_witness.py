"""The count beside what a process writes: what a later server lacks of what was confirmed, and no more than that."""

from __future__ import annotations

from tierline.queue.witness import JUMP, KEPT, Witness


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def made(clock: Clock | None = None) -> Witness:
    return Witness("{main}:site", "{main}:mark:1", clock or Clock())


def test_what_was_confirmed_and_is_not_there_is_missing_once() -> None:
    it = made()
    it.behind(5)
    assert it.question is None  # nothing is confirmed yet: no server can lack it
    it.confirm(5)
    it.behind(3)  # on its way when the server died
    it.heard(b"2")
    assert (
        it.missing == 3
        and it.before()
        == b"*4\r\n$7\r\nHINCRBY\r\n$11\r\n{main}:site\r\n$8\r\ncontacts\r\n$4\r\n%d\r\n" % (JUMP + 3)
    )
    it.heard(b"2")
    assert it.missing == 3
    it.skipped()
    assert it.before() == b""
    assert b"$1\r\n9\r\n" in it.behind(1)  # it counts on, and is never behind what it said before
    it.confirm(9)
    it.heard(None)  # a server without any of it
    assert it.missing == 12


def test_what_was_on_its_way_and_arrived_after_all_is_not_missing() -> None:
    it = made()
    it.behind(5)
    it.confirm(5)
    it.behind(3)
    it.heard(b"8")
    assert it.missing == 0 and it.before() == b""
    it.confirm(3)  # an old answer
    assert it.confirmed == 5


def test_a_count_that_may_have_run_out_says_nothing() -> None:
    clock = Clock()
    it = made(clock)
    it.behind(1)
    it.confirm(1)
    assert it.question == ("GET", "{main}:mark:1")
    clock.at = KEPT / 2 + 1
    assert it.question is None


def test_without_a_key_nothing_is_counted_and_numbers_can_be_skipped_all_the_same() -> None:
    it = Witness("{main}:site")
    assert it.behind(3) == b"" and it.question is None
    it.skip(7)
    it.skip(2)
    assert b"%d" % (JUMP + 7) in it.before()
