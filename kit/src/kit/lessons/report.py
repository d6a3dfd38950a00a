"""What a run found, for people."""

from __future__ import annotations

from collections import Counter

from .findings import Finding
from .gate import Outcome
from .registry import lessons

GATE_RULE = "The gate can read what it checks, and every opt-out has its reason."


def findings(outcome: Outcome) -> str:
    """Every warning and violation with its lesson and what fixes it, and how many there are."""
    blocks = [f"warning: {_block(finding)}" for finding in outcome.warnings]
    blocks += [_block(finding) for finding in outcome.findings]
    broken = sorted({each.lesson for each in outcome.findings})
    count = len(outcome.findings)
    if count:
        blocks.append(
            f"{count} {'violation' if count == 1 else 'violations'} of {', '.join(broken)}."
            " docs/lessons.md tells more of each lesson, and how to opt out."
        )
    else:
        excused = f", {len(outcome.excused)} opted out" if outcome.excused else ""
        blocks.append(f"{len(lessons())} lessons, no violation{excused}.")
    return "\n\n".join(blocks)


def _block(finding: Finding) -> str:
    lesson = lessons().get(finding.lesson)
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    rule = lesson.rule if lesson else GATE_RULE
    fix = finding.fix or (lesson.fix if lesson else "")
    return f"{where}  {finding.found}\n  {finding.lesson}  {rule}\n  fix: {' '.join(fix.split())}"


def table(outcome: Outcome) -> str:
    """Every lesson: who defends it, how it stands, how many opt-outs it has."""
    broken = Counter(finding.lesson for finding in outcome.findings)
    excused = Counter(finding.lesson for finding, _entry in outcome.excused)
    rows = [("lesson", "defended by", "status", "opt-outs", "rule")]
    for name, lesson in lessons().items():
        if broken[name]:
            status = f"BROKEN ({broken[name]})"
        else:
            status = "holds" if "gate" in lesson.defended_by else "not checked here"
        defended = ", ".join(lesson.defended_by)
        rows.append((name, defended, status, str(excused[name] or ""), lesson.rule))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )
