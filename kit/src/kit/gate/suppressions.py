"""lessons.toml: which violations this service suppresses, on purpose.

[[suppress]]
lesson = "IAC-11"
scope = "CacheTable"       # a logical id of template.yaml, or a file
message = "`CacheTable` has no `DeletionPolicy: Retain`"    # as the violation says it
reason = "holds nothing that could not be computed again"
until = 2027-01-31         # the last day, on which somebody looks again; at most two years ahead
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kit.lessons import lessons

from .findings import GATE, Finding
from .service import Service

FILE = "lessons.toml"
TEXTS = ("lesson", "scope", "message", "reason")
FIX = (
    "Give each suppression a `lesson`, a `scope`, the violation's `message`, a `reason` and its last"
    " day, `until`, at most two years ahead: docs/lessons.md says how."
)
LONGEST = datetime.timedelta(days=2 * 366)


@dataclass(frozen=True)
class Suppression:
    """An entry of lessons.toml that is as it should be."""

    lesson: str
    scope: str
    message: str
    reason: str
    until: datetime.date
    line: int

    def is_near(self, finding: Finding) -> bool:
        """Whether it is for that lesson and place, whatever is wrong there."""
        return finding.lesson == self.lesson and self.scope in (finding.path, finding.resource)

    def covers(self, finding: Finding) -> bool:
        return self.is_near(finding) and self.message.split() == finding.message.split()


def entry(finding: Finding, today: datetime.date) -> str:
    """What to write into lessons.toml for a violation, but for the reason."""
    texts = (finding.lesson, finding.resource or finding.path, finding.message, "")
    pairs = zip(TEXTS, (json.dumps(text, ensure_ascii=False) for text in texts), strict=True)
    lines = [f"{key} = {text}" for key, text in pairs]
    until = today + datetime.timedelta(days=365)
    return "\n".join(["[[suppress]]", *lines, f"until = {until}"])


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
            good.append(Suppression(**entry, line=line))
    return good, bad


def _problems(entry: dict[str, Any], today: datetime.date) -> Iterator[str]:
    name = entry.get("lesson")
    about = f"the suppression of `{name}`" if name else "a suppression"
    for key in sorted(entry.keys() - {*TEXTS, "until"}):
        yield f"{about} has `{key}`, which is not a key of it"
    for key in TEXTS:
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
            near = [finding.message for finding in findings if entry.is_near(finding)]
            message = f"the suppression of `{entry.lesson}` for `{entry.scope}` matches nothing"
            fix = "Delete it, or give the file or the logical id as the finding names it."
            if near:
                message += f" with its `message`: there is another violation, {near[0]}"
                fix = "Fix that violation, or suppress it by its own message."
            yield Finding(GATE, FILE, entry.line, message, fix=fix)
