"""Runs every check over a service."""

from __future__ import annotations

import datetime
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kit.digest import digest, recorded

from . import checks, optouts
from .findings import CHECKS, GATE, BrokenFileError, Check, Finding
from .parsers import line_of
from .service import TEMPLATE, Service
from .tools import ToolError

__all__ = ["checks"]  # what is imported there declares itself

PINS = "requirements-dev.txt"  # where the linters come from


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    findings: list[Finding]
    """The violations, by file and line."""
    excused: list[tuple[Finding, optouts.OptOut]]
    """Those that lessons.toml opts out of."""
    warnings: list[Finding]
    """What is not broken yet."""


def run(root: Path, today: datetime.date | None = None) -> Outcome:
    """Hold the service in that folder against every lesson."""
    service = Service(root, today)
    service.tools.start()
    found = [*service.unreadable(), *_changed_kit(service)]
    for lesson, check in CHECKS:
        found += _findings(service, lesson, check)
    try:
        entries, bad = optouts.read(service, service.today)
    except BrokenFileError as error:
        entries, bad = [], [error.finding]
    found = list(dict.fromkeys(_with_resources(service, found)))
    excused = [(finding, entry) for finding in found for entry in entries if entry.covers(finding)]
    silent = {finding for finding, _entry in excused}
    kept = [each for each in found if each not in silent]
    kept += [*bad, *optouts.unused(entries, found)]
    kept.sort(key=lambda each: (each.path, each.line, each.lesson))
    broken = [each for each in kept if not each.warning]
    return Outcome(broken, excused, [each for each in kept if each.warning])


def _changed_kit(service: Service) -> Iterator[Finding]:
    """The template's own programs, changed by hand: an update would take that away."""
    kit = service.root / ".kit"
    if kit.is_dir() and digest(kit) != recorded(kit):
        found = "is not as the template made it: what was changed here goes with the next update"
        fix = "Bring it back: git log -- .kit shows who changed it. Change it in the template."
        yield Finding(GATE, ".kit", 0, found, fix=fix)


def _with_resources(service: Service, found: list[Finding]) -> Iterator[Finding]:
    """The findings; those inside a resource of template.yaml with its logical id, for opt-outs."""
    try:
        spans = dict(_spans(service))
    except BrokenFileError:
        spans = {}
    for each in found:
        if each.path == TEMPLATE and each.resource is None and each.line in spans:
            yield replace(each, resource=spans[each.line])
        else:
            yield each


def _spans(service: Service) -> Iterator[tuple[int, str]]:
    """Each line of the resources of template.yaml, with the logical id of its resource."""
    starts = {each.line: each.logical_id for each in service.resources.values()}
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
        # Several checks may need the linter: the same finding of each is told once.
        yield Finding(GATE, PINS, 0, str(error), fix="Run `make setup`.")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(f"{type(error).__name__}: {error}".split())
        yield Finding(
            lesson,
            service.reading,
            0,
            f"the check of {lesson} failed here: {said} ({Path(last.filename).name}:{last.lineno})",
            fix="If this file is as its format wants it, the check is wrong: report it where the"
            " template is kept, and opt out of the lesson for this file until it is fixed.",
        )
