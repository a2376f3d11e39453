"""May this server be trusted with a contact? Pure: facts in, verdict and words for an operator out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Durability = Literal["always", "everysec", "none", "unknown"]

OLDEST = (7, 0)
CONFIG_READ = ("maxmemory-policy", "appendonly", "appendfsync", "hash-max-listpack-value")
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


def read_facts(info: Mapping[str, object], config: Mapping[str, object] | None) -> Facts:
    """From the replies of INFO and of `CONFIG GET` (None: refused, as hosted servers do)."""

    def number(name: str) -> int:
        return int(str(info.get(name) or 0))

    def setting(name: str) -> str | None:
        return None if config is None or name not in config else str(config[name])

    redis, valkey = str(info.get("redis_version") or "0"), info.get("valkey_version")
    logged, listpack = setting("appendonly"), setting("hash-max-listpack-value")
    policy = setting("maxmemory-policy") or info.get("maxmemory_policy")
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


def warnings(facts: Facts) -> tuple[str, ...]:
    """What an operator should know although the store may be used."""
    said = []
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
