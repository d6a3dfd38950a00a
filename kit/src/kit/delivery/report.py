"""What checks found, for people and for machines."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from textwrap import fill

from rich.text import Text

from kit.lessons import lessons
from kit.terminal import console, printable, table


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
        fix: commands or edits that fix it, a line each.
        lesson: the id of the lesson that says why it matters; "" for that of the check.
        check: the name of the check.
        denied: whether AWS refused to answer, for lack of permissions.
    """

    status: Status
    seen: str
    fix: Sequence[str] = ()
    lesson: str = ""
    check: str = ""
    denied: bool = False


def passed(seen: str) -> Result:
    """All is well."""
    return Result(Status.PASSED, seen)


def warned(seen: str, *fix: str, lesson: str = "") -> Result:
    """A person should know, but the deployment will go through."""
    return Result(Status.WARNED, seen, fix, lesson)


def failed(seen: str, *fix: str, lesson: str = "") -> Result:
    """The deployment would fail, or harm."""
    return Result(Status.FAILED, seen, fix, lesson)


def not_run(seen: str, *fix: str, denied: bool = False) -> Result:
    """The check needs something that is not there."""
    return Result(Status.NOT_RUN, seen, fix, denied=denied)


MARKS = {
    Status.PASSED: ("ok", "green"),
    Status.WARNED: ("warn", "yellow"),
    Status.FAILED: ("FAIL", "bold red"),
    Status.NOT_RUN: ("-", "dim"),
}


def show(results: Sequence[Result]) -> None:
    """Print the results: a table, why those matter that are not well, and what fixes them."""
    table((Text(*MARKS[item.status]), item.check, item.seen) for item in results)
    output = console()
    for result in results:
        bad = result.status in (Status.WARNED, Status.FAILED)
        if bad or result.fix:
            output.print(f"\n{result.check}", style=MARKS[result.status][1])
        if bad:
            why = f"why: {result.lesson}: {lessons()[result.lesson].rule}"
            print(fill(why, output.width, initial_indent="  ", subsequent_indent=" " * 7))
        for line in result.fix:  # not wrapped, so that it can be copied
            output.print(f"  fix: {printable(line)}", soft_wrap=True)
    counts = Counter(result.status for result in results)
    output.print(
        f"\n{', '.join(f'{counts[status]} {status}' for status in Status if counts[status])}"
    )
    if denied := sorted({result.check for result in results if result.denied}):
        who = next(result.seen for result in results if result.check == "credentials")
        output.print(
            f"{len(denied)} checks could not look, as {who}: {', '.join(denied)}", soft_wrap=True
        )


def machine_readable(results: Sequence[Result]) -> str:
    """The results as JSON: a list of objects with check, status, seen, lesson, why and fix."""
    rows = []
    for result in results:
        row = asdict(result) | {"fix": list(result.fix), "why": lessons()[result.lesson].rule}
        del row["denied"]
        rows.append(row)
    return json.dumps(rows, indent=2, ensure_ascii=False)
