"""What the scripts of this folder share: they ask a running sandbox, and tell what each person saw."""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import quote

BASE = sys.argv[1].rstrip("/")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never behind a proxy


def fail(text: str) -> NoReturn:
    """It isn't as it should be: the script ends with status 1."""
    print(f"\nDIFFERENCE: {text}", file=sys.stderr)
    sys.exit(1)


def call(path: str, body: object = None) -> Any:
    """A GET, or a POST of `body`; what was answered."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, {"Content-Type": "application/json"})
    try:
        with OPENER.open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        fail(f"{path} answered {error.code}: {error.read().decode(errors='replace')[:300]}")
    except OSError as error:
        fail(f"no sandbox answers at {BASE}: {error}")


def stage(path: str, body: object = None) -> Any:
    """The same, of the stand-ins (docs/sandbox.md)."""
    return call("/sandbox/api" + path, body)


def until(what: str, look: Callable[[], Any], seconds: float = 45) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            fail(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def scene(title: str) -> None:
    """A heading."""
    print(f"\n== {title}")


def saw(who: str, text: str) -> None:
    """A line of what somebody saw or did."""
    print(f"   {who + ':':<18} {text}")


def payload(message: dict[str, Any]) -> Any:
    """What Tierline noted at a message of Slack's."""
    found = message.get("metadata") or {}
    return found.get("event_payload", found)


def buttons(message: dict[str, Any]) -> dict[str, Any]:
    """A message's buttons by their action."""
    rows = [block["elements"] for block in message.get("blocks", []) if block.get("type") == "actions"]
    rows += [[block["accessory"]] for block in message.get("blocks", []) if "accessory" in block]
    return {button.get("action_id"): button for row in rows for button in row}


def words(message: dict[str, Any]) -> str:
    """What a person reads in a message: the texts of its blocks, or its own."""
    found = []
    for block in message.get("blocks", []):
        for part in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                found.append(part["text"])
    text = " | ".join(found) or message.get("text", "")
    return re.sub(r"<!date\^\d+\^[^|]*\|([^>]*)>", r"\1", text).replace("\n", " / ")


def texts(number: str) -> list[Any]:
    """What came to a customer's phone."""
    return [it for it in stage(f"/sms?number={quote(number)}") if it["to"] == number]


def contact(customer: str) -> Any:
    """The customer's latest contact."""
    return call(f"/product/api/v1/contacts?customer={quote(customer)}")[-1]
