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
from kit.gate.policies import Statement, as_written, listed, statements, wide_actions
from kit.gate.service import TEMPLATE, Resource, Service
from kit.template import Template, at

LESSON = Lesson.read(__doc__)


GET_VALUE = "secretsmanager:GetSecretValue"


@LESSON.check
def only_its_own(service: Service) -> Iterator[Finding]:
    """A function may read the secrets whose names it gets, in its own environment."""
    templates = [*all_deployed(service, TEMPLATE).values()]
    for resource in service.resources.values():
        for statement in statements(TEMPLATE, resource):
            if not statement.allows or not statement.is_identity or "*" in statement.actions:
                continue  # that is IAM-06's
            for problem, line, fix in _too_many(service, resource, statement, templates):
                found, name = f"`{resource.logical_id}` may {problem}", resource.logical_id
                yield LESSON.finding(TEMPLATE, line, found, resource=name, fix=fix)
        for number, policy in enumerate(listed(resource.get("Policies"))):
            arn = at(policy, "AWSSecretsManagerGetSecretValuePolicy", "SecretArn")
            foreign = "" if arn is None else _foreign(service, resource, arn, templates)
            if foreign:
                found = f"`{resource.logical_id}` may {_reads_foreign(foreign)}"
                line = resource.line_of("Policies", number)
                yield LESSON.finding(TEMPLATE, line, found, resource=resource.logical_id)


def _too_many(
    service: Service, resource: Resource, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int, str | None]]:
    """What of a statement reads more secrets than it should, where, and what fixes it."""
    wide = [each for each in wide_actions(statement) if each.lower().startswith("secretsmanager:")]
    wide += [each for each in statement.actions if each.lower() == "secretsmanager:get*"]
    for action in wide[:1]:
        line = statement.line_of("Action")
        yield f"do `{action}`, which is more than reading", line, f"Allow `{GET_VALUE}` alone."
        return
    if not statement.covers(GET_VALUE):
        return
    for number, written in enumerate(listed(statement.body.get("Resource"))):
        if found := _foreign(service, resource, written, templates):
            yield _reads_foreign(found), statement.line_of_item("Resource", number), None


def _reads_foreign(written: str) -> str:
    return f"read `{written}`, whose name no `…_SECRET` variable passes"


def _foreign(service: Service, reader: Resource, written: Any, templates: list[Template]) -> str:
    """The resource as written, if it is more than a secret whose name the reader gets; else empty."""
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
    functions = [each for each in service.functions if each is reader] or service.functions
    return {
        str(resolved(template, value))
        for each in functions
        for variable, value in each.variables.items()
        if str(variable).endswith("_SECRET")
    }
