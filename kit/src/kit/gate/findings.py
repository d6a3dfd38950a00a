"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass, field

# What is about the gate itself: files that can't be read, suppressions that are wrong.
GATE = "GATE"


@dataclass(frozen=True)
class Finding:
    """A violation.

    Args:
        lesson: the id of the lesson.
        path: the file, relative to the service.
        line: the line in it, from 1; 0 for the file as a whole, or one that is missing.
        message: what is wrong, in one line.
        resource: the logical id in template.yaml that it is about, if it is about one.
        fix: what to do, where that is more exact than what the lesson says.
        warning: whether it only comes near to a violation: it is printed, and fails nothing.
    """

    lesson: str
    path: str
    line: int
    message: str
    # Of no matter for equality: a line of Globals is wrong once, for whichever functions.
    resource: str | None = field(default=None, compare=False)
    fix: str | None = None
    warning: bool = False


class BrokenFileError(Exception):
    """A file is missing, or is not what its name says."""

    def __init__(self, path: str, line: int, problem: str, fix: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.finding = Finding(GATE, path, line, problem, fix=fix)


def and_more(names: list[str]) -> str:
    """The first name, and how many others: AppFunction and 4 more."""
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
