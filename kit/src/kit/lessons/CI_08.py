"""CI-08: After each deployment to dev, integration tests run against what was deployed.

Why: Unit tests see neither permissions nor wiring.

Here: The last step of `deploy.yml`, `make integration`.

Fix: Keep the step `make integration` after `make deploy`, where a failure is heard.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.pipelines import why_useless
from kit.gate.runs import (
    DEPLOYS,
    ENTRIES,
    INTEGRATION,
    Act,
    Run,
    effects,
    event_context,
    is_lenient,
    made,
)
from kit.gate.service import Job, Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def dev_is_tested(service: Service) -> Iterator[Finding]:
    path = ENTRIES["dev"]
    if path not in service.workflows:
        return
    run = Run(service, path, event_context(service, path, "push"))
    for job, act in _untested(run):
        useless = list(why_useless(run, {INTEGRATION}))
        for at_act, why in useless:
            found = f"`{at_act.text}` tells nobody what fails in dev: {why}"
            yield LESSON.finding(at_act.path, at_act.line, found)
        if not useless:
            told = f"no `make integration` follows `{act.text}` in dev"
            yield LESSON.finding(job.path, act.line, told)


def _untested(run: Run) -> Iterator[tuple[Job, Act]]:
    """The steps that deploy, with no integration tests after them."""
    for job in run.jobs.values():
        if run.starts(job) is False:
            continue
        followed = any(
            _tests_dev(run, other) for other in run.jobs.values() if _follows(run, other, job)
        )
        inner = run.called(job)
        found = list(_untested(inner)) if inner else []
        for act in run.acts(job):
            later = [
                each for each in run.acts(job) if each.place >= act.place and each.line >= act.line
            ]
            if DEPLOYS in act.effects and not any(_is_test(run, each) for each in later):
                found.append((job, act))
        if not followed:
            yield from found


def _is_test(run: Run, act: Act) -> bool:
    return INTEGRATION in act.effects and not run.works(act)


def _tests_dev(run: Run, job: Job) -> bool:
    if not run.starts(job) or is_lenient(job.body):
        return False
    inner = run.called(job)
    return any(_is_test(run, act) for act in run.acts(job)) or (
        inner is not None and any(_tests_dev(inner, each) for each in inner.jobs.values())
    )


def _follows(run: Run, later: Job, job: Job, depth: int = 0) -> bool:
    """Whether a job waits for another."""
    return depth < 20 and any(
        each.id == job.id or _follows(run, each, job, depth + 1) for each in run.needs(later)
    )


@LESSON.check
def integration_tests_can_fail(service: Service) -> Iterator[Finding]:
    rule = made(service).rules.get(INTEGRATION)
    if rule is None:
        yield LESSON.finding("Makefile", 1, "there is no `make integration`")
        return
    ran = [command for command in rule.commands if INTEGRATION in effects(service, command)]
    if not ran:
        told = "`make integration` does not test tests/integration"
        yield LESSON.finding(rule.path, rule.line, told)
    for command in ran:
        if command.unnoticed:
            told = f"`make integration` can't fail: {command.unnoticed}"
            yield LESSON.finding(rule.path, command.line, told)
