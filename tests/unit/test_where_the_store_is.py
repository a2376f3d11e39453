"""`REDIS_URL` with Sentinels, a Cluster and replicas: what is meant is read, what isn't is refused in words."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tierline.queue.address import Address
from tierline.queue.failures import StoreMisnamed
from tierline.queue.safety import Facts, warnings
from tierline.queue.whereabouts import slot_of

GOOD = Facts("Valkey 9.1.2", (7, 2, 4), "noeviction", True, "always", 1024, True, 0, 0)


def test_sentinels_are_read_with_their_primary_and_both_logins() -> None:
    at = Address.parse(
        "rediss+sentinel://us:w%40rd@s1:26380,s2,[fd00::1]:7/desk/2?sentinel_password=x%26y&replicas=2&site=berlin"
    )
    assert (at.kind, at.service, at.db, at.replicas, at.site, at.tls) == (
        "sentinel",
        "desk",
        2,
        2,
        "berlin",
        True,
    )
    assert at.hosts == (("s1", 26380), ("s2", 26379), ("fd00::1", 7))
    node, sentinel = at.node("10.0.0.5", 6380), at.sentinel("s1", 26380)
    assert (node.kind, node.host, node.username, node.password, node.db) == (
        "one",
        "10.0.0.5",
        "us",
        "w@rd",
        2,
    )
    assert (sentinel.username, sentinel.password, sentinel.db) == ("", "x&y", 0)
    assert "w@rd" not in f"{at} {at!r} {node!r} {sentinel!r}" and "x&y" not in repr(at)
    assert str(at) == "rediss+sentinel://s1:26380,s2:26379,[fd00::1]:7/desk"


def test_with_sentinels_and_in_a_cluster_one_replica_must_have_a_write_unless_said_otherwise() -> None:
    assert Address.parse("redis+sentinel://localhost/desk").replicas == 1
    assert Address.parse("redis+cluster://localhost:7000").replicas == 1
    assert Address.parse("redis+cluster://localhost:7000?replicas=0").replicas == 0
    assert Address.parse("redis://localhost").replicas == 0
    assert Address.parse("redis://localhost/0?replicas=1").replicas == 1


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost:6379/0",
        "rediss://us:p%2Fw@store:6380/3?ssl_ca_certs=%2Fetc%2Fca.pem",
        "unix:///run/v.sock?db=1",
    ],
)
def test_one_servers_url_is_the_one_that_was_read(url: str) -> None:
    assert Address.parse(Address.parse(url).url) == Address.parse(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis+sentinel://h1,h2", "the name under which"),
        ("redis+sentinel:///desk", "must look like"),
        ("redis+sentinel://h1:port/desk", "must look like"),
        ("redis+sentinel://h1/desk/two", "database's number"),
        ("redis+sentinel://h1/desk?ssl_cert_reqs=none", "unknown option ssl_cert_reqs"),
        ("redis+cluster://h1/desk", "takes no path"),
        ("redis+cluster://h1?sentinel_password=s3cret", "unknown option sentinel_password"),
        ("redis://h1/0?replicas=many", "how many replicas"),
        ("redis://h1/0?site=Berlin%7D", "small letters"),
        ("localhost:6379", "must look like"),
        ("redis://h1/desk", "must look like"),
        ("redis://:12/s3cret@h1:6379/0", "/ as %2F"),
        ("redis://:12?s3cret@h1:6379/0", "[?] as %3F"),
        ("redis://:12#s3cret@h1:6379/0", "# as %23"),
        ("redis+sentinel://:12#s3cret@h1/desk", "# as %23"),
        ("redis+sentinel://:s3cret[x@h1/desk", "must look like"),
        ("redis+cluster://us:s3cret\u2100@h1:6379", "must look like"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_without_secrets(url: str, words: str) -> None:
    with pytest.raises(StoreMisnamed, match=words) as error:
        Address.parse(url)
    assert "s3cret" not in str(error.value)


def test_the_schemes_letters_may_be_large() -> None:
    assert Address.parse("REDISS://:pw@store:6380/0") == Address.parse("rediss://:pw@store:6380/0")


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for file in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        with pytest.raises(StoreMisnamed, match=file.name):
            Address.parse(f"rediss://:pw@h/0?ssl_ca_certs={file}").tls_context()
        with pytest.raises(StoreMisnamed, match=file.name):
            Address.parse(f"rediss://:pw@h/0?ssl_certfile={file}").tls_context()


@pytest.mark.parametrize("command", [("run",), ("plan", "publish", "FILE", "--reason", "because")])
def test_a_mistaken_address_is_one_sentence_for_whoever_starts(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """No trace of a crash, which would quote the password."""
    plan = Path(__file__).parents[2] / "router" / "plan" / "example.yaml"
    words = [str(plan) if it == "FILE" else it for it in command]
    said = {
        "REDIS_URL": "redis+sentinel://us:s3cret\u2100@h1/desk",
        "TIERLINE_DATA": str(tmp_path),
        "PORT": "0",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tierline", *words],
        cwd=tmp_path, env=os.environ | said, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("REDIS_URL must look like") and ended.stderr.count("\n") == 1
    assert "s3cret" not in ended.stdout + ended.stderr


def test_others_who_could_listen_are_seen_behind_many_hosts_too() -> None:
    assert Address.parse("redis+sentinel://127.0.0.1,localhost:1/desk").exposed() is None
    assert "isn't encrypted" in (Address.parse("redis+sentinel://127.0.0.1,10.0.0.2/desk").exposed() or "")
    local = Address.parse("redis+sentinel://:pw@localhost/desk")
    assert "isn't encrypted" in (local.node("10.0.0.2", 6379).exposed() or "")  # where they send us


def test_slots_are_those_of_the_specification() -> None:
    assert slot_of("123456789") == 0x31C3 % 16384  # the specification's own vector
    assert slot_of("{main}:c:C1") == slot_of("main") == slot_of("{main}:")
    assert slot_of("{}main") != slot_of("main")


@pytest.mark.parametrize(
    ("url", "facts", "said"),
    [
        ("redis://h/0?replicas=1", {"replicas": 2, "min_replicas": 1}, ""),
        ("redis://h/0?replicas=1", {"replicas": 2, "min_replicas": 0}, "Set `min-replicas-to-write 1`"),
        ("redis://h/0", {"replicas": 1}, "doesn't ask for any"),
        ("redis+cluster://h?replicas=1", {"min_replicas": 1, "whole_cluster": True}, "one shard down stops"),
    ],
)
@pytest.mark.promise("doctor-replicas")
def test_what_a_failover_would_lose_is_said_before_there_is_one(
    url: str, facts: dict[str, int], said: str
) -> None:
    told = warnings(replace(GOOD, **facts), Address.parse(url))  # type: ignore[arg-type]
    assert said in " ".join(told) and bool(told) == bool(said)
