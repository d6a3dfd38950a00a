"""CI-02: A pull request runs the job `pr_checks`, a push the job `build-and-deploy`, and neither
runs the other's.

Why: A pull request from a fork was deployed.

Here: The `if` of each job in `dev_cicd.yml` and `prod_cicd.yml`.

Fix: Give each of the two jobs its `if` on `github.event_name`, and let nothing that deploys run on
`pull_request`.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.pipelines import CHECKING, DEPLOYING
from kit.gate.runs import (
    DEPLOYS,
    ENTRIES,
    PULL_REQUESTS,
    Run,
    event_context,
    started,
)
from kit.gate.service import Job, Service
from kit.template import line_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def each_event_has_its_job(service: Service) -> Iterator[Finding]:
    for path in ENTRIES.values():
        workflow = service.workflows.get(path)
        if workflow is None:
            continue
        for name, own, other in (
            (CHECKING, "pull_request", "push"),
            (DEPLOYING, "push", "pull_request"),
        ):
            mine = Run(service, path, event_context(service, path, own))
            others = Run(service, path, event_context(service, path, other))
            job = mine.jobs.get(name)
            if job is None:
                yield LESSON.finding(path, line_of(workflow, "jobs"), f"has no job {name}")
                continue
            line = line_of(job.body, "if") if "if" in job.body else job.line
            starts = mine.starts(job) is not False
            if not starts:
                yield LESSON.finding(path, line, f"{name} does not run on {own}")
            if others.starts(job) is not False:
                yield LESSON.finding(path, line, f"{name} may run on {other}, too")
            if name == DEPLOYING and starts and not any(mine.reached(DEPLOYS)):
                yield _deploys_nothing(mine, job)


def _deploys_nothing(run: Run, job: Job) -> Finding:
    """Why a push does not deploy: there is no step for it, or an `if` leaves that out."""
    whatever = Run(run.service, run.path, {})
    for _job, act in whatever.reached(DEPLOYS):
        told = f"`{act.text}` is left out by an `if` on push, so {job.id} deploys nothing"
        return LESSON.finding(act.path, act.line, told)
    told = f"{job.id} deploys nothing: no step of it calls `make deploy`"
    return LESSON.finding(job.path, job.line, told)


@LESSON.check
def no_pull_request_deploys(service: Service) -> Iterator[Finding]:
    """Whatever the workflow is called."""
    for run, event in started(service):
        if event not in PULL_REQUESTS:
            continue
        for job in run.jobs.values():
            # Told above, by the condition of the job.
            if run.path in ENTRIES.values() and job.id == DEPLOYING:
                continue
            alone = Run(service, run.path, run.context)
            for at_job, act in alone.reached(DEPLOYS):
                if at_job.id == job.id and at_job.path == run.path:
                    told = f"{job.id} runs `{act.text}` on {event}"
                    yield LESSON.finding(run.path, act.line, told)
            inner = run.called(job) if run.starts(job) is not False else None
            for _job, act in inner.reached(DEPLOYS) if inner else ():
                found = f"{job.id} calls {inner.path if inner else ''} on {event}, which runs `{act.text}`"
                yield LESSON.finding(run.path, job.line, found)
