"""What somebody hears who goes away: who stands in, and what becomes of what they have; nothing that won't be so."""

from __future__ import annotations

import pytest

from tierline.router import presence


@pytest.mark.promise("day-substitute")
@pytest.mark.parametrize(
    ("held", "ends", "name", "words"),
    [
        ((), "today at 18:00", "Ben", "What you own stays yours."),
        (("C1", "C2"), "", "Ben", "What you own stays yours: C1, C2."),
        (("C1",), "today at 18:00", "", "C1, until your shift ends today at 18:00; then others are asked."),
        (("C1",), "today at 18:00", "B<n", "today at 18:00; then B&lt;n is asked first, then others."),
    ],
)
def test_what_they_have_stays_theirs_as_long_as_it_does(
    held: tuple[str, ...], ends: str, name: str, words: str
) -> None:
    assert presence.keeps(held, ends, name).endswith(words)


@pytest.mark.promise("day-substitute")
def test_that_nobody_stands_in_is_said_of_long_absences_alone() -> None:
    assert presence.stands_in("", True, False) == ""
    assert "Nobody stands in for you" in presence.stands_in("", True, True)
    assert presence.stands_in("B<n", True, True) == "B&lt;n stands in for you."
    assert "isn't available just now" in presence.stands_in("Ben", False, False)


@pytest.mark.promise("day-substitute")
def test_who_goes_off_duty_hears_how_long_what_they_have_stays_theirs() -> None:
    assert presence.kept_offline((), 300_000) == ""
    assert (
        presence.kept_offline(("C1", "C2"), 300_000)
        == " You have C1, C2: in 5 min others are asked, unless you are back."
    )
