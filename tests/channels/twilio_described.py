"""Twilio's own OpenAPI description, and what of a request it doesn't know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DESCRIPTION = Path(__file__).parents[2] / ".." / "shared" / "data" / "twilio" / "twilio_api_v2010.json"


def wrong(described: dict[str, Any], method: str, path: str, params: dict[str, Any]) -> list[str]:
    """What of a request the description doesn't know; [] when it is one of its operations."""
    for template, operations in described["paths"].items():
        pattern = re.sub(r"\{[A-Za-z]+\}", "[^/]+", template.replace(".", r"\."))
        # `Messages/{Sid}.json` would also fit `Messages.json`'s neighbours, so the slashes must agree
        if (
            re.fullmatch(pattern, path)
            and method.lower() in operations
            and template.count("/") == path.count("/")
        ):
            return _parameters(described, operations[method.lower()], method, params)
    return [f"no operation {method} {path}"]


def _parameters(
    described: dict[str, Any], operation: dict[str, Any], method: str, params: dict[str, Any]
) -> list[str]:
    if method == "GET":
        known = {p["name"]: p["schema"] for p in operation.get("parameters", []) if p["in"] == "query"}
        required: list[str] = []
    elif "requestBody" not in operation:  # a DELETE has none
        known, required = {}, []
    else:
        schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        known, required = schema["properties"], schema.get("required", [])
    found = [f"unknown parameter {name}" for name in params if name not in known]
    found += [f"{name} is missing" for name in required if name not in params]
    for name, value in params.items():
        if name in known:
            schema = {**known[name], "components": described["components"]}
            schema.pop("nullable", None)
            found += [
                f"{name}: {e.message}"
                for e in Draft202012Validator(schema).iter_errors(_typed(known[name], value))
            ]
    return found


def _typed(schema: dict[str, Any], value: Any) -> Any:
    """A form's text as the type that the schema names."""
    match schema.get("type"):
        case "integer":
            return int(value)
        case "boolean":
            return {"true": True, "false": False}.get(value, value)
        case "array":
            return value if isinstance(value, list) else [value]
        case _:
            return value
