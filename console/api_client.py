"""The running product's own API, for commands on the same machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp

WITHIN = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0)
"""Seconds: a large plan takes some to be read; who doesn't take the connection isn't there."""
SLOW = "Tierline is there and gave no answer within a minute"
MAYBE = "It may have been done all the same: look before you ask again."


class NotRunning(Exception):
    """Nobody answers at the address."""


class Refused(Exception):
    """The product said no: `status`, and `body` as it answered."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        self.status, self.body = status, body
        super().__init__(f"{body.get('error', f'HTTP {status}')}: {body.get('hint', '')}".rstrip(": "))


def token_of(data: Path, configured: str = "") -> str:
    """TIERLINE_API_TOKEN, else the one that the first start left in the data directory; "" when there is none."""
    if configured:
        return configured
    try:
        return (data / "api-token").read_text().strip()
    except OSError:
        return ""


class ApiClient:
    """Calls with the token; every call raises NotRunning or Refused."""

    def __init__(self, base: str, token: str) -> None:
        self.base, self._token = base.rstrip("/"), token

    async def ready(self) -> Mapping[str, object]:
        """`/readyz`, whether up or down."""
        return await self._call("GET", "/readyz", also=(503,))

    async def why(self, contact: str, at: str = "") -> Mapping[str, object]:
        """The explanation of a contact, now or at an instant, with why each offer went where it went."""
        query = f"at={quote(at, safe='')}" if at else "choices=1"
        return await self._call("GET", f"/api/v1/contacts/{quote(contact, safe='')}/why?{query}")

    async def plan(self) -> Mapping[str, object]:
        """`{"version", "yaml"}`."""
        return await self._call("GET", "/api/v1/plan")

    async def publish(self, yaml: str, author: str, reason: str, on: int | None) -> int:
        """Publish a plan for new contacts; its version."""
        return int(str((await self.put_plan(yaml, author, reason, on))["version"]))

    async def put_plan(
        self, yaml: str, author: str, reason: str, on: int | None, waiting: str = "new"
    ) -> Mapping[str, object]:
        """Publish a plan; its version, what changed and whom it moves."""
        body = {"yaml": yaml, "author": author, "reason": reason, "waiting": waiting}
        return await self._call("PUT", "/api/v1/plan", body | ({} if on is None else {"on": on}))

    async def check(self, yaml: str) -> Mapping[str, object]:
        """What publishing a draft would do."""
        return await self._call("POST", "/api/v1/plan/check", {"yaml": yaml})

    async def dry_run(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Which of the last contacts would have gone elsewhere."""
        return await self._call("POST", "/api/v1/plan/dry-run", body)

    async def rollback(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Publish an earlier version again."""
        return await self._call("POST", "/api/v1/plan/rollback", body)

    async def plan_versions(self) -> list[Mapping[str, object]]:
        """Every version, oldest first."""
        return _rows(await self._call("GET", "/api/v1/plan/versions"))

    async def plan_version(self, number: int) -> Mapping[str, object]:
        """One version whole."""
        return await self._call("GET", f"/api/v1/plan/versions/{number}")

    async def audit(self, after: int) -> list[Mapping[str, object]]:
        """Lines of the audit log."""
        return _rows(await self._call("GET", f"/api/v1/audit?after={after}"))

    async def audit_verify(self, noted: tuple[int, str] | None) -> Mapping[str, object]:
        """Whether the audit log is as it was written."""
        query = f"?n={noted[0]}&hash={noted[1]}" if noted else ""
        return await self._call("GET", f"/api/v1/audit/verify{query}")

    async def move(self, contact: str, verb: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Something that people do with a contact; what was done, in words."""
        return await self._call("POST", f"/api/v1/contacts/{quote(contact, safe='')}/{verb}", body)

    async def reach(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Begin a contact with a customer; what was done, in words."""
        return await self._call("POST", "/api/v1/contacts", body)

    async def start_replay(self, day: str, yaml: str) -> Mapping[str, object]:
        """Begin to replay a day, with a draft or none ("")."""
        return await self._call(
            "POST", "/api/v1/plan/replay", {"day": day} | ({"yaml": yaml} if yaml else {})
        )

    async def replay(self, id: str) -> Mapping[str, object]:
        """How far a replay is, and its outcome."""
        return await self._call("GET", f"/api/v1/plan/replay/{quote(id, safe='')}")

    async def put_customer(self, key: str, body: Mapping[str, object]) -> None:
        """Create or replace a customer."""
        await self._call("PUT", f"/api/v1/customers/{quote(key, safe='')}", body)

    async def contacts(self, customer: str) -> list[Mapping[str, object]]:
        """The contacts of an address, oldest first."""
        return _rows(await self._call("GET", f"/api/v1/contacts?customer={quote(customer, safe='')}"))

    async def pressed(self, call: str) -> bool:
        """Whether 1 was pressed in a test call."""
        found = await self._call("GET", f"/api/v1/test-calls/{quote(call, safe='')}")
        return found.get("pressed") is True

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        also: tuple[int, ...] = (),
    ) -> Mapping[str, object]:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with aiohttp.ClientSession(timeout=WITHIN) as http:
                async with http.request(method, self.base + path, json=body, headers=headers) as answer:
                    raw = await answer.json(content_type=None)
                    found = raw if isinstance(raw, dict) else {"list": raw}
                    if answer.status >= 400 and answer.status not in also:
                        raise Refused(answer.status, found)
                    return found
        except aiohttp.ConnectionTimeoutError as error:
            raise NotRunning(f"no Tierline answers at {self.base} ({type(error).__name__})") from None
        except TimeoutError:  # never taken for nobody: what nobody serves is written into the store itself
            raise Refused(504, {"error": SLOW, "hint": MAYBE}) from None
        except (aiohttp.ClientError, OSError) as error:
            raise NotRunning(f"no Tierline answers at {self.base} ({type(error).__name__})") from None
        except ValueError:
            raise NotRunning(f"something else answers at {self.base}") from None


def _rows(answer: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = answer.get("list")
    return found if isinstance(found, list) else []


async def read_token(data: Path, configured: str) -> str:
    """`token_of`, off the loop."""
    return await asyncio.to_thread(token_of, data, configured)
