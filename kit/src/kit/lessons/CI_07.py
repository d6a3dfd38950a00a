"""CI-07: Nothing is deployed that has not passed every check: documents, tests and lessons.

Why: The pipeline delivered whatever it was given.

Here: `pr_checks` and `build-and-deploy` both run `make check`, which has `lint`, `lessons` and
`test`.

Fix: Keep `make check` before the deployment, in its job or in one that it needs, without `if`,
`continue-on-error` and `|| true`, and its three parts in the `Makefile`.

Defended by: gate.
"""

from collections.abc import Iterable, Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.makefiles import Rule
from kit.gate.runs import (
    ENTRIES,
    PULL_REQUESTS,
    Act,
    acts_of,
    deployments,
    effects,
    events,
    targets,
)
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)
# The parts of `make check`, and the programs that each must run.
PARTS = {"lint": ("ruff", "mypy"), "lessons": ("kit",), "test": ("pytest",)}


@LESSON.check
def deployments_are_checked(service: Service) -> Iterator[Finding]:
    for path, workflow in service.workflows.items():
        if {*events(workflow)} - {*PULL_REQUESTS, "workflow_call"}:
            for deployment in deployments(service, path):
                act, job = deployment.act, deployment.job
                message = f"{job.id} runs `{act.text}` without"
                yield from _unchecked(service, deployment.before, act.path, act.line, message)


@LESSON.check
def pull_requests_are_checked(service: Service) -> Iterator[Finding]:
    for job in service.jobs:
        elsewhere = "@" in str(job.body.get("uses"))
        if job.path in ENTRIES.values() and job.id == "pr_checks" and not elsewhere:
            acts = acts_of(service, job)
            yield from _unchecked(service, acts, job.path, job.line, f"{job.id} does not run")


def _unchecked(
    service: Service, acts: Iterable[Act], path: str, line: int, message: str
) -> Iterator[Finding]:
    """The parts of `make check` that do not stop what follows these acts."""
    acts = list(acts)
    passed = {effect for act in acts if not act.problem() for effect in act.effects}
    missing = {part for part in PARTS if f"make {part}" not in passed} - _lost(service)
    useless = [act for act in acts if act.problem() and _checks(act) & missing]
    for act in useless:
        yield LESSON.finding(act.path, act.line, f"`{act.text}` stops nothing: {act.problem()}")
    if missing and not useless:
        parts = "check" if len(missing) == len(PARTS) else " ".join(sorted(missing))
        yield LESSON.finding(path, line, f"{message} `make {parts}`")


def _checks(act: Act) -> set[str]:
    return {part for part in PARTS if f"make {part}" in act.effects}


def _lost(service: Service) -> set[str]:
    """The parts that `make check` lacks: reported once, in the Makefile."""
    reached = effects(service, Command(("make", "check")))
    return {part for part in PARTS if f"make {part}" not in reached}


@LESSON.check
def make_check_checks(service: Service) -> Iterator[Finding]:
    """The target has its three parts, and each of them can fail."""
    rules = targets(service)
    check = rules.get("check", Rule("check", "Makefile", 1, []))
    for part in sorted(_lost(service)):
        yield LESSON.finding(check.path, check.line, f"`make check` does not run `make {part}`")
    for rule in (rules[part] for part in PARTS if part in rules):
        for program in PARTS[rule.target]:
            calls = [command for command in rule.commands if command.program == program]
            if not calls:
                message = f"`make {rule.target}` does not run `{program}`"
                yield LESSON.finding(rule.path, rule.line, message)
            for command in (each for each in calls if each.ignored):
                message = f"`make {rule.target}` can't fail by `{program}`: {command.ignored}"
                yield LESSON.finding(rule.path, command.line, message)
