"""CI-06: One deployment per environment runs at a time, and a newer push waits for it.

Why: A push cancelled a running deployment, and the stack was stuck in the middle of an update.

Here: `concurrency` of `dev_cicd.yml` and `prod_cicd.yml`.

Fix: Give deploying workflows a `concurrency` group for the environment, with `cancel-in-progress`
false on a push.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import ENTRIES, deployments
from kit.gate.service import Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)
# What one run has and no other, and the group of a push before what other runs have.
OF_ONE_RUN = re.compile(r"github\.(sha|run_|event\.after|event\.head_commit)")
OF_PUSHES = re.compile(r"github\.event_name == 'push' && ('[^']+') \|\| [^}]*")
# When a newer run may cancel the one that runs.
HARMLESS = (
    *("None", "False", "false"),
    *("${{ github.event_name == 'pull_request' }}", "${{ github.event_name != 'push' }}"),
    "${{ startsWith(github.ref, 'refs/pull/') }}",
)


@LESSON.check
def deployments_wait(service: Service) -> Iterator[Finding]:
    """What deploys has a group that is the same for each run, and in which nothing is cancelled."""
    for deployment in (d for d in deployments(service) if d.is_of_a_push):
        levels = [level for level in deployment.way if "concurrency" in level[1]]
        if not levels:
            job = deployment.job
            message = f"`{deployment.act.text}` runs without a `concurrency` group"
            environment = "${{ inputs.environment }}" if job.path != deployment.path else "<env>"
            fix = f"Write `concurrency: deploy-{environment}` below the job {job.id}."
            yield LESSON.finding(job.path, job.line, message, fix=fix)
        for path, body in levels:
            for problem, fix in _problems(body):
                yield LESSON.finding(path, line_of(body, "concurrency"), problem, fix=fix)


def _group(body: dict[str, Any]) -> str:
    return str(at(body, "concurrency", "group") or body.get("concurrency"))


def _problems(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Why a group does not keep a running deployment, and what helps."""
    if own := OF_ONE_RUN.search(OF_PUSHES.sub(r"\1", _group(body))):
        fix = f"Take `{own[0]}…` out of the group; name it after the environment: `deploy-dev`."
        yield f"each run has a group of its own, by `{own[0]}`", fix
    if str(at(body, "concurrency", "cancel-in-progress")) not in HARMLESS:
        yield (
            "a newer push cancels a running deployment",
            f"Write `cancel-in-progress: {HARMLESS[-2]}`.",
        )


@LESSON.check
def environments_do_not_wait(service: Service) -> Iterator[Finding]:
    """dev and prod have groups of their own: of several that wait, only the newest is kept."""
    dev, prod = (service.workflows.get(path, {}) for path in ENTRIES.values())
    if "concurrency" in dev and "concurrency" in prod and _group(dev) == _group(prod):
        message = f"dev and prod share the group `{_group(prod)}`, where only the newest waits"
        line = line_of(prod, "concurrency")
        yield LESSON.finding(ENTRIES["prod"], line, message, fix="Call it `deploy-prod` here.")
