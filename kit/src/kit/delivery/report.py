"""What checks found, for people and for machines."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from kit.lessons import lessons

# How the results of checks begin whose questions AWS refused.
DENIED = "not allowed to look"


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Result:
    """What a check saw.

    Args:
        status: how it ended.
        seen: what it saw, in a sentence.
        lesson: the id of the lesson that says why it matters.
        fix: commands or edits that fix it, a line each.
    """

    status: Status
    seen: str
    lesson: str = "CD-04"
    fix: Sequence[str] = ()
    check: str = field(default="", kw_only=True)


def passed(seen: str, lesson: str = "CD-04") -> Result:
    """All is well."""
    return Result(Status.PASSED, seen, lesson)


def warned(seen: str, lesson: str, *fix: str) -> Result:
    """A person should know, but the deployment will go through."""
    return Result(Status.WARNED, seen, lesson, fix)


def failed(seen: str, lesson: str, *fix: str) -> Result:
    """The deployment would fail, or harm."""
    return Result(Status.FAILED, seen, lesson, fix)


def not_run(seen: str, *fix: str) -> Result:
    """The check needs something that is not there."""
    return Result(Status.NOT_RUN, seen, "CD-04", fix)


MARKS = {
    Status.PASSED: ("ok", "32"),
    Status.WARNED: ("warn", "33"),
    Status.FAILED: ("FAIL", "31"),
    Status.NOT_RUN: ("-", "2"),
}


def text(results: Sequence[Result]) -> str:
    """The results as a table for a terminal."""
    color = sys.stdout.isatty()
    width = max(len(each.check) for each in results)
    lines = []
    for each in results:
        mark, number = MARKS[each.status]
        shown = f"\033[{number}m{mark:<4}\033[0m" if color else f"{mark:<4}"
        lines.append(f"  {shown}  {each.check:<{width}}  {each.seen}")
        if each.status in (Status.WARNED, Status.FAILED):
            lines.append(f"  {'':6}{'':{width}}  why: {each.lesson}: {lessons()[each.lesson].rule}")
        lines += [f"  {'':6}{'':{width}}  fix: {line}" for line in each.fix]
    counts = [
        f"{sum(each.status is status for each in results)} {status}"
        for status in Status
        if any(each.status is status for each in results)
    ]
    return "\n".join([*lines, "", f"  {', '.join(counts)}"])


def machine_readable(results: Sequence[Result]) -> str:
    """The results as JSON: a list of objects with check, status, seen, lesson, why and fix."""
    rows = [
        {**asdict(each), "fix": list(each.fix), "why": lessons()[each.lesson].rule}
        for each in results
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)
