"""IAM: roles and the statements of their policies, as templates say them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kit.template import LocatedList, LocatedMapping, Template, at, line_of, references, strings

from .environments import resolved
from .service import ACCOUNT, Resource, Service

ISSUER = "token.actions.githubusercontent.com"
# How a comment begins that gives the reason for a wide resource.
REASON = "No narrower scope:"
# Verbs that change nothing, as the names of actions begin: only after one of them may a `*` stand.
READING = re.compile(
    r"(?:BatchGet|Describe|Detect|Get|Head|List|Query|Read|Scan|Search|Validate|View)\w*\*?",
    re.IGNORECASE,
)
# Keys of conditions, in lower case, that say what may be touched or for whom. Others, like
# aws:SecureTransport, say how somebody calls; aws:ResourceAccount holds for a whole account, and
# iam:PassedToService lets every role be passed to that service.
NARROWING = {
    *("aws:sourceaccount", "aws:sourcearn", "cloudwatch:namespace", "dynamodb:leadingkeys"),
    *("ec2:subnet", "ec2:vpc", "ecs:cluster", "events:source", "iam:awsservicename"),
    *("iam:permissionsboundary", "kms:encryptioncontextkeys"),
    *("kms:resourcealiases", "kms:viaservice", "s3:prefix", "secretsmanager:name"),
    *("secretsmanager:secretid", "ses:fromaddress", "sts:awsservicename"),
}
# Keys that end in the name of a tag or of a context.
NARROWING_BY_NAME = ("aws:requesttag", "aws:resourcetag", "kms:encryptioncontext")
# Operators that are false where a request lacks the key; those of the first row read no wildcards.
EXACT = {"StringEquals", "StringEqualsIgnoreCase"}
POSITIVE = EXACT | {"ArnEquals", "ArnLike", "StringLike"}


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
        """What to call it: by its Sid, or by its resource."""
        sid = self.body.get("Sid")
        holder = f"`{self.holder.logical_id}`"
        return f"`{sid}` of {holder}" if isinstance(sid, str) else f"a policy of {holder}"

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

    def line_of(self, *keys: str | int) -> int:
        """The line of what is at these keys, or of what is nearest to it."""
        return line_of(self.body, *keys) or self.line

    def line_of_item(self, key: str, number: int) -> int:
        """The line of one of its resources, or of its actions."""
        is_list = isinstance(self.body.get(key), list)
        return self.line_of(key, number) if is_list else self.line_of(key)

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
    """Those with a wildcard, unless it only leaves open what is read of one AWS service."""
    return [each for each in statement.actions if not _is_narrow(each)]


def _is_narrow(action: str) -> bool:
    if not _has_wildcards(action):
        return True
    service, _, verb = action.partition(":")
    return not _has_wildcards(service) and bool(READING.fullmatch(verb))


def _has_wildcards(text: str) -> bool:
    return "*" in text or "?" in text


def unscoped(
    service: Service, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int]]:
    """The resources of a statement that neither name this service and environment, nor are one.

    They are told as they are written. A resource without wildcards is one. A condition may narrow
    them, and what AWS can't narrow has its reason beside it.
    """
    if narrows(service, statement, templates) or reasoned(service, statement):
        return
    for number, written in enumerate(listed(statement.body.get("Resource"))):
        values = [
            [item for item in listed(resolved(each, written)) if isinstance(item, str)]
            for each in templates
        ]
        for dev, prod in zip(*values, strict=False):
            if not _is_scoped(service, dev, prod):
                yield as_written(written, dev), statement.line_of_item("Resource", number)


def as_written(node: Any, value: str) -> str:
    """A text as it stands in its template; where several make it up, what they come to."""
    text = at(node, "Fn::Sub")
    text = at(text, 0) if isinstance(text, list) else text
    if isinstance(node, str) or isinstance(text, str):
        return str(text or node)
    return value.replace(ACCOUNT, "${AWS::AccountId}")


def narrows(service: Service, statement: Statement, templates: list[Template]) -> bool:
    """Whether a statement has a condition that says what may be touched, or for whom."""
    condition = statement.body.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        plain = str(operator).removeprefix("ForAnyValue:")
        if plain not in POSITIVE or not isinstance(keys, dict):
            continue
        for key, written in keys.items():
            values = [list(map(str, listed(resolved(each, written)))) for each in templates]
            pairs = zip(*values, strict=False)
            exact = plain in EXACT
            if _is_narrowing(str(key)) and all(exact or _is_scoped(service, *p) for p in pairs):
                return True
    return False


def _is_narrowing(key: str) -> bool:
    key = key.lower()
    prefix, _, name = key.partition(":")
    # lambda:FunctionArn and the like, but not aws:PrincipalArn: that is who has the policy.
    names_a_resource = prefix != "aws" and name.endswith("arn")
    tag = name.replace(":", "/").split("/")[0]
    return (
        key in NARROWING
        or names_a_resource
        or f"{prefix}:{tag}" in NARROWING_BY_NAME
        or tag == "resourcetag"
    )


def _is_scoped(service: Service, dev: str, prod: str) -> bool:
    if not _has_wildcards(dev) or "<" in dev:
        return True
    bare = re.sub(r"[^a-z0-9]", "", dev.lower())
    return dev != prod and re.sub(r"[^a-z0-9]", "", service.name) in bare


def reasoned(service: Service, statement: Statement) -> bool:
    """Whether the reason for a wide resource is in a comment beside it, or above the statement."""
    said = comments(service, statement.path, statement.line, last_line(statement.body))
    return any(
        each.startswith(REASON) and any(map(str.isalpha, each.removeprefix(REASON)))
        for each in said
    )


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
