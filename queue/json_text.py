"""JSON texts of the ledger and its contacts, read and written by pydantic's code: a mail's words are twenty kilobytes.

The standard library takes five times as long to read them, and three times as long to write them.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json


def parsed(text: str) -> Any:
    """As `json.loads`, which judges what pydantic's parser refuses: half a character, say. Raises ValueError."""
    try:
        return from_json(text)
    except (ValueError, TypeError):
        return json.loads(text)


def written(value: object) -> str:
    """In one line, with every letter as it is, for values without fractions. Raises TypeError for what JSON hasn't."""
    try:
        return to_json(value).decode()
    except (PydanticSerializationError, ValueError):  # half a character
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
