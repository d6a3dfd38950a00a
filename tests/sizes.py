"""How large the kit, its lessons and a default service are. `make bench` prints it; a test holds the limits."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT, tree

KIT = ROOT / "kit" / "src"


@dataclass(frozen=True)
class Sizes:
    """In lines, but for `files`.

    Args:
        kit: Python of the kit, lessons with their texts included.
        files: files of a service outside of `.kit/`.
        service: lines of these, without the pins that `make lock` writes.
        median_lesson: of a lesson's file.
        largest_lesson: of a lesson's file.
    """

    kit: int
    files: int
    service: int
    median_lesson: float
    largest_lesson: int


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def sizes(service: Path) -> Sizes:
    """The sizes of this kit and of a rendered service."""
    lessons = [lines(path) for path in (KIT / "kit" / "lessons").glob("*_[0-9][0-9].py")]
    own = {path: text for path, text in tree(service).items() if not path.startswith(".kit/")}
    return Sizes(
        kit=sum(lines(path) for path in KIT.rglob("*.py")),
        files=len(own),
        service=sum(
            text.count(b"\n")
            for path, text in own.items()
            if not (path.rpartition("/")[2].startswith("requirements") and path.endswith(".txt"))
        ),
        median_lesson=statistics.median(lessons),
        largest_lesson=max(lessons),
    )
