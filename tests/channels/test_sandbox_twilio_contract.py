"""The stand-in's answers, and what the real library sends, held to Twilio's own OpenAPI description."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN, open_stage

from tierline.sandbox.twilio_rules import KNOWN

DESCRIPTION = Path(__file__).parents[2] / ".." / "shared" / "data" / "twilio" / "twilio_api_v2010.json"
pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="../shared/data/twilio is not here")
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"


def strict(node: Any) -> Any:
    """OpenAPI 3.0 schema as JSON Schema: `nullable` spelt out, and no property that is not described."""
    if isinstance(node, list):
        return [strict(n) for n in node]
    if not isinstance(node, dict):
        return node
    found = {k: strict(v) for k, v in node.items() if k not in ("nullable", "example", "format")}
    if "properties" in found:
        found["additionalProperties"] = False
    return {"anyOf": [found, {"type": "null"}]} if node.get("nullable") else found


@cache
def description() -> dict[str, Any]:
    loaded = json.loads(DESCRIPTION.read_text())
    loaded["components"]["schemas"] = strict(loaded["components"]["schemas"])
    return loaded  # type: ignore[no-any-return]


def operation(path: str, method: str) -> dict[str, Any]:
    return description()["paths"]["/2010-04-01/Accounts/" + path][method]  # type: ignore[no-any-return]


def check(answer: object, path: str, method: str, status: int) -> None:
    content = operation(path, method)["responses"][str(status)]["content"]["application/json"]["schema"]
    schema = {**strict(content), "components": description()["components"]}
    errors = [
        f"{'/'.join(map(str, e.path))}: {e.message}" for e in Draft202012Validator(schema).iter_errors(answer)
    ]
    assert errors == []


def required_keys(answer: dict[str, Any], name: str) -> None:
    assert set(answer) == set(description()["components"]["schemas"][name]["properties"])


async def test_every_answer_has_the_described_shape_and_every_described_key() -> None:
    async with open_stage() as stage:
        picture = "data:image/png;base64,AA=="
        inbound = await stage.text("look", media=[picture])
        sent = await stage.send("x" * 200)
        await stage.settled(sent.sid, "delivered")
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}

        async def get(path: str) -> Any:
            async with stage.http.get(f"{stage.base}/twilio/api.twilio.com{path}", headers=auth) as answer:
                assert answer.status == 200
                return await answer.json()

        account = await get(f"{ROOT}.json")
        check(account, "{Sid}.json", "get", 200)
        required_keys(account, "api.v2010.account")
        for sid in (inbound["sid"], sent.sid):
            message = await get(f"{ROOT}/Messages/{sid}.json")
            check(message, "{AccountSid}/Messages/{Sid}.json", "get", 200)
            required_keys(message, "api.v2010.account.message")
        for query in ("", "?PageSize=1", "?PageSize=1&To=%2B15550100001"):
            check(await get(f"{ROOT}/Messages.json{query}"), "{AccountSid}/Messages.json", "get", 200)
        media = await get(f"{ROOT}/Messages/{inbound['sid']}/Media.json")
        check(media, "{AccountSid}/Messages/{MessageSid}/Media.json", "get", 200)
        one = await get(media["media_list"][0]["uri"])
        check(one, "{AccountSid}/Messages/{MessageSid}/Media/{Sid}.json", "get", 200)
        required_keys(one, "api.v2010.account.message.media")
        numbers = await get(f"{ROOT}/IncomingPhoneNumbers.json")
        check(numbers, "{AccountSid}/IncomingPhoneNumbers.json", "get", 200)
        required_keys(numbers["incoming_phone_numbers"][0], "api.v2010.account.incoming_phone_number")
        form = {"To": EVA, "From": OURS, "Body": "hi"}
        url = f"{stage.base}/twilio/api.twilio.com{ROOT}/Messages.json"
        async with stage.http.post(url, data=form, headers=auth) as answer:
            check(await answer.json(), "{AccountSid}/Messages.json", "post", answer.status)


async def test_what_the_library_sends_is_known_by_name() -> None:
    content = operation("{AccountSid}/Messages.json", "post")["requestBody"]["content"]
    described = set(content["application/x-www-form-urlencoded"]["schema"]["properties"])
    assert described == KNOWN
    async with open_stage() as stage:
        await stage.send(
            "hi", status_callback=f"{stage.app.base}/status", validity_period=60, smart_encoded=True
        )
        assert await stage.call("/twilio/warnings") == []
        url = f"{stage.base}/twilio/api.twilio.com{ROOT}/Messages.json"
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        form = {"To": EVA, "From": OURS, "Body": "hi", "body": "typo"}
        async with stage.http.post(url, data=form, headers=auth) as answer:
            assert answer.status == 201
        assert "body" in (await stage.call("/twilio/warnings"))[0]["text"]
