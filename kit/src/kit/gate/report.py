"""What a run found, for people."""

from __future__ import annotations

from collections import Counter

from kit.lessons import lessons

from .findings import Finding
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
    else:
        suppressed = f", {len(outcome.suppressed)} suppressed" if outcome.suppressed else ""
        blocks.append(f"{len(lessons())} lessons, no violation{suppressed}.")
    return "\n\n".join(blocks)


def _block(finding: Finding) -> str:
    lesson = lessons().get(finding.lesson)
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    rule = lesson.rule if lesson else GATE_RULE
    fix = finding.fix or (lesson.fix if lesson else "")
    return f"{where}  {finding.message}\n  {finding.lesson}  {rule}\n  fix: {' '.join(fix.split())}"


def table(outcome: Outcome) -> str:
    """Every lesson: who defends it, how it stands, how many suppressions it has."""
    broken = Counter(finding.lesson for finding in outcome.findings)
    suppressed = Counter(finding.lesson for finding, _entry in outcome.suppressed)
    rows = [("lesson", "defended by", "status", "suppressed", "rule")]
    for name, lesson in lessons().items():
        if broken[name]:
            status = f"violated ({broken[name]})"
        else:
            status = "holds" if "gate" in lesson.defended_by else "not checked here"
        defended = ", ".join(lesson.defended_by)
        rows.append((name, defended, status, str(suppressed[name] or ""), lesson.rule))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )
