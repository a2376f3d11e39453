"""The plan's JSON Schema (2020-12) for editors that complete and check while one types."""

from __future__ import annotations

import json

from .shape import Document

HEAD = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, object]:
    """The schema, written from the same models that check the document."""
    return {"$schema": HEAD, **Document.model_json_schema(by_alias=True), "title": "Tierline routing plan"}


def schema_text() -> str:
    """What `tierline plan schema` prints."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
