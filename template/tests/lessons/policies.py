"""IAM: roles and the statements of their policies, as templates say them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from delivery.template import LocatedList, LocatedMapping, Template

from .environments import resolved
from .parsers import at
from .service import Resource, Service, references, strings

ISSUER = "token.actions.githubusercontent.com"
# What a statement says to be a reason for a `*`: in a comment beside it, or in its Sid.
REASON = re.compile(r"scope|narrow|\*|resource|random|every|all\b|any\b", re.IGNORECASE)
SID_REASON = re.compile(r"NoNarrowerScope")


def listed(node: Any) -> list[Any]:
    """One thing or several, as policies allow both."""
    return node if isinstance(node, list) else [] if node is None else [node]


def targets(node: Any) -> set[str]:
    """The logical ids that a part refers to: !GetAtt X.Arn, !Ref X.Alias and ${X} are all X."""
    return {each.target.split(".")[0] for each in references(node)}


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement of a policy.

    Args:
        path: the template that has it.
        holder: the resource that it is written in.
        body: the statement.
    """

    path: str
    holder: Resource
    body: LocatedMapping

    @property
    def line(self) -> int:
        return self.body.line

    @property
    def allows(self) -> bool:
        return self.body.get("Effect") == "Allow"

    @property
    def is_identity(self) -> bool:
        """Whether it says what its role may do, and not who may use a resource or become a role."""
        return "Principal" not in self.body and "NotPrincipal" not in self.body

    @property
    def actions(self) -> list[str]:
        return [str(each) for each in listed(self.body.get("Action"))]

    @property
    def name(self) -> str:
        """What to call it: its Sid, or what it allows."""
        return str(self.body.get("Sid") or ", ".join(self.actions[:2]) or "a statement")

    def covers(self, action: str) -> bool:
        """Whether its actions, with their wildcards, are about this one."""
        return any(fnmatchcase(action.lower(), each.lower()) for each in self.actions)

    def resources(self, template: Template) -> list[str]:
        """Its resources in an environment, but for those that can't be told."""
        found = []
        for each in listed(self.body.get("Resource")):
            value = resolved(template, each)
            found += [item for item in listed(value) if isinstance(item, str)]
        return found

    def line_of(self, text: str) -> int:
        """The line of its resource with that text, or of its Resource."""
        for value, line in strings(self.body.get("Resource"), self.body.lines.get("Resource", 0)):
            if value == text:
                return line
        return self.body.lines.get("Resource", self.line)

    def conditions(self) -> dict[str, tuple[str, Any]]:
        """Its conditions by their keys, in lower case: the operator, and what it compares with."""
        found = self.body.get("Condition")
        pairs = found.items() if isinstance(found, dict) else ()
        return {
            str(key).lower(): (str(operator), value)
            for operator, keys in pairs
            if isinstance(keys, dict)
            for key, value in keys.items()
        }


def statements(path: str, resource: Resource) -> Iterator[Statement]:
    """Every statement of a resource, in whatever property, and in each branch of an !If."""
    yield from _statements(path, resource, resource.properties)


def _statements(path: str, resource: Resource, node: Any) -> Iterator[Statement]:
    if isinstance(node, list):
        for each in node:
            yield from _statements(path, resource, each)
    elif isinstance(node, LocatedMapping):
        if node.get("Effect") in ("Allow", "Deny"):
            yield Statement(path, resource, node)
        else:
            for value in node.values():
                yield from _statements(path, resource, value)


@dataclass(frozen=True, eq=False)
class Role:
    """An AWS::IAM::Role with everything that it may do."""

    path: str
    resource: Resource
    trust: list[Statement]
    permissions: list[Statement]
    """Its own statements that allow something, and those of policies that are attached to it."""
    managed: list[tuple[str, int]]
    """The managed policies of another stack, or of AWS, that are attached to it, as written."""
    providers: frozenset[str]
    """The identity providers that its template declares."""

    @property
    def id(self) -> str:
        return self.resource.logical_id

    @property
    def signs_in(self) -> bool:
        """Whether GitHub can become it."""
        return any(each.allows and self.is_github(each) for each in self.trust)

    def is_github(self, statement: Statement) -> bool:
        principal = at(statement.body, "Principal", "Federated")
        texts = [*statement.conditions(), *(text for text, _line in strings(principal))]
        return bool(targets(principal) & self.providers) or any(ISSUER in each for each in texts)


def roles(service: Service, path: str) -> list[Role]:
    """The roles that a template declares."""
    resources = service.resources_of(path)
    return [
        _role(path, each, resources) for each in resources.values() if each.type == "AWS::IAM::Role"
    ]


def _role(path: str, role: Resource, resources: dict[str, Resource]) -> Role:
    trust = list(_statements(path, role, role.get("AssumeRolePolicyDocument")))
    own = list(_statements(path, role, role.get("Policies")))
    managed: list[tuple[str, int]] = []
    attached: set[str] = set()
    for number, each in enumerate(listed(role.get("ManagedPolicyArns"))):
        ours = targets(each) & resources.keys()
        attached |= ours
        if not ours:
            line = role.line_of("ManagedPolicyArns", number)
            managed += [(text, line) for text, _ in strings(each)]
    for name, policy in resources.items():
        kinds = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
        if policy.type not in kinds:
            continue
        users = targets([policy.get("Roles"), policy.get("RoleName")])
        if name in attached or role.logical_id in users:
            own += statements(path, policy)
    allowed = [each for each in own if each.allows and each.is_identity]
    providers = frozenset(
        name for name, each in resources.items() if each.type == "AWS::IAM::OIDCProvider"
    )
    return Role(path, role, trust, allowed, managed, providers)


# ── Scope ────────────────────────────────────────────────────────────────────


def wide_actions(statement: Statement) -> list[str]:
    """Those that are everything, or everything of an AWS service."""
    return [each for each in statement.actions if each == "*" or each.endswith(":*")]


def unscoped(
    service: Service, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int]]:
    """The resources of a statement that neither name this service and environment, nor are one.

    A resource without wildcards is one. A condition narrows whatever there is, and what AWS can't
    narrow has its reason beside it.
    """
    if statement.body.get("Condition") or reasoned(service, statement):
        return
    for written in listed(statement.body.get("Resource")):
        values = [
            [item for item in listed(resolved(each, written)) if isinstance(item, str)]
            for each in templates
        ]
        for dev, prod in zip(*values, strict=False):
            if not _is_scoped(service, dev, prod):
                yield dev, statement.line_of(_text(written))


def _text(written: Any) -> str:
    return next((text for text, _line in strings(written)), "")


def _is_scoped(service: Service, dev: str, prod: str) -> bool:
    if not re.search(r"[*?]", dev) or "<" in dev:
        return True
    bare = re.sub(r"[^a-z0-9]", "", dev.lower())
    return dev != prod and re.sub(r"[^a-z0-9]", "", service.name) in bare


def reasoned(service: Service, statement: Statement) -> bool:
    """Whether a reason is written for a wide resource: beside it, above the statement, or as Sid."""
    if SID_REASON.search(str(statement.body.get("Sid", ""))):
        return True
    said = comments(service, statement.path, statement.line, last_line(statement.body))
    return any(REASON.search(each) for each in said)


def last_line(node: Any) -> int:
    """The last line of a part of a template that something begins on."""
    lines = [0]
    if isinstance(node, (LocatedMapping, LocatedList)):
        lines += node.lines.values() if isinstance(node, LocatedMapping) else node.lines
    if isinstance(node, (dict, list)):
        inner = node.values() if isinstance(node, dict) else node
        lines += [last_line(each) for each in inner]
    return max(lines)


def comments(service: Service, path: str, first: int, last: int) -> list[str]:
    """The comments on these lines of a file, and on those directly above."""
    lines = service.text(path).splitlines()
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    found = (re.search(r"(?:^|\s)#(.*)", line) for line in lines[first - 1 : last])
    return [each[1].strip() for each in found if each]
