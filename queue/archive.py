"""One file out of many, and back: a plain tar that carries the sum of each part, checked before anything is believed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from .failures import StoreError

MANIFEST, SUMS = "manifest.json", "sums.json"
_PART = re.compile(
    r"store\.rdb|history\.sqlite3|media/[0-9a-f]{64}|mail/\d{8}/([0-9a-f]{40}\.eml|envelopes\.jsonl)"
)
_LARGEST_TEXT = 64 << 20
_PIECE = 1 << 20


class BackupRefused(StoreError):
    """No backup is made, or none is brought back; the message says why. Nothing was changed."""


def pack(file: Path, manifest: str, parts: Mapping[str, Path]) -> None:
    """Write `file` whole or not at all, readable by us alone. Parts whose names aren't ours are left out."""
    kept = {name: path for name, path in parts.items() if _PART.fullmatch(name)}
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    sums = {MANIFEST: hashlib.sha256(manifest.encode()).hexdigest()}
    sums |= {name: _sum(path) for name, path in kept.items()}
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                _add_text(tar, SUMS, json.dumps(sums, indent=1))
                _add_text(tar, MANIFEST, manifest)
                for name, path in kept.items():
                    with path.open("rb") as part:
                        info = tarfile.TarInfo(name)
                        info.size, info.mode = os.fstat(part.fileno()).st_size, 0o600
                        tar.addfile(info, part)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, file)  # never over a file that somebody made meanwhile
    finally:
        draft.unlink(missing_ok=True)


def unpack(file: Path, to: Path) -> str:
    """Lay the parts into `to` and give the manifest's text. Raises `BackupRefused` unless every sum is right."""
    try:
        with tarfile.open(file, mode="r|") as tar:
            return _unpacked(tar, to)
    except (tarfile.TarError, EOFError, ValueError, TypeError):
        raise BackupRefused(f"{file} is no backup of Tierline's, or isn't whole.") from None


def _unpacked(tar: tarfile.TarFile, to: Path) -> str:
    sums: dict[str, str] = {}
    manifest = ""
    for info in tar:
        source = tar.extractfile(info) if info.isreg() else None
        if source is None:
            raise ValueError(info.name)
        if info.name in (SUMS, MANIFEST):
            if info.size > _LARGEST_TEXT:
                raise ValueError(info.name)
            text = source.read().decode()
            if info.name == SUMS:
                sums = {str(name): str(value) for name, value in dict(json.loads(text)).items()}
                continue
            manifest, found = text, hashlib.sha256(text.encode()).hexdigest()
        elif _PART.fullmatch(info.name):
            found = _lay(source, to / info.name)
        else:
            raise ValueError(info.name)
        if sums.pop(info.name, "") != found:
            raise BackupRefused(f"The backup is damaged: {info.name} isn't what it was. Use another one.")
    if sums or not manifest:
        raise BackupRefused(f"The backup isn't whole: it lacks {', '.join(sorted(sums)) or MANIFEST}.")
    return manifest


def _lay(source: IO[bytes], path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := source.read(_PIECE):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text.encode()), 0o600
    tar.addfile(info, io.BytesIO(text.encode()))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
