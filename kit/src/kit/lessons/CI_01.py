"""CI-01: Two workflows begin everything: `dev_cicd.yml` on the branch of dev, `prod_cicd.yml` on
that of prod.

Why: One file with a condition on every line could not be read, and deployed what it should not.

Here: `.github/workflows/`; what both do is in `checks.yml` and `deploy.yml`.

Fix: Keep both files, each with its one branch under `push` and `pull_request`, as
`.copier-answers.yml` names it. A workflow of your own may deploy when somebody starts it
(`workflow_dispatch`), and not by itself.

Defended by: gate.

See: docs/cicd.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import (
    BY_HAND,
    DEPLOYS,
    ENTRIES,
    PULL_REQUESTS,
    branches,
    events,
    started,
)
from kit.gate.service import Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


# What narrows an event to something else than the branch.
OTHER_FILTERS = ("branches-ignore", "tags", "tags-ignore")


@LESSON.check
def two_workflows(service: Service) -> Iterator[Finding]:
    """Both are there, each on its own branch."""
    for environment, path in ENTRIES.items():
        workflow = service.workflows.get(path)
        branch = str(service.answers.get(f"{environment}_branch"))
        if workflow is None:
            if not service.has(path):
                told = f"is not there, so nothing checks and deploys {environment}"
                yield LESSON.finding(path, 0, told)
            continue
        for event in ("push", "pull_request"):
            line = line_of(workflow, "on", event) or 1
            if event not in events(workflow):
                yield LESSON.finding(path, line, f"does not run on {event}")
                continue
            filters = events(workflow)[event]
            found = branches(filters)
            other = next((name for name in OTHER_FILTERS if at(filters, name) is not None), None)
            if found != [branch]:
                said = ", ".join(found) or "every branch"
                told = f"{event} is for {said}, where {environment} has {branch} alone"
                yield LESSON.finding(path, line, told)
            elif other and event == "push":
                told = f"{event} has {other} beside its branch {branch}"
                yield LESSON.finding(path, line, told)


@LESSON.check
def no_third(service: Service) -> Iterator[Finding]:
    """No other workflow deploys by itself."""
    for run, event in started(service):
        if run.path in ENTRIES.values() or event in (*PULL_REQUESTS, *BY_HAND):
            continue
        for _job, act in run.reached(DEPLOYS):
            line = line_of(run.workflow, "on", event) or 1
            yield LESSON.finding(run.path, line, f"deploys on {event}, by `{act.text}`")
            break
