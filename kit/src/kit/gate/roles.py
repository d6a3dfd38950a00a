"""roles"""

from typing import Any

from kit.gate.environments import deployed, exists, resolved
from kit.gate.policies import Role
from kit.gate.service import ENVIRONMENTS, INFRA, TEMPLATE, Service

TEMPLATES = (INFRA, TEMPLATE)


SIGNS_IN = "aws-actions/configure-aws-credentials"


def actions_used(step: dict[str, Any], action: str) -> bool:
    return str(step.get("uses", "")).split("@")[0] == action


def drives(role: Role) -> bool:
    return any(each.covers("cloudformation:ExecuteChangeSet") for each in role.permissions)


def role_names(service: Service, role: Role) -> list[str]:
    """What a role is called in each environment that has it, where its template says that."""
    found = []
    for environment in ENVIRONMENTS:
        template = deployed(service, role.path, environment)
        name = resolved(template, role.resource.get("RoleName"))
        if exists(template, role.resource) and isinstance(name, str):
            found.append(name)
    return found


def and_others(names: list[str]) -> str:
    return " and ".join(f"`{each}`" for each in names)
