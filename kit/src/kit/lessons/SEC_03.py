"""SEC-03: A function may read those secrets of its own environment that it uses, and no other.

Why: Code in dev read the keys of prod.

Here: `secretsmanager:GetSecretValue` in the `Policies` of each function.

Fix: Let `Resource` name each secret whose name the function gets in a variable `…_SECRET`:
`…:secret:<service>/<name>-${EnvironmentName}-??????`.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import all_deployed, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import grants, listed
from kit.gate.scopes import as_written, wide_actions
from kit.gate.service import Resource, Service
from kit.layout import TEMPLATE
from kit.template import Template, at

LESSON = Lesson.read(__doc__)

GET_VALUE = "secretsmanager:GetSecretValue"


@LESSON.check
def only_reading(service: Service) -> Iterator[Finding]:
    """A function may do nothing with secrets but read them. All actions at once are IAM-06's."""
    for statement in grants(service, TEMPLATE):
        for action in statement.actions:
            is_wide = action in wide_actions(statement) or action.lower().endswith(":get*")
            if is_wide and action.lower().startswith("secretsmanager:"):
                message = f"`{action}` is allowed in {statement.name}, which is more than reading"
                line, fix = statement.line_of("Action"), f"Allow `{GET_VALUE}` alone."
                yield LESSON.finding_in(statement.holder, line, message, fix)


@LESSON.check
def only_its_own(service: Service) -> Iterator[Finding]:
    """A function may read the secrets whose names it gets, in its own environment."""
    templates = [*all_deployed(service, TEMPLATE).values()]
    for reader, resource, line in _readable(service):
        if foreign := _foreign(service, reader, resource, templates):
            message = (
                f"`{reader.logical_id}` may read `{foreign}`, which no `…_SECRET` variable names"
            )
            yield LESSON.finding_in(reader, line, message)


def _readable(service: Service) -> Iterator[tuple[Resource, Any, int]]:
    """What may be read, by whom, and where that is written."""
    for statement in grants(service, TEMPLATE):
        if statement.covers(GET_VALUE) and not wide_actions(statement):
            for number, resource in enumerate(listed(statement.body.get("Resource"))):
                yield statement.holder, resource, statement.line_of("Resource", number)
    for reader in service.resources.values():
        for number, policy in enumerate(listed(reader.get("Policies"))):
            resource = at(policy, "AWSSecretsManagerGetSecretValuePolicy", "SecretArn")
            yield reader, resource, reader.line_of("Policies", number)


def _foreign(service: Service, reader: Resource, written: Any, templates: list[Template]) -> str:
    """The resource as written, if it is more than a secret that the reader knows; else empty."""
    for template in templates:
        own = _secrets_of(service, reader, template)
        for value in listed(resolved(template, written)):
            if not isinstance(value, str) or value.startswith("<"):
                continue  # what is imported, and the secrets of this template
            name = value.split(":secret:")[-1]
            # Secrets Manager ends each ARN with a dash and six characters.
            if re.sub(r"-(?:\?{6}|\*|[A-Za-z0-9]{6})$", "", name) not in own and name not in own:
                return as_written(written, value)
    return ""


def _secrets_of(service: Service, reader: Resource, template: Template) -> set[str]:
    """The names of secrets that a function gets; for a role or policy, that any function gets."""
    functions = [
        function for function in service.functions if function.logical_id == reader.logical_id
    ]
    return {
        str(resolved(template, value))
        for function in functions or service.functions
        for variable, value in function.variables.items()
        if str(variable).endswith("_SECRET")
    }
