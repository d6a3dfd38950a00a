"""CI-07: Nothing is deployed that has not passed every check: documents, tests and lessons.

Why: The pipeline delivered whatever it was given.

Here: `pr_checks` and `build-and-deploy` both run `make check`, which has `lint`, `lessons` and
`test`.

Fix: Keep `make check` before the deployment, in its job or in one that it needs, without `if`,
`continue-on-error` and `|| true`, and its three parts in the `Makefile`.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.gate.commands import Command, Rule
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.pipelines import CHECKING, checked_jobs, is_elsewhere, why_useless
from kit.gate.runs import (
    CHECKS,
    DEPLOYS,
    ENTRIES,
    PULL_REQUESTS,
    Act,
    Run,
    effects,
    event_context,
    is_lenient,
    made,
    started,
    waits,
)
from kit.gate.service import Job, Service

LESSON = Lesson.read(__doc__)


class _Guard:
    """Which checks must have passed before a job, or a step of it, runs."""

    def __init__(self, run: Run, before: frozenset[str] = frozenset()) -> None:
        self.run = run
        self.outer = before

    def before(self, job: Job, seen: frozenset[str] = frozenset()) -> set[str]:
        """The checks without which a job does not start."""
        found = set(self.outer)
        if waits(job.body.get("if"), self.run.context) and job.id not in seen:
            for needed in self.run.needs(job):
                found |= self.before(needed, seen | {job.id}) | self.own(needed)
        return found

    def own(self, job: Job) -> set[str]:
        """The checks without which a job does not end well."""
        if is_lenient(job.body):
            return set()
        if inner := self.run.called(job):
            return {part for each in inner.jobs.values() for part in _Guard(inner).own(each)}
        return self.before_step(job, len(job.steps), None)

    def before_step(self, job: Job, place: int, value: Any) -> set[str]:
        """The checks of a job without which a step with that `if` is not done."""
        if not waits(value, self.run.context):
            return set()
        acts = [act for act in self.run.acts(job) if act.place <= place and not self.run.works(act)]
        return {part for act in acts for part in checked_jobs(act)}

    def deployments(self) -> Iterator[tuple[Job, Act, set[str]]]:
        """Each step that deploys, with the checks that it does not wait for."""
        for job in self.run.jobs.values():
            if self.run.starts(job) is False:
                continue
            before = self.before(job)
            if inner := self.run.called(job):
                yield from _Guard(inner, frozenset(before)).deployments()
            for act in self.run.acts(job):
                if DEPLOYS in act.effects:
                    passed = before | self.before_step(job, act.place, act.condition)
                    yield job, act, set(CHECKS) - passed


@LESSON.check
def deployments_are_checked(service: Service) -> Iterator[Finding]:
    for run, event in started(service):
        if event in PULL_REQUESTS:
            continue
        for job, act, lacking in _Guard(run).deployments():
            missing = lacking - _lost(service)
            useless = list(why_useless(run, missing)) if missing else []
            for at_act, why in useless:
                found = f"`{at_act.text}` stops nothing: {why}"
                yield LESSON.finding(at_act.path, at_act.line, found)
            if missing and not useless:
                found = f"{job.id} runs `{act.text}` without a {_named(missing)} that passed"
                yield LESSON.finding(act.path, act.line, found)


@LESSON.check
def pull_requests_are_checked(service: Service) -> Iterator[Finding]:
    for path in ENTRIES.values():
        if path not in service.workflows:
            continue
        run = Run(service, path, event_context(service, path, "pull_request"))
        job = run.jobs.get(CHECKING)
        # Elsewhere nobody can look; that it does not run is CI-02.
        if job is None or run.starts(job) is False or is_elsewhere(job):
            continue
        guard = _Guard(run)
        missing = set(CHECKS) - guard.own(job) - guard.before(job) - _lost(service)
        useless = list(why_useless(run, missing)) if missing else []
        for act, why in useless:
            yield LESSON.finding(act.path, act.line, f"`{act.text}` stops nothing: {why}")
        if missing and not useless:
            yield LESSON.finding(path, job.line, f"{CHECKING} runs no {_named(missing)}")


def _named(missing: set[str]) -> str:
    """The checks as somebody would call them."""
    return "`make check`" if len(missing) == len(CHECKS) else f"`make {' '.join(sorted(missing))}`"


def _lost(service: Service) -> set[str]:
    """The parts that `make check` does not have: told once, where it is declared."""
    reached = effects(service, Command(("make", "check"), {}, 1))
    rules = made(service).rules
    return {part for part in CHECKS if f"make {part}" not in reached or part not in rules}


# What each part of `make check` must run, by program or module.
PARTS = {
    "lint": {"ruff", "mypy"},
    "lessons": {"kit"},
    "test": {"pytest"},
}


@LESSON.check
def make_check_checks(service: Service) -> Iterator[Finding]:
    """The target has its three parts, and each of them can fail."""
    rules = made(service).rules
    lost = _lost(service)
    if "check" not in rules:
        yield LESSON.finding("Makefile", 1, "there is no `make check`")
    elif lost:
        path, line = rules["check"].path, rules["check"].line
        yield LESSON.finding(path, line, f"`make check` does not run {_parts(lost)}")
    for part, programs in PARTS.items():
        if part in rules and part not in lost:
            yield from _part_checks(rules[part], part, programs)


def _parts(lost: set[str]) -> str:
    return " and ".join(f"`make {part}`" for part in CHECKS if part in lost)


def _part_checks(rule: Rule, part: str, programs: set[str]) -> Iterator[Finding]:
    """A part of `make check` runs its programs, and fails when they do."""
    ran = {name for command in rule.commands for name in (command.program, command.module)}
    for command in rule.commands:
        if command.unnoticed and {command.program, command.module} & programs:
            found = f"`make {part}` can't fail by `{command.program}`: {command.unnoticed}"
            yield LESSON.finding(rule.path, command.line, found)
    for lacking in sorted(programs - ran):
        yield LESSON.finding(rule.path, rule.line, f"`make {part}` does not run `{lacking}`")
