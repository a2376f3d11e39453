"""A PostgreSQL on another machine is used only where nobody on the way can read or change what is said to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tierline.console.doctor import Finding, Seen, judge
from tierline.console.doctor_look import _history
from tierline.queue.history.history import History
from tierline.queue.history.postgres import HistoryUnusable, exposed
from tierline.settings import Settings


def settings(tmp_path: Path, url: str, **more: str) -> Settings:
    return Settings(_env_file=None, DATABASE_URL=url, TIERLINE_DATA=tmp_path, **more)  # type: ignore[call-arg,arg-type]


@pytest.mark.promise("store-tls")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://user:canary@db.example/line", "needn't be encrypted (sslmode=prefer)"),
        ("postgres://user:canary@10.0.0.7:5432/line", "needn't be encrypted (sslmode=prefer)"),
        ("postgresql+asyncpg://user:canary@[2001:db8::7]/line", "needn't be encrypted (sslmode=prefer)"),
        (
            "postgresql://user:canary@localhost.example/line?sslmode=allow",
            "needn't be encrypted (sslmode=allow)",
        ),
        ("postgresql://user:canary@db.example/line?sslmode=disable", "isn't encrypted (sslmode=disable)"),
        ("postgresql://user:canary@db.example/line?ssl=disable", "isn't encrypted (sslmode=disable)"),
        ("postgresql://user:canary@db.example/line?sslmode=require", "nobody checks its certificate"),
    ],
)
async def test_another_machine_without_tls_that_is_checked_is_refused_at_the_start(
    tmp_path: Path, url: str, why: str
) -> None:
    with pytest.raises(HistoryUnusable) as refused:
        await History.of(settings(tmp_path, url))
    said = str(refused.value)
    assert (
        why in said
        and "TIERLINE_DATABASE_INSECURE" in said
        and "verify-full" in said
        and "canary" not in said
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@localhost/line", "postgresql://user@127.0.0.1:5432/line", "postgresql://user@[::1]/line",
        "postgresql://user@/line?host=/run/postgresql", "postgresql:///line", "sqlite:////var/lib/tierline/it.sqlite3",
        "postgresql://user@db.example/line?sslmode=verify-full",
        "postgresql://user@db.example/line?sslmode=verify-ca&sslrootcert=/ca.pem", "postgresql://user@db.example:x/line",
        None,
    ],
)  # fmt: skip
def test_this_machine_and_what_is_encrypted_and_checked_may_be_used(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    assert exposed(url) is None


def test_a_host_that_the_driver_takes_from_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "/run/postgresql,db.example")
    assert "db.example is on another machine" in (exposed("postgresql:///line") or "")
    assert exposed("postgresql://user@localhost/line") is None


@pytest.mark.promise("store-tls")
def test_doctor_names_it_and_notes_it_where_it_is_allowed_aloud(tmp_path: Path) -> None:
    url = "postgresql://user:canary@db.example/line"
    no, note = _history(settings(tmp_path, url))
    aloud, reminded = _history(settings(tmp_path, url, TIERLINE_DATABASE_INSECURE="yes"))
    assert "needn't be encrypted" in no and not note and "canary" not in no
    assert not aloud and "whoever is between" in reminded
    assert _history(settings(tmp_path, "postgresql://user@localhost/line")) == ("", "")

    def said(seen: Seen) -> list[Finding]:
        return [it for it in judge(seen, ()) if it.about == "history"]

    assert [it.mark for it in said(Seen(history_no=no))] == ["bad"]
    assert [it.mark for it in said(Seen(history_note=reminded))] == ["note"] and not said(Seen())
