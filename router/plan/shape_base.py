"""What the shapes of all sections have in common."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from .fields import one_or_many


class _OrOne:
    """In the schema: one thing may stand for a list of one."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        several = handler(core)
        return {"anyOf": [several["items"], several]}


class OrDefault:
    """In the schema: one thing may stand for all channels."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        several = handler(core)
        default = handler.resolve_ref_schema(several)["properties"]["default"]
        return {"anyOf": [*(kind for kind in default["anyOf"] if kind.get("type") != "null"), several]}


def for_all(value: object) -> object:
    """What stands alone stands for all channels."""
    return value if isinstance(value, dict) else {"default": value}


T = TypeVar("T")
Many = Annotated[list[T], BeforeValidator(one_or_many), _OrOne()]


class Shape(BaseModel):
    """What all parts have in common: no unknown keys, no guessing of types."""

    # Built once and whole, when the first plan is read: not each part by itself, and again in whatever holds it.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)
