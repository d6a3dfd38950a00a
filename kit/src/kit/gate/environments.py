"""Templates in dev and in prod: what parts come to there, and which resources are."""

from __future__ import annotations

from typing import Any

from kit.layout import ENVIRONMENTS, TEMPLATE
from kit.template import Template, UnknownError, at, is_intrinsic, mapping_of

from .service import Resource, Service

# What goes wrong when a part of a template is not what CloudFormation wants: the linters' business.
ODD = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    UnknownError,
)


def environments(service: Service) -> dict[str, Template]:
    """template.yaml in dev and in prod."""
    return {name: service.template_in(name) for name in ENVIRONMENTS}


def in_prod(service: Service) -> Template:
    """template.yaml in prod."""
    return service.template_in("prod")


class _Names(dict[str, Any]):
    """Says of whatever only a deployment knows what it is called: <ArtifactBucket.Arn>."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"

    def __contains__(self, name: object) -> bool:
        return True


def deployed(service: Service, path: str, environment: str) -> Template:
    """A template in an environment. What is not known yet resolves to its name: <Table.Arn>."""
    plain = environments(service)[environment]
    if path == TEMPLATE:
        return Template(plain.data, plain.parameters, plain.pseudo, _Names())
    data = service.cloudformation(path)
    names = mapping_of(data, "Parameters").items()
    values = {str(name): str(at(parameter, "Default") or name) for name, parameter in names}
    pseudo = {**plain.pseudo, "AWS::StackName": f"{service.name}-infra-{environment}"}
    return Template(data, {**values, "EnvironmentName": environment}, pseudo, _Names())


def all_deployed(service: Service, path: str) -> dict[str, Template]:
    """A template as `deployed`, in dev and in prod."""
    return {name: deployed(service, path, name) for name in ENVIRONMENTS}


def resolved(template: Template, node: Any) -> Any:
    """What a node comes to; None when that is known only once it is deployed."""
    try:
        return template.resolve(node)
    except ODD:
        return None


def values(template: Template, node: Any, *path: str) -> list[Any]:
    """What is at these keys in that environment; `*` are all items of a list, !If is followed."""
    node = chosen(template, node)
    if not path:
        whole = isinstance(node, dict | list) and not is_intrinsic(node)
        return [node if whole else resolved(template, node)]
    if path[0] != "*":
        return values(template, at(node, path[0]), *path[1:])
    items = node if isinstance(node, list) else []
    return [value for item in items for value in values(template, item, *path[1:])]


def chosen(template: Template, node: Any) -> Any:
    """What !If comes to, without what is in it; itself where its condition can't be told.

    None for AWS::NoValue.
    """
    while isinstance(node, dict) and "Fn::If" in node:
        try:
            condition, then, otherwise = node["Fn::If"]
            node = then if template.holds(condition) else otherwise
        except ODD:
            return node
    return None if node == {"Ref": "AWS::NoValue"} else node


def exists(template: Template, resource: Resource) -> bool:
    """Whether a resource is deployed in that environment."""
    condition = resource.body.get("Condition")
    try:
        return condition is None or template.holds(condition)
    except ODD:
        return True
