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
from kit.gate.runs import Step, audits, called_workflow, steps, steps_of
from kit.gate.service import Job, Service
from kit.template import at, leaves, line_of, mapping_of

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
def permissions_are_used(service: Service) -> Iterator[Finding]:
    """A job that may write has something that could."""
    for job in service.jobs:
        permissions = job.body.get("permissions")
        for name, value in mapping_of(permissions).items():
            if value == "write" and not _uses(service, job, name == "id-token"):
                use = "signs in nowhere" if name == "id-token" else "writes nothing to GitHub"
                message = f"{job.id} has `{name}: write`, and {use}"
                fix = f"Delete `{name}: write`, or write `{name}: read` if the job reads that."
                yield LESSON.finding(job.path, line_of(permissions, name), message, fix=fix)


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
    may_push = at(step.body, "with", "persist-credentials") in (True, "true") and not signs
    if may_push or (step.uses and not writes_not):
        return True
    text = " ".join(f"{key}: {text}" for key, text, _line in leaves(step.body))
    return bool((SIGNS if signs else WRITES).search(text))


@LESSON.check
def permissions_are_few(service: Service) -> Iterator[Finding]:
    for result in audits(service, "excessive-permissions"):
        message = f"gives jobs more than they need: {result.message.partition(': ')[2]}"
        fix = (
            "Write `permissions: {}` at the top of the workflow, and below each job only what it uses:"
            " `contents: read` to check out."
        )
        yield LESSON.finding(result.path, result.line, message, fix=fix)


@LESSON.check
def checkouts_leave_nothing_behind(service: Service) -> Iterator[Finding]:
    """A job that may push can keep its token on purpose, by `persist-credentials: true`."""
    pushing = {
        (step.path, step.line)
        for step in steps(service)
        if step.job and at(step.job.body, "permissions", "contents") == "write"
        if at(step.body, "with", "persist-credentials") is not None
    }
    for result in audits(service, "artipacked"):
        if (result.path, result.line) not in pushing:
            message = "the checkout leaves its token where later steps find it"
            fix = "Write `persist-credentials: false` below `with:` of the checkout."
            yield LESSON.finding(result.path, result.line, message, fix=fix)
