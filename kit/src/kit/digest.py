"""Whether this folder is as the template made it."""

from __future__ import annotations

import hashlib
from pathlib import Path

KIT = Path(__file__).resolve().parents[1]
NAME = "digest.txt"


def digest(kit: Path = KIT) -> str:
    """A digest of the names and contents of all files of a kit but caches and the digest itself."""
    result = hashlib.sha256()
    for path in sorted(kit.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path != kit / NAME:
            result.update(f"{path.relative_to(kit).as_posix()}\0".encode())
            result.update(hashlib.sha256(path.read_bytes()).digest())
    return result.hexdigest()


def recorded(kit: Path = KIT) -> str:
    """The digest that the template recorded; empty when that is not there."""
    path = kit / NAME
    return path.read_text("utf-8").strip() if path.is_file() else ""
