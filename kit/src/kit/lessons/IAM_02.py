"""IAM-02: Dev and prod are deployed by different roles.

Why: A branch of dev could deploy to prod.

Here: `infra/environment.yaml` is deployed once per environment, and each role's name has its
environment.

Fix: Give each environment its own role, whose name has `${EnvironmentName}` or its spelling, and
each job the role of its environment.

Defended by: gate.

See: docs/access.md.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import TEMPLATES, roles
from kit.gate.runs import deployments, steps_of
from kit.gate.service import Job, Service
from kit.layout import ENVIRONMENTS
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def roles_differ(service: Service) -> Iterator[Finding]:
    """A role that GitHub deploys with has another name in each environment."""
    for path in TEMPLATES:
        for role in filter(lambda role: role.deploys, roles(service, path)):
            names = role.names(service)
            if len(names) == len(ENVIRONMENTS) and len(set(names)) == 1:
                message = f"`{role.id}` is called `{names[0]}` in every environment"
                line = role.resource.line_of("RoleName")
                fix = "Put `${EnvironmentName}` into `RoleName`, or delete `RoleName`."
                yield LESSON.finding(path, line, message, role.id, fix)


@LESSON.check
def workflows_use_their_own(service: Service) -> Iterator[Finding]:
    """No two environments of GitHub sign in as the same role, nor the two that a job deploys."""
    users: dict[str, str] = {}
    jobs: list[tuple[Job, Callable[[Any], str], str]] = [(job, str, "") for job in service.jobs]
    jobs += [
        (deployment.job, deployment.value, deployment.path) for deployment in deployments(service)
    ]
    for job, value, workflow in jobs:
        environment = job.body.get("environment") or workflow
        user = value(at(environment, "name") or environment)
        for step in steps_of(service, job) if user and "${" not in user else ():
            written = value(at(step.body, "with", "role-to-assume") or "")
            role = re.sub(r"arn:.*\}:role/", "", written)
            if role and "${" not in role and users.setdefault(role, user) != user:
                line = line_of(step.body, "with", "role-to-assume")
                message = f"job `{job.id}` signs in as `{role}` for {user} and for {users[role]}"
                fix = f"Write a role of its own for {user} here; `${{{{ steps.facts.outputs.role }}}}` is."
                yield LESSON.finding(step.path, line, message, fix=fix)
