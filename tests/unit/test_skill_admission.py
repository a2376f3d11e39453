from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.skills.skill import CHANNELS, Need, Profile, Refusal, levels, refusal, score

NEED = Need("outage", "voice", (("network", 2),), (("de", 3),), (1, 2), ("inhouse",))
ADA = Profile("inhouse", 2, (("howto", 1),), (("network", 3),), (("de", 5), ("en", 3)))


def but(**changes: object) -> Profile:
    fields = {
        name: getattr(ADA, name) for name in ("team", "tier", "tiers", "skills", "languages", "channels")
    }
    return Profile(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        (ADA, None),
        (but(channels=("sms",)), Refusal("channel", "voice")),
        (but(team="nightowl"), Refusal("team", "nightowl")),
        (but(tier=3), Refusal("tier", "L3")),
        (but(tiers=(("outage", 3),)), Refusal("tier", "L3")),
        (but(tier=3, tiers=(("outage", 1),)), None),
        (but(skills=(("network", 1),)), Refusal("skill", "network ≥ 2")),
        (but(skills=()), Refusal("skill", "network ≥ 2")),
        (but(languages=(("en", 5),)), Refusal("language", "de ≥ 3")),
        (but(team="nightowl", channels=("sms",)), Refusal("channel", "voice")),
    ],
)
def test_the_first_reason_against_a_profile_is_named(profile: Profile, why: Refusal | None) -> None:
    assert refusal(NEED, profile) == why


def test_a_need_without_teams_admits_every_team() -> None:
    assert refusal(Need("outage", "sms"), Profile("anybody")) is None


def test_a_tier_in_one_service_is_no_tier_in_another() -> None:
    assert (ADA.tier_in("howto"), ADA.tier_in("outage")) == (1, 2)


def test_the_score_counts_only_what_is_needed_and_is_bounded() -> None:
    assert score(NEED, ADA) == 3
    many = levels({f"s{n}": 5 for n in range(20)})
    assert score(Need("x", "sms", many), Profile("t", skills=many)) == 63


names = st.text(max_size=12)
grades = st.dictionaries(names, st.integers(1, 5), max_size=4).map(levels)
needs = st.builds(
    Need,
    names,
    st.sampled_from(CHANNELS),
    grades,
    grades,
    st.lists(st.integers(1, 3), unique=True).map(tuple),
    st.lists(names, max_size=3).map(tuple),
)
profiles = st.builds(
    Profile,
    names,
    st.integers(1, 3),
    grades,
    grades,
    grades,
    st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple),
)


@given(needs, profiles)
def test_canonical_texts_come_back_as_what_they_were(need: Need, profile: Profile) -> None:
    assert Need.parse(need.text) == need
    assert Profile.parse(profile.text) == profile
    assert refusal(Need.parse(need.text), Profile.parse(profile.text)) == refusal(need, profile)


@given(needs, needs)
def test_equal_texts_mean_equal_needs(one: Need, other: Need) -> None:
    assert (one.text == other.text) == (one == other)


@given(needs, profiles, names, st.integers(1, 5))
def test_learning_more_never_shuts_a_door(need: Need, profile: Profile, skill: str, level: int) -> None:
    if refusal(need, profile) is None:
        more = dict(profile.skills)
        more[skill] = max(level, more.get(skill, 0))
        able = Profile(
            profile.team, profile.tier, profile.tiers, levels(more), profile.languages, profile.channels
        )
        assert refusal(need, able) is None
        assert score(need, able) >= score(need, profile)


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '["a"]', '["s","sms",[],[],[1],[],1]'])
def test_a_text_that_is_no_need_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        Need.parse(text)
