"""CI-02: A pull request runs the job `pr_checks`, a push the job `build-and-deploy`, and neither
runs the other's.

Why: A pull request from a fork was deployed.

Here: The `if` of each job in `dev_cicd.yml` and `prod_cicd.yml`.

Fix: Give `pr_checks` the condition `github.event_name == 'pull_request'`, `build-and-deploy` the
condition `github.event_name == 'push'`, to which `&&` may add others, and let nothing that deploys
run on `pull_request`.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import ENTRIES, PULL_REQUESTS, audits, deployments
from kit.gate.service import Job, Service
from kit.template import line_of

LESSON = Lesson.read(__doc__)
JOBS = {"pr_checks": "pull_request", "build-and-deploy": "push"}


@LESSON.check
def each_event_has_its_job(service: Service) -> Iterator[Finding]:
    for path in ENTRIES.values():
        jobs = {job.id: job for job in service.jobs if job.path == path}
        for name, event in JOBS.items() if path in service.workflows else ():
            if name not in jobs:
                line = line_of(service.workflows[path], "jobs")
                fix = f"Give the job for `{event}` the name `{name}`."
                yield LESSON.finding(path, line, f"has no job {name}", fix=fix)
            elif not _is_for(jobs[name], event):
                line, wanted = line_of(jobs[name].body, "if"), f"github.event_name == '{event}'"
                message = f"the `if` of {name} is not `{wanted}`"
                fix = f"Write `if: {wanted}` below `{name}:`; only `&&` may add to it."
                yield LESSON.finding(path, line, message, fix=fix)


def _is_for(job: Job, event: str) -> bool:
    """Whether a job runs on one event alone, when its other conditions hold."""
    condition = " ".join(str(job.body.get("if")).split()).removeprefix("${{").strip()
    return condition.startswith(f"github.event_name == '{event}'") and "||" not in condition


@LESSON.check
def pushes_deploy(service: Service) -> Iterator[Finding]:
    for path in (entry for entry in ENTRIES.values() if entry in service.workflows):
        acts = [d.act for d in deployments(service) if d.path == path]
        if not acts:
            line = line_of(service.workflows[path], "jobs")
            fix = "Write a step `run: make deploy BUILT=yes` in `deploy.yml`, and call that here."
            yield LESSON.finding(path, line, "no step deploys: none calls `make deploy`", fix=fix)
        for act in (act for act in acts if act.conditions):
            message = f"`if: {act.conditions[0]}` may leave out `{act.text}`"
            fix = f"Delete `if: {act.conditions[0]}` from its step."
            yield LESSON.finding(act.path, act.line, message, fix=fix)


@LESSON.check
def no_pull_request_deploys(service: Service) -> Iterator[Finding]:
    """Whatever the workflow is called."""
    for deployment in deployments(service):
        act, events = deployment.act, [e for e in deployment.events if e in PULL_REQUESTS]
        if events and deployment.path not in ENTRIES.values():
            message = f"`{act.text}` of the job {deployment.job.id} runs on {events[0]}"
            fix = "Delete the step: `make changes BASE=origin/<branch>` shows what would change."
            yield LESSON.finding(act.path, act.line, message, fix=fix)


@LESSON.check
def no_trigger_is_dangerous(service: Service) -> Iterator[Finding]:
    for result in audits(service, "dangerous-triggers"):
        message = "runs code of others with the token of this repository"
        fix = (
            "Write `pull_request:` here; in place of `workflow_run`, call this by `workflow_call`."
        )
        yield LESSON.finding(result.path, result.line, message, fix=fix)
