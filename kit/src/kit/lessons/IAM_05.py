"""IAM-05: The role that a pipeline gets can only drive CloudFormation; another one, which only
CloudFormation gets, changes resources, and makes no role without a permissions boundary. Both allow
what `template.yaml` asks for.

Why: A stolen token of CI was as good as an administrator.

Here: `DeployRole`, `ExecutionRole` and `Boundary` in `infra/environment.yaml`.

Fix: Take actions that change resources out of `DeployRole`; let only CloudFormation assume
`ExecutionRole`, and make roles only on the condition `iam:PermissionsBoundary`; give every role of
`template.yaml` the boundary: `PermissionsBoundary` under Globals → Function, and on each
`AWS::IAM::Role`.

Defended by: gate, preflight.

See: docs/access.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import deployed
from kit.gate.findings import Finding, and_more
from kit.gate.grants import Environment, Gap, gaps
from kit.gate.lesson import Lesson
from kit.gate.policies import (
    READING,
    TEMPLATES,
    Statement,
    grants,
    listed,
    quoted,
    referenced_ids,
    roles,
)
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS, INFRA, TEMPLATE
from kit.template import at, line_of, strings

LESSON = Lesson.read(__doc__)

CLOUDFORMATION = "cloudformation.amazonaws.com"
# What a pipeline may do beside reading: follow a stack, and test the live service.
MAY = {
    *("cloudformation:CancelUpdateStack", "cloudformation:ContinueUpdateRollback"),
    *("cloudformation:DeleteChangeSet", "cloudformation:ExecuteChangeSet"),
    *("cloudformation:TagResource", "cloudformation:UntagResource"),
    *("events:PutEvents", "execute-api:Invoke", "lambda:InvokeFunction"),
    *("lambda:InvokeFunctionUrl", "sns:Publish", "sqs:DeleteMessage", "sqs:ReceiveMessage"),
    *("sqs:SendMessage", "states:StartExecution", "sts:AssumeRoleWithWebIdentity"),
    "sts:TagSession",
}
# What changes a stack with a role: only with one that a condition names.
CHANGES_STACKS = re.compile(
    r"cloudformation:(Create(ChangeSet|Stack)|(Delete|Rollback|Update)Stack)"
)
READ_ONLY = re.compile(r"(?:ReadOnlyAccess|ViewOnlyAccess|SecurityAudit)(?:_v\d+)?$")
GIVES_PERMISSIONS = {"iam:attachrolepolicy", "iam:createrole", "iam:putrolepolicy"}
MAKES_ROLES = ("AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Serverless::StateMachine")
NOT_HERE = (
    "Remove it from this role: what changes resources belongs into a policy of `ExecutionRole`."
)
BOUND = (
    "Give every role the boundary of `infra/environment.yaml`: `PermissionsBoundary` under Globals"
    " → Function, and on each `AWS::IAM::Role`."
)


@LESSON.check
def pipelines_only_drive(service: Service) -> Iterator[Finding]:
    """What GitHub can become changes nothing itself, unless through CloudFormation's role."""
    for path in TEMPLATES:
        resources = service.resources_of(path)
        buckets = {name for name, each in resources.items() if each.type == "AWS::S3::Bucket"}
        for role in filter(lambda role: role.is_for_github, roles(service, path)):
            for policy, line in role.managed:
                if not READ_ONLY.search(policy):
                    message = f"`{role.id}`, which GitHub can become, has `{policy}`"
                    yield LESSON.finding(path, line, message, role.id, NOT_HERE)
            for statement in role.permissions:
                for action, fix in _changes(statement, buckets):
                    message = f"{action} is allowed in {statement.name}, for GitHub"
                    line = statement.line_of("Action")
                    yield LESSON.finding(path, line, message, role.id, fix)


def _changes(statement: Statement, buckets: set[str]) -> Iterator[tuple[str, str]]:
    """The actions that change more than packages and stacks, the latter by a role that is named."""
    resources = listed(statement.body.get("Resource"))
    for action in statement.actions:
        service, _, verb = action.partition(":")
        if CHANGES_STACKS.fullmatch(action):
            transforms = all("aws:transform/" in str(resource) for resource in resources)
            if not transforms and not statement.condition("cloudformation:rolearn")[0]:
                fix = "Add the condition `StringEquals` that `cloudformation:RoleArn` is"
                yield f"`{action}` with any role", f"{fix} `!GetAtt ExecutionRole.Arn`."
        elif action == "iam:PassRole":
            operator, receiver = statement.condition("iam:passedtoservice")
            if operator != "StringEquals" or listed(receiver) != [CLOUDFORMATION]:
                fix = f"Add the condition `StringEquals` that `iam:PassedToService` is `{CLOUDFORMATION}`."
                yield f"`{action}` to other services than CloudFormation", fix
        elif action not in MAY and not READING.fullmatch(verb):
            are_packages = resources and all(referenced_ids(item) & buckets for item in resources)
            if service != "s3" or "*" in verb or not are_packages:
                yield f"`{action}`", NOT_HERE


@LESSON.check
def only_cloudformation_changes(service: Service) -> Iterator[Finding]:
    """What CloudFormation becomes, nobody else becomes."""
    for path in TEMPLATES:
        for role in roles(service, path):
            trust = [
                statement.body.get("Principal") for statement in role.trust if statement.allows
            ]
            principals = [text for text, _line in strings(trust)]
            others = [name for name in principals if name != CLOUDFORMATION]
            if CLOUDFORMATION in principals and others:
                message = f"{quoted(others)} can become `{role.id}`, which changes resources"
                line = role.resource.line_of("AssumeRolePolicyDocument")
                fix = f"Let `Principal` below be `Service: {CLOUDFORMATION}` alone."
                yield LESSON.finding(path, line, message, role.id, fix)


@LESSON.check
def roles_only_with_a_boundary(service: Service) -> Iterator[Finding]:
    """Whoever makes roles can make them only within the boundary, and can't take it off."""
    for statement in grants(service, INFRA):
        # Actions with wildcards are IAM-04's.
        actions = {action.lower() for action in statement.actions}
        operator, _value = statement.condition("iam:permissionsboundary")
        if "iam:deleterolepermissionsboundary" in actions:
            message = f"taking the boundary off a role is allowed in {statement.name}"
            fix = "Remove `iam:DeleteRolePermissionsBoundary`."
        elif actions & GIVES_PERMISSIONS and operator not in ("StringEquals", "ArnEquals"):
            message = f"making roles without a boundary is allowed in {statement.name}"
            fix = "Add the condition `StringEquals` that `iam:PermissionsBoundary` is `!Ref Boundary`."
        else:
            continue
        line, name = statement.line_of("Action"), statement.holder.logical_id
        yield LESSON.finding(INFRA, line, message, name, fix)


@LESSON.check
def roles_have_a_boundary(service: Service) -> Iterator[Finding]:
    """Every role that template.yaml makes, or SAM for it, has the boundary."""
    bare = [
        resource
        for resource in service.of_type(*MAKES_ROLES)
        if resource.type == "AWS::IAM::Role" or resource.get("Role") is None
        if not _is_bounded(resource.get("PermissionsBoundary"))
    ]
    functions = [item for item in bare if item in service.functions]
    if len(functions) > 1:  # one edit under Globals bounds the roles of all
        bare = [item for item in bare if item not in functions]
        names = and_more([f"`{item.logical_id}`" for item in functions])
        line = line_of(service.template, "Globals", "Function") or functions[0].line
        message = f"{names} have no `PermissionsBoundary`"
        yield LESSON.finding(TEMPLATE, line, message, fix=BOUND)
    for resource in bare:
        message = f"`{resource.logical_id}` has no `PermissionsBoundary`"
        yield LESSON.finding_in(resource, resource.line, message, BOUND)
    for function in service.functions:
        for name, event in function.events.items():
            # SAM makes a role with which the scheduler calls the function.
            makes_role = event["Type"] == "ScheduleV2" and not at(event, "Properties", "RoleArn")
            if makes_role and not _is_bounded(at(event, "Properties", "PermissionsBoundary")):
                message = f"`{name}` of `{function.logical_id}` has no `PermissionsBoundary`"
                fix = "Give the event the `PermissionsBoundary` that functions get under Globals."
                yield LESSON.finding_in(function, function.line_of("Events", name), message, fix)


def _is_bounded(boundary: Any) -> bool:
    """Whether it is a policy of one's own: AWS has none that bounds a service."""
    if not boundary or "AWS::NoValue" in referenced_ids(boundary):
        return False
    return not any(":iam::aws:policy/" in text for text, _line in strings(boundary))


@LESSON.check
def roles_allow_what_is_needed(service: Service) -> Iterator[Finding]:
    """CloudFormation's role may make what template.yaml has, and no policy exceeds the boundary."""
    found: dict[tuple[str, str], Gap] = {}
    for name in ENVIRONMENTS:
        both = Environment(deployed(service, TEMPLATE, name), deployed(service, INFRA, name))
        for gap in gaps(both):
            # A name without service or environment is IAC-04's and IAC-05's.
            if not gap.own_name or (service.name in gap.own_name and name in gap.own_name):
                found[gap.resource, gap.asks] = gap
    for gap in found.values():
        resource = service.resources[gap.resource]
        lines = (line for text, line in strings(resource.body) if text == gap.asks)
        yield LESSON.finding_in(
            resource, next(lines, resource.line_of(gap.asks)), gap.found, gap.fix
        )
