"""What SMTP_URL leads to: nothing secret goes over a wire that others can read."""

from __future__ import annotations

import pytest

from tierline.channels.email.server import Address


@pytest.mark.promise("mail-secrets-encrypted")
@pytest.mark.parametrize(
    ("url", "must"),
    [
        ("smtp://ann:secret@mail.example:587", True),
        ("smtp+google://ann%40a.example@mail.example:587?client=c", True),
        ("smtp://mail.example:25", None),
        ("smtp://ann:secret@127.0.0.1:587", None),
        ("smtp://ann:secret@localhost", None),
        ("smtps://ann:secret@mail.example", None),  # encrypted from the start
    ],
)
def test_a_login_elsewhere_waits_for_starttls_whatever_the_server_offers(url: str, must: bool | None) -> None:
    assert Address.of(url).start_tls is must
