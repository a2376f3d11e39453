"""`tierline articles import DIR`: every file once, what is wrong in words, on record in the audit log."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest


def command(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "TIERLINE_DATA": str(data),
        "HOME": str(data),
        "USER": "mira",
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, "-m", "tierline", "articles", *words], env=env, cwd=data, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.promise("articles-import")
async def test_a_folder_is_imported_again_and_again(tmp_path: Path) -> None:
    folder, data = tmp_path / "articles", tmp_path / "data"
    folder.mkdir()
    data.mkdir()
    (folder / "red-lamp.md").write_text("# The red lamp\n\nOff and on.\n- [ ] Pull the plug\n")
    (folder / "red-lamp.de.md").write_text("# Die rote Lampe\n\nAus und an.\n")
    (folder / "bad.md").write_text("nothing")
    (folder / "binary.md").write_bytes(b"\xff\xfe\x00")
    first = await asyncio.to_thread(command, data, "import", str(folder))
    assert first.returncode == 1 and "2 new or changed, 0 as before, 2 refused" in first.stdout
    assert "bad.md: it has no title" in first.stderr and "binary.md: it isn't UTF-8" in first.stderr
    (folder / "bad.md").unlink()
    (folder / "binary.md").unlink()
    (folder / "red-lamp.de.md").write_text("# Die rote Lampe\n\nEin und aus.\n")
    again = await asyncio.to_thread(command, data, "import", str(folder))
    assert again.returncode == 0 and "1 new or changed, 1 as before, 0 refused" in again.stdout
    listed = await asyncio.to_thread(command, data, "list")
    assert "The red lamp" in listed.stdout and "Die rote Lampe" in listed.stdout
    assert (await asyncio.to_thread(command, data, "import", str(tmp_path / "none"))).returncode == 1
