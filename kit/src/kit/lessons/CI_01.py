"""CI-01: Two workflows start everything: `dev_cicd.yml` on the branch of dev, `prod_cicd.yml` on
that of prod.

Why: One file with a condition on every line could not be read, and deployed what it should not.

Here: `.github/workflows/`; what both do is in `checks.yml` and `deploy.yml`.

Fix: Keep both files, each with its one branch under `push` and `pull_request`, as
`.copier-answers.yml` names it. A workflow of your own may deploy only when somebody starts it
(`workflow_dispatch`).

Defended by: gate.

See: docs/cicd.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import listed
from kit.gate.runs import BY_HAND, ENTRIES, PULL_REQUESTS, deployments, events
from kit.gate.service import Service, bring_back
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)
# What narrows a push to something else than a branch.
OTHER_FILTERS = ("branches-ignore", "tags", "tags-ignore")


@LESSON.check
def two_workflows(service: Service) -> Iterator[Finding]:
    """Both are there, each on its own branch."""
    for environment, path in ENTRIES.items():
        if not service.has(path):
            message = f"is not there, so nothing checks and deploys {environment}"
            yield LESSON.finding(path, 0, message, fix=bring_back(path))
        workflow = service.workflows.get(path, {})
        branch = str(service.answers.get(f"{environment}_branch"))
        for event in ("push", "pull_request") if workflow else ():
            line = line_of(workflow, "on", event) or 1
            filters, wanted = events(workflow).get(event), f'branches: ["{branch}"]'
            names = [str(name).replace("\\", "") for name in listed(at(filters, "branches"))]
            if event not in events(workflow):
                fix = f"Write `{event}: " + "{" + wanted + "}` below `on:`."
                yield LESSON.finding(path, line, f"does not run on {event}", fix=fix)
            elif names != [branch]:
                branches = ", ".join(names) or "every branch"
                message = f"{event} is for {branches}, where {environment} has {branch} alone"
                fix = f"Write `{wanted}` below `{event}:`, and no other branch."
                yield LESSON.finding(path, line, message, fix=fix)
            for other in OTHER_FILTERS if event == "push" else ():
                if at(filters, other):
                    message = f"push is for more than the branch {branch}: it has `{other}`"
                    line = line_of(filters, other)
                    yield LESSON.finding(path, line, message, fix=f"Delete `{other}` here.")


@LESSON.check
def no_third(service: Service) -> Iterator[Finding]:
    """No other workflow deploys by itself."""
    for deployment in deployments(service):
        path, others = deployment.path, (*PULL_REQUESTS, *BY_HAND)
        event = next((name for name in deployment.events if name not in others), None)
        if event and path not in ENTRIES.values():
            line = line_of(service.workflows[path], "on", event) or 1
            message = f"deploys on {event}, by `{deployment.act.text}`"
            fix = f"Write `workflow_dispatch:` in place of `{event}`, or take the deployment out."
            yield LESSON.finding(path, line, message, fix=fix)
