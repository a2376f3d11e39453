"""May this server be trusted with a contact? Pure: facts in, verdict and words for an operator out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .address import Address

Durability = Literal["always", "everysec", "none", "unknown"]

OLDEST = (7, 0)
CONFIG_READ = (
    "maxmemory-policy", "appendonly", "appendfsync", "hash-max-listpack-value", "min-replicas-to-write",
    "cluster-require-full-coverage",
)  # fmt: skip
_RECORD = 1024  # bytes; a contact's largest field must stay below the listpack limit


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server says about itself; None where it refuses to say."""

    server: str
    version: tuple[int, ...]  # of Redis, or the Redis version that Valkey stands for
    policy: str | None
    log_on: bool | None
    fsync: str | None
    listpack: int | None
    log_writable: bool
    memory_used: int
    memory_limit: int
    replicas: int = 0  # connected
    min_replicas: int | None = None  # without which the server itself refuses writes
    whole_cluster: bool = False  # one shard down stops all the others


def read_facts(info: Mapping[str, object], config: Mapping[str, object] | None) -> Facts:
    """From the replies of INFO and of `CONFIG GET` (None: refused, as hosted servers do)."""

    def number(name: str) -> int:
        return int(str(info.get(name) or 0))

    def setting(name: str) -> str | None:
        return None if config is None or name not in config else str(config[name])

    redis, valkey = str(info.get("redis_version") or "0"), info.get("valkey_version")
    logged, listpack = setting("appendonly"), setting("hash-max-listpack-value")
    policy = setting("maxmemory-policy") or info.get("maxmemory_policy")
    least = setting("min-replicas-to-write")
    return Facts(
        server=f"Valkey {valkey}" if valkey else f"Redis {redis}",
        version=tuple(int(part) for part in redis.split(".") if part.isdecimal()),
        policy=None if policy is None else str(policy),
        log_on=None if logged is None else logged == "yes",
        fsync=setting("appendfsync"),
        listpack=None if listpack is None else int(listpack),
        log_writable=info.get("aof_last_write_status", "ok") == "ok",
        memory_used=number("used_memory"),
        memory_limit=number("maxmemory"),
        replicas=number("connected_slaves"),
        min_replicas=None if least is None else int(least),
        whole_cluster=setting("cluster-require-full-coverage") == "yes",
    )


def unsafe(facts: Facts) -> str | None:
    """Why contacts could be lost on this server, and what to change; None when it may be used."""
    if facts.version < OLDEST:
        return (
            f"The store is {facts.server}; Tierline needs Redis 7.0 or later, or Valkey, for its functions."
            " Upgrade it, or unset REDIS_URL to use the embedded store."
        )
    if facts.policy is not None and facts.policy != "noeviction":
        return (
            f"The store's maxmemory-policy is {facts.policy}: when memory runs short it throws contacts away."
            " Set `maxmemory-policy noeviction` in its configuration."
        )
    return None


def durability(facts: Facts) -> Durability:
    """When an acknowledged write is safe from a power cut: with `always`, at once."""
    if facts.log_on is None:
        return "unknown"
    if not facts.log_on:
        return "none"
    match facts.fsync:
        case "always":
            return "always"
        case "everysec":
            return "everysec"
        case "no":
            return "none"
        case _:
            return "unknown"


def warnings(facts: Facts, at: Address | None = None) -> tuple[str, ...]:
    """What an operator should know although the store, reached `at` its address, may be used."""
    said = list(_about_replicas(facts, at)) if at is not None else []
    match durability(facts):
        case "none":
            said.append(
                "The store doesn't sync a log of its writes: when its machine fails, contacts are lost."
                " Set `appendonly yes` and `appendfsync always`."
            )
        case "everysec":
            said.append(
                "The store syncs once a second: when its machine fails, up to a second of contacts is"
                " lost. Set `appendfsync always`."
            )
        case "unknown":
            said.append(
                "The store doesn't tell how durable it is (CONFIG GET is refused): ask whoever runs it for"
                " `appendonly yes` and `appendfsync always`."
            )
    if facts.policy is None:
        said.append("The store doesn't tell its maxmemory-policy; it must be `noeviction`.")
    if facts.listpack is not None and facts.listpack < _RECORD:
        said.append(
            f"The store's hash-max-listpack-value is {facts.listpack}: each waiting contact takes twice the"
            f" memory. Set `hash-max-listpack-value {_RECORD}`."
        )
    if not facts.log_writable:
        said.append("The store can't write its log: its disk is full or broken.")
    return tuple(said)


def _about_replicas(facts: Facts, at: Address) -> Iterator[str]:
    if not at.replicas and (facts.replicas or at.kind != "one"):
        yield (
            "The store has replicas, and REDIS_URL doesn't ask for any (replicas=1): what is acknowledged in the last"
            " moment before a failover is lost."
        )
    if at.replicas and facts.min_replicas is not None and facts.min_replicas < at.replicas:
        yield (
            f"The store's min-replicas-to-write is {facts.min_replicas}: cut off from its replicas it goes on writing"
            f" what will be lost. Set `min-replicas-to-write {at.replicas}` on every server."
        )
    if at.kind == "cluster" and facts.whole_cluster:
        yield (
            "The store's cluster-require-full-coverage is yes: one shard down stops every site."
            " Set `cluster-require-full-coverage no` on every node."
        )
