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
from typing import Any

from kit.gate.environments import deployed, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import Role, roles
from kit.gate.roles import SIGNS_IN, TEMPLATES, actions_used, drives, role_names
from kit.gate.service import ENVIRONMENTS, Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def roles_differ(service: Service) -> Iterator[Finding]:
    """A role that GitHub deploys with has another name in each environment."""
    for path in TEMPLATES:
        for role in roles(service, path):
            if role.signs_in and drives(role):
                names = role_names(service, role)
                if len(names) == len(ENVIRONMENTS) and len(set(names)) == 1:
                    line = role.resource.line_of("RoleName")
                    found = f"`{role.id}` is called `{names[0]}` in every environment"
                    if mapping := _same_for_all(service, role):
                        line = line_of(service.cloudformation(path), "Mappings", mapping)
                        found += f": `{mapping}` says the same for each"
                    yield LESSON.finding(path, line, found, resource=role.id)


def _same_for_all(service: Service, role: Role) -> str:
    """The mapping that a role's name is looked up in, if it says the same for each environment."""
    for look_up in _look_ups(role.resource.get("RoleName")):
        found = [resolved(deployed(service, role.path, each), look_up) for each in ENVIRONMENTS]
        name = at(look_up, "Fn::FindInMap", 0)
        if isinstance(name, str) and len(set(map(str, found))) == 1:
            return name
    return ""


def _look_ups(node: Any) -> Iterator[Any]:
    """Every !FindInMap in a part of a template."""
    if isinstance(node, dict) and "Fn::FindInMap" in node:
        yield node
    elif isinstance(node, (dict, list)):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _look_ups(each)


@LESSON.check
def workflows_use_their_own(service: Service) -> Iterator[Finding]:
    """No two environments of GitHub sign in as the same role."""
    users: dict[str, str] = {}
    for job in service.jobs:
        environment = job.body.get("environment")
        environment = environment.get("name") if isinstance(environment, dict) else environment
        for step in job.steps:
            role = str(at(step, "with", "role-to-assume") or "").split("role/")[-1]
            if not actions_used(step, SIGNS_IN) or not role or "${" in role:
                continue
            first = users.setdefault(role, str(environment))
            if first != str(environment):
                line = line_of(step, "with", "role-to-assume")
                found = f"job `{job.id}` signs in as `{role}`, as a job for `{first}` does"
                yield LESSON.finding(job.path, line, found)
