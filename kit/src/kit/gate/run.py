"""Runs every check over a service."""

from __future__ import annotations

import datetime
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kit.digest import digest, recorded
from kit.layout import TEMPLATE
from kit.lessons import lessons
from kit.template import line_of

from . import suppressions
from .findings import GATE, BrokenFileError, Finding
from .lesson import Check
from .service import Service
from .tools import ToolError

PINS = "requirements-dev.txt"  # where the linters come from


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    findings: list[Finding]
    """The violations, by file and line."""
    suppressed: list[tuple[Finding, suppressions.Suppression]]
    """Those that lessons.toml suppresses."""
    warnings: list[Finding]
    """What is not broken yet."""


def run(root: Path, today: datetime.date | None = None) -> Outcome:
    """Hold the service in that folder against every lesson."""
    service = Service(root, today)
    service.tools.start()
    findings = [*service.unreadable(), *_changed_kit(service)]
    for lesson in lessons().values():
        for check in lesson.checks:
            findings += _findings(service, lesson.id, check)
    try:
        entries, bad = suppressions.read(service, service.today)
    except BrokenFileError as error:
        entries, bad = [], [error.finding]
    findings = list(dict.fromkeys(_with_resources(service, findings)))
    suppressed = [
        (finding, entry) for finding in findings for entry in entries if entry.covers(finding)
    ]
    silent = {finding for finding, _entry in suppressed}
    kept = [finding for finding in findings if finding not in silent]
    kept += [*bad, *suppressions.unused(entries, findings)]
    kept.sort(key=lambda finding: (finding.path, finding.line, finding.lesson))
    violations = [finding for finding in kept if not finding.warning]
    return Outcome(violations, suppressed, [finding for finding in kept if finding.warning])


def _changed_kit(service: Service) -> Iterator[Finding]:
    """The template's own programs, changed by hand: an update would take that away."""
    kit = service.root / ".kit"
    if kit.is_dir() and digest(kit) != recorded(kit):
        message = (
            "differs from what the template rendered: the next update would discard the change"
        )
        fix = "Restore it: git log -- .kit shows who changed it. Change it in the template instead."
        yield Finding(GATE, ".kit", 0, message, fix=fix)


def _with_resources(service: Service, findings: list[Finding]) -> Iterator[Finding]:
    """The findings; those inside a resource of template.yaml with its logical id, for suppressions."""
    try:
        spans = dict(_spans(service))
    except BrokenFileError:
        spans = {}
    for finding in findings:
        if finding.path == TEMPLATE and finding.resource is None and finding.line in spans:
            yield replace(finding, resource=spans[finding.line])
        else:
            yield finding


def _spans(service: Service) -> Iterator[tuple[int, str]]:
    """Each line of the resources of template.yaml, with the logical id of its resource."""
    starts = {resource.line: resource.logical_id for resource in service.resources.values()}
    first = line_of(service.template, "Resources")
    sections = [line_of(service.template, key) for key in service.template]
    length = len(service.text(TEMPLATE).splitlines())
    end = min((line for line in sections if line > first), default=length + 1)
    name = None
    for line in range(first, end):
        name = starts.get(line, name)
        if name:
            yield line, name


def _findings(service: Service, lesson: str, check: Check) -> Iterator[Finding]:
    """What a check finds. One that crashes is a finding itself, and hides no other."""
    try:
        yield from check(service)
    except BrokenFileError as error:
        yield error.finding
    except ToolError as error:
        # Several checks may need the linter: its finding is reported once.
        yield Finding(GATE, PINS, 0, str(error), fix="Run `make setup`.")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        yield Finding(
            lesson,
            service.reading,
            0,
            f"the check of {lesson} failed here: {problem} ({Path(last.filename).name}:{last.lineno})",
            fix="If this file is as its format wants it, the check is wrong: report it where the"
            " template is kept, and suppress the lesson for this file until it is fixed.",
        )
