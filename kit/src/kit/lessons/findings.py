"""What a check finds, and how a check is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service import Service

# What is about the gate itself: files that can't be read, opt-outs that are wrong.
GATE = "GATE"


@dataclass(frozen=True)
class Finding:
    """A violation.

    Args:
        lesson: the id of the lesson.
        path: the file, relative to the service.
        line: the line in it, from 1; 0 for the file as a whole, or one that is missing.
        found: what is wrong, in one line.
        resource: the logical id in template.yaml that it is about, if it is about one.
        fix: what to do, where that is more exact than what the registry says.
        warning: whether it only comes near to a violation: it is told, and fails nothing.
    """

    lesson: str
    path: str
    line: int
    found: str
    resource: str | None = None
    fix: str | None = None
    warning: bool = False


Check = Callable[["Service"], Iterator[Finding]]

# Every check, with the id of its lesson. Several may defend one lesson.
CHECKS: list[tuple[str, Check]] = []


def check(lesson: str) -> Callable[[Check], Check]:
    """Declare a generator of findings as a check of that lesson."""

    def declared(function: Check) -> Check:
        CHECKS.append((lesson, function))
        return function

    return declared


class BrokenFileError(Exception):
    """A file is missing, or is not what its name says."""

    def __init__(self, path: str, line: int, problem: str, fix: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.finding = Finding(GATE, path, line, problem, fix=fix)


def and_more(names: list[str]) -> str:
    """The first name, and how many others: AppFunction and 4 more."""
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
