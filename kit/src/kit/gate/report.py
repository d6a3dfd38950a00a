"""What a run found, for people."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator

from rich.text import Text

from kit.lessons import lessons

from . import suppressions
from .findings import GATE, Finding
from .run import Outcome

GATE_RULE = "The gate can read what it checks, and every suppression has its reason."


def findings(outcome: Outcome) -> str:
    """Every warning and violation with its lesson and what fixes it, and how many there are."""
    blocks = [f"warning: {_block(finding)}" for finding in outcome.warnings]
    blocks += [_block(finding) for finding in outcome.findings]
    broken = sorted({finding.lesson for finding in outcome.findings})
    count = len(outcome.findings)
    if count:
        blocks.append(
            f"{count} {'violation' if count == 1 else 'violations'} of {', '.join(broken)}."
            " docs/lessons.md has more on each lesson, and how to suppress one."
        )
        blocks += _how_to_suppress(outcome)
    else:
        suppressed = f", {len(outcome.suppressed)} suppressed" if outcome.suppressed else ""
        blocks.append(f"{len(lessons())} lessons, no violation{suppressed}.")
    return "\n\n".join(blocks)


def _how_to_suppress(outcome: Outcome) -> Iterator[str]:
    """What to write for the first violation, as for each."""
    for finding in [item for item in outcome.findings if item.lesson != GATE][:1]:
        entry = suppressions.entry(finding, datetime.date.today())  # noqa: DTZ011 (a day)
        yield f"To suppress the first, write into {suppressions.FILE}, with a reason:\n\n{entry}"


def _block(finding: Finding) -> str:
    lesson = lessons().get(finding.lesson)
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    rule = lesson.rule if lesson else GATE_RULE
    fix = finding.fix or (lesson.fix if lesson else "")
    return f"{where}  {finding.message}\n  {finding.lesson}  {rule}\n  fix: {' '.join(fix.split())}"


HEAD = ("lesson", "defended by", "status", "rule")


def rows(outcome: Outcome) -> Iterator[tuple[str, str, Text, str]]:
    """Every lesson, as rows below HEAD: who defends it, and how it stands."""
    violated = Counter(finding.lesson for finding in outcome.findings)
    suppressed = Counter(finding.lesson for finding, _entry in outcome.suppressed)
    for name, lesson in lessons().items():
        if violated[name]:
            status = Text(f"violated ({violated[name]})", "red")
        elif suppressed[name]:
            status = Text(f"suppressed ({suppressed[name]})", "yellow")
        elif "gate" in lesson.defended_by:
            status = Text("holds", "green")
        else:
            status = Text("not checked here", "dim")
        yield name, ", ".join(lesson.defended_by), status, lesson.rule
