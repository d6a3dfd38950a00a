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
# What one run has and no other.
OF_ONE_RUN = re.compile(r"github\.(sha|run_|event\.after|event\.head_commit)")
# When a newer run may cancel the one that runs.
HARMLESS = (None, False, "false", "${{ github.event_name != 'push' }}")


@LESSON.check
def deployments_wait(service: Service) -> Iterator[Finding]:
    """What deploys has a group that is the same for each run, and in which nothing is cancelled."""
    for deployment in (d for d in deployments(service) if d.is_of_a_push):
        levels = [level for level in deployment.way if "concurrency" in level[1]]
        if not levels:
            line = line_of(service.workflows[deployment.path], "jobs")
            message = f"`{deployment.act.text}` runs without a `concurrency` group"
            yield LESSON.finding(deployment.path, line, message)
        for path, body in levels:
            if problem := _problem(body):
                yield LESSON.finding(path, line_of(body, "concurrency"), problem)


def _group(body: dict[str, Any]) -> str:
    return str(at(body, "concurrency", "group") or body.get("concurrency"))


def _problem(body: dict[str, Any]) -> str:
    """Why a group does not keep a running deployment; empty when it does."""
    if own := OF_ONE_RUN.search(_group(body)):
        return f"each run has a group of its own, by `{own[0]}`"
    cancels = at(body, "concurrency", "cancel-in-progress") not in HARMLESS
    return "a newer push cancels a running deployment" if cancels else ""


@LESSON.check
def environments_do_not_wait(service: Service) -> Iterator[Finding]:
    """dev and prod have groups of their own: of several that wait, only the newest is kept."""
    dev, prod = (service.workflows.get(path, {}) for path in ENTRIES.values())
    if "concurrency" in dev and "concurrency" in prod and _group(dev) == _group(prod):
        message = f"dev and prod share the group `{_group(prod)}`, where only the newest waits"
        yield LESSON.finding(ENTRIES["prod"], line_of(prod, "concurrency"), message)
