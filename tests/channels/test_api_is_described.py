"""`/api/v1/openapi.json`: every route with what it is sent and answers, held against what is really sent and answered."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import pytest_asyncio
from helpers_app import EVA, JONAS, Inside, inside
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from test_handing_over import PLAN

from tierline.console.shapes import ANSWERS
from tierline.router.rulebook import agent_id

PRIYA = "+447700900123"


@dataclass
class Described:
    """The API, every call held against its own description; `asked` are the routes that answered well."""

    it: Inside
    document: dict[str, Any]
    api: OpenAPI
    asked: set[str] = field(default_factory=set)

    async def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """A request that the description allows, and an answer that it describes."""
        request = self._request(method, path, body)
        self.api.validate_request(request)
        found, answer = await self._send(method, path, body, status)
        self._answers(request, answer)
        if status < 300:
            self.asked.add(f"{method} {self._route(path)}")
        return found

    async def refused(self, method: str, path: str, body: object, status: int = 400) -> None:
        """A body that neither the description nor the product takes."""
        request = self._request(method, path, body)
        with pytest.raises(OpenAPIError):
            self.api.validate_request(request)
        _, answer = await self._send(method, path, body, status)
        self.api.validate_response(request, answer)

    def _answers(self, request: MockRequest, answer: MockResponse) -> None:
        """The answer is as described; what isn't is told by where it is, not by the whole answer."""
        try:
            self.api.validate_response(request, answer)
        except OpenAPIError as error:
            cause = error.__cause__
            told = [
                f"{'/'.join(map(str, e.path))}: {e.message[:300]}"
                for e in getattr(cause, "schema_errors", ())
            ]
            pytest.fail(f"{request.method} {request.path}: {told or error}")

    async def _send(self, method: str, path: str, body: object, status: int) -> tuple[Any, MockResponse]:
        url = self.it.product + path
        async with self.it.http.request(method, url, json=body, headers=self.it.token) as answer:
            raw = await answer.read()
            assert answer.status == status, (method, path, answer.status, raw[:500])
            found = json.loads(raw) if answer.content_type == "application/json" else raw.decode()
            return found, MockResponse(raw, answer.status, dict(answer.headers), answer.content_type)

    def _request(self, method: str, path: str, body: object) -> MockRequest:
        place, _, query = path.partition("?")
        data = None if body is None else json.dumps(body).encode()
        return MockRequest(
            "http://localhost",
            method.lower(),
            place,
            args=dict(parse_qsl(query)),
            headers=self.it.token,
            data=data,
        )

    def _route(self, path: str) -> str:
        place = path.partition("?")[0]
        found = [it for it in self.document["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", it), place)]
        return min(found, key=lambda it: it.count("{"))


@pytest_asyncio.fixture
async def api(tmp_path: Path) -> AsyncIterator[Described]:
    async with inside(tmp_path, PLAN) as it:
        document = await it.api("/openapi.json")
        yield Described(it, document, OpenAPI.from_dict(document))


async def contact_of(api: Described, sender: str, text: str) -> str:
    """Somebody writes; their contact."""
    assert await api.it.text(text, sender) == 200
    rows = await api.call("GET", f"/api/v1/contacts?customer={sender.replace('+', '%2B')}&limit=5")
    return str(rows[-1]["id"])


async def taken(api: Described, contact: str) -> None:
    """Whoever is asked has it."""
    offer = (await api.it.until(lambda: _offered(api, contact))).offers[0]
    assert (await api.it.app.queue.accept(contact, offer.number, offer.agent)).done


async def _offered(api: Described, contact: str) -> Any:
    view = await api.it.app.queue.contact(contact)
    return view if view is not None and view.offers else None


async def moves(api: Described) -> None:
    """Everything that may be done with a contact."""
    queue = api.it.app.queue
    one = await contact_of(api, EVA, "my printer burns")
    at = f"/api/v1/contacts/{one}"
    await api.call("POST", f"{at}/priority", {"points": 5, "reason": "urgent", "by": "Mira"})
    await api.call("POST", f"{at}/assign", {"agent": "Ada"})
    await queue.presence(agent_id("Ada"), "available")
    await taken(api, one)
    for name in ("Ben", "Cem"):
        await queue.presence(agent_id(name), "available")
    await api.call("POST", f"{at}/consult", {"ask": "Ben", "question": "Which cable?"})
    await api.call("POST", f"{at}/transfer", {"to": "Ben", "reason": "knows printers"})
    await api.call("GET", at)
    await api.call("POST", f"{at}/keep", {})
    await api.call("POST", f"{at}/snooze", {"until": "tomorrow 9:00"})
    await api.call("POST", f"{at}/wake", {})
    await api.call("POST", f"{at}/escalate", {"tried": "turned it off"})
    await api.call("POST", f"{at}/keep", {})
    await api.it.text("and my lamp", EVA)
    await api.call("POST", f"{at}/split", {"messages": [2]}, 422)  # not a message of theirs
    lines = (await api.call("GET", at))["transcript"]
    second = [m["n"] for m in lines if m["direction"] == "in"][-1]
    await api.call("POST", f"{at}/split", {"messages": [second]})
    await api.call("POST", f"{at}/release", {"reason": "lunch"})
    await taken(api, one)
    other = await contact_of(api, JONAS, "a question")
    await api.call("POST", f"/api/v1/contacts/{other}/merge", {"into": one})
    third = await contact_of(api, PRIYA, "buy gold")
    await api.call("POST", f"/api/v1/contacts/{third}/spam", {})
    await api.call("POST", f"/api/v1/contacts/{third}/reopen", {})
    await taken(api, third)
    await api.call("POST", f"/api/v1/contacts/{third}/close", {"disposition": "solved", "by": "Mira"})
    reach = {"agent": "Cem", "channel": "sms", "to": "+4915199999999", "text": "Your lamp is here."}
    begun = await api.call("POST", "/api/v1/contacts", reach)
    assert (await api.call("GET", f"/api/v1/contacts/{begun['contact']}"))["owner"]["name"] == "Cem"
    await api.call("POST", "/api/v1/contacts", reach, 409)
    await api.call("POST", "/api/v1/contacts", reach | {"agent": "Nobody"}, 422)
    await api.refused("POST", "/api/v1/contacts", reach | {"channel": "fax"})
    await api.refused("POST", "/api/v1/contacts", {"channel": "voice", "agent": "Cem"})
    await api.call("POST", f"{at}/transfer", {"to": "nobody at all"}, 422)
    await api.call("POST", "/api/v1/contacts/C9999/release", {}, 404)
    await api.refused("POST", f"{at}/transfer", {"reason": "to whom?"})
    await api.refused("POST", f"{at}/priority", {"points": "soon"})
    await api.refused("POST", f"{at}/split", {"messages": "all"})
    await api.call("GET", f"{at}/why?choices=1")
    await api.it.app.projector.settled()
    await api.call("GET", f"{at}/why?at={await queue.now()}")
    await api.call("GET", f"/api/v1/contacts/{third}/why")
    await api.call("GET", "/api/v1/contacts?state=nonsense", status=400)
    for state in ("waiting", "active", "closed"):
        await api.call("GET", f"/api/v1/contacts?state={state}")


async def situations(api: Described) -> None:
    await api.call(
        "POST", "/api/v1/services/bills/close", {"until": "tomorrow 9:00", "text": "Back tomorrow."}
    )
    await api.call("GET", "/api/v1/services")
    await api.call("POST", "/api/v1/services/bills/open", {})
    begun = await api.call("POST", "/api/v1/incidents", {"service": "help", "text": "The line is down."})
    assert "done" in begun
    (incident,) = await api.call("GET", "/api/v1/incidents")
    await api.call("POST", f"/api/v1/incidents/{incident['id']}/close", {"text": "It is up."})
    await api.refused("POST", "/api/v1/incidents", {"words": ["down"]})


async def plans(api: Described) -> None:
    wider = PLAN.replace("answer_within: 10m", "answer_within: 5m", 1)
    change = {"yaml": wider, "author": "Mira", "reason": "faster", "waiting": "reevaluate", "on": 1}
    await api.call("POST", "/api/v1/plan/check", {"yaml": wider})
    await api.call("POST", "/api/v1/plan/check", {"yaml": wider.replace("tiers:", "tires:")}, 422)
    await api.call("POST", "/api/v1/plan/dry-run", {"yaml": wider, "last": 10})
    await api.call("PUT", "/api/v1/plan", change)
    await api.call("PUT", "/api/v1/plan", change, 409)
    await api.call("GET", "/api/v1/plan")
    await api.call("POST", "/api/v1/plan/rollback", {"to": 1, "author": "Mira"})
    await api.refused("PUT", "/api/v1/plan", {"yaml": wider})
    await api.refused("POST", "/api/v1/plan/rollback", {"to": "one", "author": "Mira"})
    await api.call("GET", "/api/v1/plan/versions")
    await api.call("GET", "/api/v1/plan/versions/2")
    await api.call("GET", "/api/v1/plan/versions/99", status=404)
    await api.call("GET", "/api/v1/plan/diff?a=1&b=2")
    await api.it.app.projector.settled()
    begun = await api.call("POST", "/api/v1/plan/replay", {"day": "today", "yaml": wider}, 202)

    async def over() -> bool:
        found = await api.call("GET", f"/api/v1/plan/replay/{begun['id']}")
        return bool(found["state"] == "done")

    await api.it.until(over)
    await api.refused("POST", "/api/v1/plan/replay", {"yaml": wider})


async def articles(api: Described) -> None:
    """Everything about articles."""
    body = {
        "language": "en",
        "title": "Red lamp",
        "body": "Off and on.\n- [ ] Pull the plug",
        "state": "published",
    }
    assert (await api.call("PUT", "/api/v1/articles/red-lamp", body | {"on": 0}))["version"] == 1
    assert (await api.call("PUT", "/api/v1/articles/red-lamp", body))["version"] == 1
    await api.call("PUT", "/api/v1/articles/red-lamp", body | {"title": "Red", "on": 0}, 409)
    await api.call("PUT", "/api/v1/articles/red-lamp", body | {"services": ["nothing"]}, 422)
    await api.refused("PUT", "/api/v1/articles/red-lamp", {"language": "en"})
    await api.refused("PUT", "/api/v1/articles/red-lamp", body | {"state": "ready"})
    await api.refused("PUT", "/api/v1/articles/red-lamp", body | {"tags": [5]})
    await api.refused("PUT", "/api/v1/articles/red-lamp", body | {"on": -1})
    assert len(await api.call("GET", "/api/v1/articles")) == 1
    assert [it["slug"] for it in await api.call("GET", "/api/v1/articles?q=lamp&language=en")] == ["red-lamp"]
    assert (await api.call("GET", "/api/v1/articles/red-lamp"))["steps"] == ["Pull the plug"]
    await api.call("GET", "/api/v1/articles/nothing", status=404)


@pytest.mark.promise("api-described")
async def test_every_route_is_sent_and_answers_what_the_description_says(api: Described) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/agents"):
        await api.call("GET", path)
    await moves(api)
    await situations(api)
    await plans(api)
    await articles(api)
    customer = {"name": "Eva", "language": "de", "addresses": [EVA], "facts": {"plan": "gold", "since": 2019}}
    await api.call("PUT", "/api/v1/customers/eva", customer | {"addresses": ["eva@else.example"]})
    await api.refused("PUT", "/api/v1/customers/eva", {"addresses": EVA})
    await api.call("GET", "/api/v1/ledger?limit=1000")
    assert await api.call("GET", "/api/v1/test-calls/CA1") == {"pressed": False}
    await api.it.app.projector.settled()
    await api.call("GET", "/api/v1/audit")
    await api.call("GET", "/api/v1/audit/verify")
    described = {
        f"{method.upper()} {path}" for path, methods in api.document["paths"].items() for method in methods
    }
    assert described - api.asked == set()
    assert described - {"GET /metrics"} == set(ANSWERS), "each answer has its shape"


async def test_without_the_token_the_description_allows_nothing(api: Described) -> None:
    request = MockRequest("http://localhost", "get", "/api/v1/agents")
    with pytest.raises(OpenAPIError):
        api.api.validate_request(request)
    async with api.it.http.get(f"{api.it.product}/api/v1/agents") as answer:
        assert answer.status == 401
        api.api.validate_response(
            request, MockResponse(await answer.read(), 401, dict(answer.headers), answer.content_type)
        )
