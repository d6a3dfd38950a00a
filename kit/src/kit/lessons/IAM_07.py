"""IAM-07: Names of roles have service and environment, and at most 64 characters.

Why: AWS refused long names, others were cut, and two then were the same.

Here: Roles of `infra/environment.yaml`; those that SAM makes begin with the stack's name.

Fix: Leave the name to CloudFormation, or write `!Sub ${AWS::StackName}-…` in `template.yaml`, as
its role may make no others, and `<service>-…-${EnvironmentName}` in `infra/environment.yaml`, and
shorten the rest.

Defended by: prompt, gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import (
    Role,
    roles,
)
from kit.gate.roles import TEMPLATES, drives, role_names
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


LONGEST_NAME = 64


@LESSON.check
def role_names_fit(service: Service) -> Iterator[Finding]:
    """A role's name fits, and tells its service and environment."""
    for path in TEMPLATES:
        for role in roles(service, path):
            for name in dict.fromkeys(role_names(service, role)):
                problem = _name_problem(service, role, name)
                if problem:
                    line = role.resource.line_of("RoleName")
                    found = f"`{role.id}` is called `{name}`, {problem}"
                    yield LESSON.finding(path, line, found, resource=role.id)
                    break


def _name_problem(service: Service, role: Role, name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"of {len(name)} characters"
    if service.name.replace("-", "") not in re.sub(r"[^a-z0-9]", "", name.lower()):
        return "which does not name the service"
    names = role_names(service, role)
    # That of a role to deploy with is IAM-02's.
    if len(set(names)) < len(names) and not (role.signs_in and drives(role)):
        return "in every environment"
    return ""
