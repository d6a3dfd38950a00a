"""IAM-02: Dev and prod are deployed by different roles.

Why: A branch of dev could deploy to prod.

Here: `infra/environment.yaml` is deployed once per environment, and each role's name has its
environment.

Fix: Give each environment its own role, whose name has `${EnvironmentName}` or its spelling, and
each job the role of its environment.

Defended by: gate.

See: docs/access.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import TEMPLATES, roles
from kit.gate.service import Service
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
                yield LESSON.finding(path, line, message, resource=role.id)


@LESSON.check
def workflows_use_their_own(service: Service) -> Iterator[Finding]:
    """No two environments of GitHub sign in as the same role."""
    users: dict[str, str] = {}
    for job in service.jobs:
        environment = job.body.get("environment")
        environment = str(at(environment, "name") or environment)
        for step in job.steps:
            role = str(at(step, "with", "role-to-assume") or "").split("role/")[-1]
            if role and "${" not in role and users.setdefault(role, environment) != environment:
                line = line_of(step, "with", "role-to-assume")
                message = f"job `{job.id}` signs in as `{role}`, like a job for `{users[role]}`"
                yield LESSON.finding(job.path, line, message)
