"""The function library: every `queue/lua/*.lua` under one header.

The files are joined in sorted order and share one chunk, so a `local` of an earlier file is known to later
ones, and Lua's limit of 200 locals holds for all of them together. Valkey runs the chunk in a bare
environment: at load time only local functions and `register_function` work (reference: Valkey, "Functions").
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

NAME = "tierline_4"
_REGISTERED = re.compile(r"""register_function\s*[({]+\s*(?:function_name\s*=\s*)?['"](\w+)['"]""")


@cache
def source() -> str:
    """The library's whole text, as `FUNCTION LOAD` takes it."""
    scripts = sorted(
        (file for file in files("tierline.queue.lua").iterdir() if file.name.endswith(".lua")),
        key=lambda file: file.name,
    )
    parts = [f"#!lua name={NAME}\n"]
    parts += [f"-- {file.name}\n{file.read_text(encoding='utf-8').rstrip()}\n" for file in scripts]
    return "".join(parts)


def functions() -> list[str]:
    """The names that the library registers, in the order of the text."""
    return _REGISTERED.findall(source())
