"""IAM as templates declare it: roles, and the statements of their policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kit.layout import INFRA, TEMPLATE
from kit.template import LocatedMapping, at, is_intrinsic, line_of, mapping_of, references, strings
from kit.template import statements as statements_in

from .aws import expanded
from .environments import all_deployed, exists, resolved
from .service import Function, Resource, Service

# The templates that may declare roles.
TEMPLATES = (INFRA, TEMPLATE)
ISSUER = "token.actions.githubusercontent.com"
ATTACHABLE = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
# What Lambda itself needs.
OF_LAMBDA = re.compile(r"AWSLambda\w+ExecutionRole|AWSXRay\w+|CloudWatchLambda\w+")
POWERFUL = re.compile(r"(?:FullAccess|ReadOnlyAccess|Administrator|PowerUser|ReadWrite)")
# Verbs that change nothing, as the names of actions begin.
READING = re.compile(
    r"(?:BatchGet|Describe|Detect|Get|Head|List|Query|Read|Scan|Search|Validate|View)\w*\*?",
    re.IGNORECASE,
)

# How a comment begins that only promises a reason, and words that are none.
TODO = ("fixme", "tbd", "todo", "wip", "xxx")
PLACEHOLDER = re.compile(r"fix|for|it|later|me|none|now|pending|soon|temporary|this|will")


def listed(node: Any) -> list[Any]:
    """One thing or several, as policies allow both."""
    return node if isinstance(node, list) else [] if node is None else [node]


def quoted(names: list[str]) -> str:
    """`a` and `b`"""
    return " and ".join(f"`{name}`" for name in names)


def referenced_ids(node: Any) -> set[str]:
    """The logical ids that a part refers to: !GetAtt X.Arn, !Ref X.Alias and ${X} are all X."""
    return {reference.target.split(".")[0] for reference in references(node)}


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
    def grants(self) -> bool:
        """Whether it allows its role something; that of a resource or of a trust has principals."""
        return self.allows and not {"Principal", "NotPrincipal"} & self.body.keys()

    @property
    def actions(self) -> list[str]:
        return [str(action) for action in listed(self.body.get("Action"))]

    @property
    def prefixes(self) -> set[str]:
        """The services that its actions are of: dynamodb."""
        return {action.partition(":")[0].lower() for action in self.actions}

    @property
    def name(self) -> str:
        """What to call it: by its Sid, or by its resource."""
        sid = self.body.get("Sid")
        holder = f"`{self.holder.logical_id}`"
        return f"`{sid}` of {holder}" if isinstance(sid, str) else f"a policy of {holder}"

    def covers(self, action: str) -> bool:
        """Whether its actions, with their wildcards, include this one."""
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)

    def line_of(self, *keys: str | int) -> int:
        """The line of what is at these keys, or of what is nearest to it."""
        return line_of(self.body, *keys) or self.line

    def conditions(self) -> Iterator[tuple[str, str, Any]]:
        """Its conditions: key, in lower case, operator, and what it is compared with."""
        for operator, keys in mapping_of(self.body, "Condition").items():
            for key, value in mapping_of(keys).items():
                yield str(key).lower(), str(operator), value

    def condition(self, key: str) -> tuple[str, Any]:
        """The operator of the condition on that key, and what it compares with; empty without."""
        pairs = ((operator, value) for name, operator, value in self.conditions() if name == key)
        return next(pairs, ("", None))


def statements(path: str, resource: Resource) -> Iterator[Statement]:
    """Every statement of a resource, in whatever property, and in each branch of an !If."""
    return _statements(path, resource, resource.properties)


def grants(service: Service, path: str) -> Iterator[Statement]:
    """Every statement of a template that allows a role something."""
    for resource in service.resources_of(path).values():
        yield from (statement for statement in statements(path, resource) if statement.grants)


def _statements(path: str, resource: Resource, node: Any) -> Iterator[Statement]:
    bodies = (body for body in statements_in(node) if isinstance(body, LocatedMapping))
    return (Statement(path, resource, body) for body in bodies)


@dataclass(frozen=True, eq=False)
class Role:
    """An AWS::IAM::Role with everything that it may do.

    Args:
        path: the template that has it.
        trust: the statements that say who can become it.
        permissions: what its own policies allow, and those of its template.
        managed: other managed policies that are attached to it, as written, with their lines.
        providers: the identity providers that its template declares.
    """

    path: str
    resource: Resource
    trust: list[Statement]
    permissions: list[Statement]
    managed: list[tuple[str, int]]
    providers: set[str]

    @property
    def id(self) -> str:
        return self.resource.logical_id

    @property
    def deploys(self) -> bool:
        """Whether GitHub can become it, and change stacks."""
        action = "cloudformation:ExecuteChangeSet"
        return self.is_for_github and any(item.covers(action) for item in self.permissions)

    @property
    def is_for_github(self) -> bool:
        return any(item.allows and self.trusts_github(item) for item in self.trust)

    def trusts_github(self, statement: Statement) -> bool:
        principal = at(statement.body, "Principal", "Federated")
        texts = [key for key, *_ in statement.conditions()]
        texts += [text for text, _line in strings(principal)]
        is_named = any(ISSUER in text for text in texts)
        return is_named or bool(referenced_ids(principal) & self.providers)

    def names(self, service: Service) -> list[str]:
        """Its name in each environment that has it, where its template says that."""
        templates = all_deployed(service, self.path).values()
        deploying = [template for template in templates if exists(template, self.resource)]
        names = [resolved(template, self.resource.get("RoleName")) for template in deploying]
        return [name for name in names if isinstance(name, str)]


def roles(service: Service, path: str) -> list[Role]:
    """The roles that a template declares."""
    resources = service.resources_of(path)
    return [
        _role(path, role, resources) for role in resources.values() if role.type == "AWS::IAM::Role"
    ]


def _role(path: str, role: Resource, resources: dict[str, Resource]) -> Role:
    own = list(_statements(path, role, role.get("Policies")))
    managed: list[tuple[str, int]] = []
    attached: set[str] = set()
    for number, policy in enumerate(listed(role.get("ManagedPolicyArns"))):
        declared = referenced_ids(policy) & resources.keys()
        attached |= declared
        if not declared:
            line = role.line_of("ManagedPolicyArns", number)
            texts = [text for text, _ in strings(policy)]
            texts = ["".join(texts)] if at(policy, "Fn::Join") else texts
            managed += [(text, line) for text in texts]
    for name, resource in resources.items():
        users = referenced_ids([resource.get("Roles"), resource.get("RoleName")])
        if resource.type in ATTACHABLE and (name in attached or role.logical_id in users):
            own += statements(path, resource)
    return Role(
        path,
        role,
        list(_statements(path, role, role.get("AssumeRolePolicyDocument"))),
        [item for item in own if item.grants],
        managed,
        {name for name, item in resources.items() if item.type == "AWS::IAM::OIDCProvider"},
    )


def permissions(service: Service, function: Function) -> tuple[list[Statement], bool]:
    """What a function's role allows, and whether nothing else may allow it more. Statements of
    policy templates of SAM have no line."""
    own = referenced_ids(function.get("Role"))
    granted = [item for item in statements(TEMPLATE, function) if item.grants]
    managed = [policy for policy in listed(function.get("Policies")) if not at(policy, "Statement")]
    for policy in managed:
        for body in at(expanded(policy), "Statement") or ():
            granted.append(Statement(TEMPLATE, function, LocatedMapping(body)))
    managed = [policy for policy in managed if not template_actions(policy)]
    for role in [role for role in roles(service, TEMPLATE) if role.id in own]:
        granted += role.permissions
        managed += [text for text, _line in role.managed]
    others = service.resources.values()
    known = (*ATTACHABLE, "AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Lambda::Permission")
    is_whole = (
        all(OF_LAMBDA.search(str(policy)) for policy in managed)
        and bool(own) == bool(function.get("Role"))
        and not function.body.get("Connectors")
        and not any(
            {f"{function.logical_id}Role", *own} & referenced_ids(item.properties)
            or (
                # Its ends are written as plain ids.
                item.type == "AWS::Serverless::Connector"
                and function.logical_id in [text for text, _line in strings(item.properties)]
            )
            for item in others
            if item.type not in known or (not own and item.type in ATTACHABLE)
        )
    )
    return granted, is_whole


def template_actions(policy: Any) -> set[str]:
    """The actions of a policy template of SAM; none of what is another policy."""
    body = expanded(policy)
    inner = at(body, "Statement") or [] if body is not policy else []
    return {str(action) for statement in inner for action in listed(statement.get("Action"))}


def too_powerful(resource: Resource, *keys: str) -> Iterator[tuple[str, int]]:
    """The managed policies of AWS in these properties that allow far too much, with their lines."""
    for key in keys:
        for number, policy in enumerate(listed(resource.get(key))):
            is_text = not isinstance(policy, dict) or is_intrinsic(policy)
            for text, _line in strings(policy) if is_text else ():
                if POWERFUL.search(text):
                    yield text.split("/")[-1], resource.line_of(key, number)


def last_line(node: Any) -> int:
    """The last line of a part of a template that something begins on."""
    if not isinstance(node, dict | list):
        return 0
    inner = [*node.values()] if isinstance(node, dict) else node
    lines = [line_of(node, key) for key in (node if isinstance(node, dict) else range(len(node)))]
    return max([*lines, *map(last_line, inner)], default=0)


def has_reason(service: Service, path: str, node: Any, line: int, label: str) -> bool:
    """Whether a comment beside a part of a template, or directly above, gives a reason after a label.

    Args:
        line: the first line of the part.
        label: what the comment begins with: `Public:`.
    """
    lines = service.text(path).splitlines()
    first = line
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    matches = (re.search(r"(?:^|\s)#\s*(.*)", text) for text in lines[first - 1 : last_line(node)])
    comments = [match[1] if match else "" for match in matches]
    texts = (
        # The reason may begin on the next line.
        comment[len(label) :].strip() or "".join(comments[number : number + 1])
        for number, comment in enumerate(comments, 1)
        if comment.lower().startswith(label.lower())
    )
    return any(map(_is_reason, texts))


def _is_reason(text: str) -> bool:
    """Whether a text says something: at least two words that are no placeholder."""
    words = re.findall(r"[^\W_]{2,}", text.lower())
    return (
        len([word for word in words if not PLACEHOLDER.fullmatch(word)]) > 1
        and words[0] not in TODO
    )
