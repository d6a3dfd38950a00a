"""scopes"""

from collections.abc import Iterator

from kit.gate.environments import all_deployed
from kit.gate.findings import Finding
from kit.gate.policies import REASON, Statement, statements, unscoped, wide_actions
from kit.gate.service import INFRA, TEMPLATE, Service
from kit.template import Template

SINGLE_ACTIONS = "List the single actions."


SINGLE_RESOURCES = "List the resources that it is about under `Resource`."


def wide_part(service: Service, lesson: str, path: str) -> Iterator[Finding]:
    templates = [*all_deployed(service, path).values()]
    for resource in service.resources_of(path).values():
        for each in statements(path, resource):
            if each.allows and each.is_identity and not is_of_secrets(each):
                for found, line, fix in dict.fromkeys(width_of(service, each, templates)):
                    name = resource.logical_id
                    yield Finding(lesson, path, line, found, resource=name, fix=fix)


def width_of(
    service: Service, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int, str | None]]:
    """What of a statement is wider than it need be, on which line, and what fixes it."""
    for action in wide_actions(statement):
        found = f"`{action}` is allowed in {statement.name}"
        yield found, statement.line_of("Action"), SINGLE_ACTIONS
    for key, fix in (("NotAction", SINGLE_ACTIONS), ("NotResource", SINGLE_RESOURCES)):
        if key in statement.body:
            found = f"everything but what `{key}` lists is allowed in {statement.name}"
            yield found, statement.line_of(key), fix
    for written, line in unscoped(service, statement, templates):
        yield f"`{written}` is allowed in {statement.name}", line, SCOPES.get(statement.path)


# What to do about a wide resource, where the lesson is of more than that.
SCOPES = {
    TEMPLATE: "Name a single resource, as `!GetAtt Table.Arn` does, or one whose name begins with"
    " the service and has `${EnvironmentName}`; where AWS offers no narrower scope, say why in a"
    f" comment beside it that begins with `{REASON}`."
}


def is_of_secrets(statement: Statement) -> bool:
    """Whether it is about nothing but secrets in template.yaml, whose lesson is SEC-03."""
    actions = statement.actions
    if statement.path == INFRA or not actions:
        return False
    return all(each.lower().startswith("secretsmanager:") for each in actions)
