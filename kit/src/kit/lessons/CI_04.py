"""CI-04: Each job has the permissions that it needs and no more, `id-token: write` only where it
signs in to AWS or another service, and no checkout leaves its credentials behind.

Why: An action with a wide token could have deployed, or pushed to the repository.

Here: `permissions: {}` at the top of each workflow, then job by job; `persist-credentials: false`.

Fix: Write `permissions: {}` at the top of the workflow and what the job needs at the job, and
`persist-credentials: false` at the checkout. Take out what the job does not use.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.pipelines import is_elsewhere
from kit.gate.runs import (
    Run,
    commands_of,
    run_of,
    steps_of,
)
from kit.gate.service import Job, Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


# Actions that do nothing with a token of GitHub's. Of others nobody can tell.
ONLY_READ = (
    *("actions/cache", "actions/checkout", "actions/download-artifact", "actions/setup-"),
    *("actions/upload-artifact", "astral-sh/setup-uv", "aws-actions/setup-sam", "docker/setup-"),
)


SIGN_IN = "aws-actions/configure-aws-credentials"


# Programs that sign, or publish packages, with the token of `id-token: write`.
SIGNING = {"cosign", "sigstore"}


PUBLISHING = {"npm", "pnpm", "uv", "yarn"}


# Programs that may call GitHub.
MAY_WRITE = {"curl", "gh", "hub", "node", "npm", "npx", "wget"}


@LESSON.check
def permissions_are_the_jobs(service: Service) -> Iterator[Finding]:
    """The top of a workflow gives all of its jobs nothing that writes."""
    for path, workflow in service.workflows.items():
        found = workflow.get("permissions")
        for name, value in found.items() if isinstance(found, dict) else ():
            if value == "write":
                line = line_of(workflow, "permissions", name)
                yield LESSON.finding(path, line, f"gives `{name}: write` to every job")


@LESSON.check
def permissions_are_used(service: Service) -> Iterator[Finding]:
    """A job that may write has something that could."""
    for job in service.jobs:
        permissions = job.body.get("permissions")
        inner = [job, *_called(service, job)]
        if not isinstance(permissions, dict) or any(is_elsewhere(each) for each in inner):
            continue
        for name, value in permissions.items():
            if value != "write":
                continue
            wants = _signs_in if name == "id-token" else _may_write
            if not any(wants(service, each) for each in inner):
                line = line_of(permissions, name)
                writes_not = "has no step that writes to GitHub"
                why = "signs in nowhere" if name == "id-token" else writes_not
                yield LESSON.finding(job.path, line, f"{job.id} has `{name}: write`, and {why}")


def _called(service: Service, job: Job) -> Iterator[Job]:
    """The jobs of the workflow that a job calls, and of those that they call."""
    run = Run(service, job.path, {})
    waiting = [run.called(job)]
    while waiting:
        if inner := waiting.pop():
            yield from inner.jobs.values()
            waiting += [inner.called(each) for each in inner.jobs.values()]


def _signs_in(service: Service, job: Job) -> bool:
    return any(
        _is_unknown(step)
        or "ACTIONS_ID_TOKEN" in run_of(step)
        or any(_wants_id_token(command) for command in commands_of(step))
        for _path, step in steps_of(service, job)
    )


def _wants_id_token(command: Command) -> bool:
    publishes = command.program in PUBLISHING and "publish" in command.plain[:1]
    return publishes or bool({command.program, command.module} & SIGNING)


def _is_unknown(step: dict[str, Any]) -> bool:
    """Whether it is an action of which nobody can tell what it does with its token."""
    uses = str(step.get("uses", ""))
    return bool(uses) and not uses.lower().startswith(ONLY_READ)


def _may_write(service: Service, job: Job) -> bool:
    for _path, step in steps_of(service, job):
        signs_in = str(step.get("uses", "")).lower().startswith(SIGN_IN)
        if _is_unknown(step) and not signs_in:
            return True
        told = f"{step.get('env')} {step.get('with')} {run_of(step)} {job.body.get('env')}"
        if "github.token" in told or "GITHUB_TOKEN" in told or "GH_TOKEN" in told:
            return True
        for command in commands_of(step):
            programs = {command.program, *command.runner}
            if programs & MAY_WRITE or command.words[:2] == ("git", "push"):
                return True
    return False


@LESSON.check
def checkouts_leave_nothing_behind(service: Service) -> Iterator[Finding]:
    """What zizmor takes for a decision: persist-credentials: true, where nothing is pushed."""
    for job in service.jobs:
        commands = [command for step in job.steps for command in commands_of(step)]
        if any(command.words[:2] == ("git", "push") for command in commands):
            continue
        for step in job.steps:
            keeps = at(step, "with", "persist-credentials")
            if str(step.get("uses", "")).startswith("actions/checkout@") and keeps in (
                True,
                "true",
            ):
                line = line_of(step, "with", "persist-credentials")
                told = f"the checkout of {job.id} leaves its credentials behind"
                yield LESSON.finding(job.path, line, told)
