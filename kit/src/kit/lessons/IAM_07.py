"""IAM-07: Names of roles have service and environment, and at most 64 characters.

Why: AWS refused long names, others were cut, and two then were the same.

Here: In `template.yaml` a role's name begins with `${AWS::StackName}-`, since CloudFormation's role
can create no other roles; in `infra/environment.yaml` it is `<service>-…-${EnvironmentName}`.

Fix: Write the name that way and shorten the rest. In `template.yaml` you may also leave it to
CloudFormation.

Defended by: prompt, gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import TEMPLATES, Role, roles
from kit.gate.service import Service
from kit.layout import INFRA, TEMPLATE

LESSON = Lesson.read(__doc__)

LONGEST_NAME = 64


@LESSON.check
def role_names_fit(service: Service) -> Iterator[Finding]:
    """A role's name is short enough, and has its service and environment."""
    for path in TEMPLATES:
        for role in roles(service, path):
            names = role.names(service)
            problems = [(name, _problem(service, role, names, name)) for name in names]
            for name, problem in [pair for pair in problems if pair[1]][:1]:
                message = f"`{role.id}` is called `{name}`, {problem}"
                line = role.resource.line_of("RoleName")
                fixes = {
                    TEMPLATE: "Delete `RoleName`: CloudFormation makes one up that fits.",
                    INFRA: f"Write `!Sub {service.name}-…-${{EnvironmentName}}`, not too long.",
                }
                yield LESSON.finding(path, line, message, role.id, fixes[path])


def _problem(service: Service, role: Role, names: list[str], name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"which has {len(name)} characters, of at most {LONGEST_NAME}"
    if service.name.replace("-", "") not in re.sub(r"[^a-z0-9]", "", name.lower()):
        return "which does not name the service"
    # Names of roles that deploy are IAM-02's.
    return "in every environment" if names.count(name) > 1 and not role.deploys else ""
