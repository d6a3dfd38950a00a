"""lessons.toml: which violations this service suppresses, on purpose.

[[suppress]]
lesson = "IAC-11"
scope = "CacheTable"       # a logical id of template.yaml, or a file
reason = "holds nothing that could not be computed again"
until = 2027-01-31         # the last day, on which somebody looks again; at most two years ahead
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kit.lessons import lessons

from .findings import GATE, Finding
from .service import Service

FILE = "lessons.toml"
KEYS = {"lesson", "scope", "reason", "until"}
FIX = (
    "Give each suppression a `lesson`, a `scope`, a `reason` and its last day, `until`, at most two"
    " years ahead: docs/lessons.md says how."
)
LONGEST = datetime.timedelta(days=2 * 366)


@dataclass(frozen=True)
class Suppression:
    """An entry of lessons.toml that is as it should be."""

    lesson: str
    scope: str
    reason: str
    until: datetime.date
    line: int

    def covers(self, finding: Finding) -> bool:
        return finding.lesson == self.lesson and self.scope in (finding.path, finding.resource)


def read(service: Service, today: datetime.date) -> tuple[list[Suppression], list[Finding]]:
    """The entries that count, and what is wrong with the others."""
    if FILE not in service.files:
        return [], []
    data = service.toml(FILE)
    good: list[Suppression] = []
    bad: list[Finding] = []
    heads = [
        number
        for number, text in enumerate(service.text(FILE).splitlines(), 1)
        if text.replace(" ", "").startswith("[[suppress]]")
    ]
    entries = data.get("suppress", [])
    unknown = sorted(data.keys() - {"suppress"})
    if unknown or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        bad.append(
            Finding(GATE, FILE, 1, "has something other than `[[suppress]]` entries", fix=FIX)
        )
        return good, bad
    for number, entry in enumerate(entries):
        line = heads[number] if number < len(heads) else 1
        problems = list(_problems(entry, today))
        bad += [Finding(GATE, FILE, line, problem, fix=FIX) for problem in problems]
        if not problems:
            fields = (entry["lesson"], entry["scope"], entry["reason"], entry["until"])
            good.append(Suppression(*fields, line=line))
    return good, bad


def _problems(entry: dict[str, Any], today: datetime.date) -> Iterator[str]:
    name = entry.get("lesson")
    about = f"the suppression of `{name}`" if name else "a suppression"
    for key in sorted(entry.keys() - KEYS):
        yield f"{about} has `{key}`, which is not a key of it"
    for key in ("lesson", "scope", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            yield f"{about} has no `{key}`"
    if isinstance(name, str) and name.strip() and name not in lessons():
        yield f"{about} names no lesson"
    elif isinstance(name, str) and name in lessons() and "gate" not in lessons()[name].defended_by:
        yield f"{about} has no effect: `make lessons` does not check that lesson"
    until = entry.get("until")
    if until is None:
        yield f"{about} has no `until`, the day on which it ends"
    elif type(until) is not datetime.date:
        yield f"{about} has an `until` that is no date, as `2027-01-31` is (without quotes)"
    elif until < today:
        yield f"{about} ended on {until}"
    elif until > today + LONGEST:
        yield f"{about} ends on {until}, which is more than two years ahead"


def unused(entries: Sequence[Suppression], findings: Sequence[Finding]) -> Iterator[Finding]:
    """A suppression that matches nothing would hide a later violation."""
    for entry in entries:
        if not any(map(entry.covers, findings)):
            yield Finding(
                GATE,
                FILE,
                entry.line,
                f"the suppression of `{entry.lesson}` for `{entry.scope}` matches nothing",
                fix="Delete it, or give the file or the logical id as the finding names it.",
            )
