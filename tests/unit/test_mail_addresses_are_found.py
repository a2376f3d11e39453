"""The short way to the address of an ordinary field finds what Python's parser finds."""

from __future__ import annotations

from email.utils import getaddresses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tierline.channels.email.fields import addresses_in

NAMES, WORDS = st.text("aZ9 ._+-@<>", max_size=5), st.text("aZ9._+-@ ", min_size=1, max_size=6)


@given(NAMES, WORDS, WORDS)
def test_an_ordinary_field_names_whom_pythons_parser_names(name: str, local: str, domain: str) -> None:
    field = f"{name}<{local}@{domain}>"
    found = [it for _, it in getaddresses([field]) if "@" in it[1:-1]]
    assume(len(found) == 1 and not set(found[0]) & set(" <>") and found[0].count("@") == 1)
    assert addresses_in(field) == (found[0].lower(),)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("Customer 1 <Customer.1@elsewhere.example>", ("customer.1@elsewhere.example",)),
        ("<a@b.example>", ("a@b.example",)),
        ("A <a@b.example>, B <c@d.example>", ("a@b.example", "c@d.example")),
        ('"Doe, J." <j@doe.example>', ("j@doe.example",)),
        ("a@b.example (A)", ("a@b.example",)),
        ("A <>", ()),
    ],
)
def test_other_fields_are_read_as_ever(field: str, found: tuple[str, ...]) -> None:
    assert addresses_in(field) == found
