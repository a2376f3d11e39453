"""Is this the store that we knew? A name in the store, and the same name in the data directory.

A store that was emptied or exchanged answers every question politely, with nothing in it. So each site writes
one random name when it first meets a store, remembers it outside, and refuses a store without it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = "store-identity.json"


def identity_key(site: str) -> str:
    """The key under which the site's store carries its name."""
    return f"{{{site}}}:identity"


def recall(data_dir: Path, site: str) -> bytes | None:
    """The name that was remembered; None before the first start, or where nothing can be kept."""
    try:
        known = json.loads((data_dir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    name = known.get(site) if isinstance(known, dict) else None
    return name.encode() if isinstance(name, str) else None


def remember(data_dir: Path, site: str, name: bytes) -> bool:
    """Keep the name. False where the directory can't be written, as in a read-only container."""
    file = data_dir / FILE
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        kept = {**(known if isinstance(known, dict) else {}), site: name.decode()}
        draft = data_dir / f"{FILE}.{os.getpid()}"  # two processes may do this at once
        draft.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        draft.replace(file)
    except OSError:
        return False
    return True
