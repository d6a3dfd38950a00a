"""CI-04: Each job has the permissions that it needs and no more, `id-token: write` only where it
signs in to AWS or another service, and no checkout leaves its credentials behind.

Why: An action with a wide token could have deployed, or pushed to the repository.

Here: `permissions: {}` at the top of each workflow, then job by job; `persist-credentials: false`.

Fix: Write `permissions: {}` at the top of the workflow and what the job needs at the job, and
`persist-credentials: false` at the checkout. Take out what the job does not use.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import Step, audits, called_workflow, steps_of
from kit.gate.service import Job, Service
from kit.template import at, leaves, line_of

LESSON = Lesson.read(__doc__)
# Actions that write nothing to GitHub, and sign in nowhere.
READING = re.compile(
    r"(?i)actions/(cache|checkout|download-artifact|upload-artifact|setup-\w+)"
    r"|astral-sh/setup-uv|aws-actions/setup-sam|docker/setup-.*"
)
SIGN_IN = "aws-actions/configure-aws-credentials"
# What uses the token of GitHub, and the token of `id-token: write`.
WRITES = re.compile(r"(?i)github.?token|gh_token|git push|\bgh |\bcurl |\bnpm |\bnpx ")
SIGNS = re.compile(r"ACTIONS_ID_TOKEN|cosign|sigstore|\bpublish\b")


@LESSON.check
def permissions_are_the_jobs(service: Service) -> Iterator[Finding]:
    """The top of a workflow gives all of its jobs nothing that writes."""
    for path, workflow in service.workflows.items():
        permissions = workflow.get("permissions")
        for name, value in permissions.items() if isinstance(permissions, dict) else ():
            if value == "write":
                line = line_of(permissions, name)
                yield LESSON.finding(path, line, f"gives `{name}: write` to every job")


@LESSON.check
def permissions_are_used(service: Service) -> Iterator[Finding]:
    """A job that may write has something that could."""
    for job in service.jobs:
        permissions = job.body.get("permissions")
        for name, value in permissions.items() if isinstance(permissions, dict) else ():
            if value == "write" and not _uses(service, job, name == "id-token"):
                use = "signs in nowhere" if name == "id-token" else "writes nothing to GitHub"
                message = f"{job.id} has `{name}: write`, and {use}"
                yield LESSON.finding(job.path, line_of(permissions, name), message)


def _uses(service: Service, job: Job, signs: bool) -> bool:
    """Whether a job, or one of the workflow that it calls, may sign in, or may write to GitHub."""
    path = called_workflow(service, job)
    if path:
        return any(_uses(service, inner, signs) for inner in service.jobs if inner.path == path)
    if "uses" in job.body:
        return True  # a workflow of another repository
    return any(_may_use(step, signs) for step in steps_of(service, job))


def _may_use(step: Step, signs: bool) -> bool:
    writes_not = READING.fullmatch(step.uses) or (not signs and step.uses == SIGN_IN)
    if step.uses and not writes_not:
        return True
    text = " ".join(f"{key}: {text}" for key, text, _line in leaves(step.body))
    return bool((SIGNS if signs else WRITES).search(text))


@LESSON.check
def checkouts_leave_nothing_behind(service: Service) -> Iterator[Finding]:
    """What zizmor takes for a decision: `persist-credentials: true`, where nothing may be pushed."""
    for job in service.jobs:
        may_push = at(job.body, "permissions", "contents") == "write"
        for step in job.steps if not may_push else ():
            if at(step, "with", "persist-credentials") in (True, "true"):
                line = line_of(step, "with", "persist-credentials")
                message = f"the checkout of {job.id} leaves its credentials behind"
                yield LESSON.finding(job.path, line, message)


@LESSON.check
def tokens_reach_no_further(service: Service) -> Iterator[Finding]:
    """What zizmor finds of checkouts and of permissions; which of them is in its message."""
    for result in audits(service, "artipacked"):
        message = "keeps the token where later steps find it: no `persist-credentials: false`"
        yield LESSON.finding(result.path, result.line, message)
    for result in audits(service, "excessive-permissions"):
        detail = result.message.partition(": ")[2]
        message = f"gives jobs more than they need: {detail}"
        yield LESSON.finding(result.path, result.line, message)
