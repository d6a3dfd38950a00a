"""IAM-05: The role that a pipeline gets can only drive CloudFormation; another one, which only
CloudFormation gets, changes resources, and makes no role without a permissions boundary. Both allow
what `template.yaml` asks for.

Why: A stolen token of CI was as good as an administrator.

Here: `DeployRole`, `ExecutionRole` and `Boundary` in `infra/environment.yaml`.

Fix: Take actions that change resources out of `DeployRole`; let only CloudFormation assume
`ExecutionRole`, and make roles only on the condition `iam:PermissionsBoundary`; give every role of
`template.yaml` the boundary: `PermissionsBoundary` under Globals → Function, and on each
`AWS::IAM::Role`.

Defended by: gate.

See: docs/access.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.delivery.grants import Environment, Gap, gaps
from kit.gate.environments import deployed
from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.policies import READING, Statement, listed, roles, statements, targets
from kit.gate.roles import TEMPLATES, and_others
from kit.gate.service import ENVIRONMENTS, INFRA, TEMPLATE, Function, Resource, Service
from kit.template import at, line_of, strings

LESSON = Lesson.read(__doc__)


# What a test of the live service may do: it changes no resources.
TRIES = {
    *(
        "events:PutEvents",
        "execute-api:Invoke",
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    ),
    *("sns:Publish", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"),
    *("states:StartExecution", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"),
}


# With which role a stack is changed: only by one that the condition names.
CHANGES_STACKS = {
    f"cloudformation:{each}"
    for each in ("CreateChangeSet", "CreateStack", "DeleteStack", "RollbackStack", "UpdateStack")
}


DRIVES = {
    f"cloudformation:{each}"
    for each in (
        *("CancelUpdateStack", "ContinueUpdateRollback", "DeleteChangeSet", "ExecuteChangeSet"),
        *("TagResource", "UntagResource"),
    )
}


CLOUDFORMATION = "cloudformation.amazonaws.com"


READ_ONLY = re.compile(r"(?:ReadOnlyAccess|ViewOnlyAccess|SecurityAudit)(?:_v\d+)?$")


@LESSON.check
def pipelines_only_drive(service: Service) -> Iterator[Finding]:
    """What GitHub can become changes nothing itself, unless through CloudFormation's role."""
    for path in TEMPLATES:
        buckets = {
            name for name, each in service.resources_of(path).items() if each.type == "AWS::S3::Bucket"
        }  # fmt: skip
        for role in roles(service, path):
            if not role.signs_in:
                continue
            for name, line in role.managed:
                if not READ_ONLY.search(name):
                    found = f"`{role.id}` has `{name}`"
                    yield LESSON.finding(path, line, found, resource=role.id)
            for each in role.permissions:
                for action in _changes(each, buckets):
                    found = f"{action} is allowed in {each.name}, and GitHub can become `{role.id}`"
                    line = each.line_of("Action")
                    yield LESSON.finding(path, line, found, resource=role.id)


def _changes(statement: Statement, buckets: set[str]) -> Iterator[str]:
    """The actions that change more than packages and stacks, the latter by a role that is named."""
    conditions = statement.conditions()
    resources = listed(statement.body.get("Resource"))
    for action in statement.actions:
        service, _, verb = action.partition(":")
        if action in DRIVES or action in TRIES or READING.fullmatch(verb):
            continue
        if action in CHANGES_STACKS:
            of_transform = all("aws:transform/" in str(each) for each in resources)
            if not of_transform and "cloudformation:rolearn" not in conditions:
                yield f"`{action}` with any role"
        elif action == "iam:PassRole":
            operator, to = conditions.get("iam:passedtoservice", ("", None))
            if operator != "StringEquals" or set(map(str, listed(to))) != {CLOUDFORMATION}:
                yield f"`{action}` to other services than CloudFormation"
        elif service == "s3" and "*" not in verb and resources:
            if not all(targets(each) & buckets for each in resources):
                yield f"`{action}`"
        else:
            yield f"`{action}`"


@LESSON.check
def only_cloudformation_changes(service: Service) -> Iterator[Finding]:
    """What CloudFormation becomes, nobody else becomes."""
    for path in TEMPLATES:
        for role in roles(service, path):
            trusted = {
                text: line
                for each in role.trust
                if each.allows
                for text, line in strings(each.body.get("Principal"), each.line_of("Principal"))
            }
            others = [each for each in trusted if each != CLOUDFORMATION]
            if CLOUDFORMATION in trusted and others:
                found = (
                    f"`{role.id}`, which changes resources, can also be assumed by"
                    f" {and_others(others)}"
                )
                yield LESSON.finding(path, trusted[others[0]], found, resource=role.id)


# What gives a role permissions.
GIVES = {"iam:attachrolepolicy", "iam:createrole", "iam:putrolepolicy"}


@LESSON.check
def roles_only_with_a_boundary(service: Service) -> Iterator[Finding]:
    """Whoever makes roles can make them only within the boundary, and can't take it off."""
    for resource in service.resources_of(INFRA).values():
        for each in statements(INFRA, resource):
            if not each.allows or not each.is_identity:
                continue
            # Those with wildcards are IAM-04's.
            actions = {action.lower() for action in each.actions}
            operator, _value = each.conditions().get("iam:permissionsboundary", ("", None))
            if "iam:deleterolepermissionsboundary" in actions:
                found = f"taking the boundary off a role is allowed in {each.name}"
            elif actions & GIVES and operator not in ("StringEquals", "ArnEquals"):
                found = f"making roles without a boundary is allowed in {each.name}"
            else:
                continue
            line, name = each.line_of("Action"), resource.logical_id
            yield LESSON.finding(INFRA, line, found, resource=name)


@LESSON.check
def roles_have_a_boundary(service: Service) -> Iterator[Finding]:
    """Every role that template.yaml makes, or SAM for it, has the boundary."""
    bare = [each for each in service.of_type(*MAKES_ROLES) if _makes_a_bare_role(each)]
    # One edit in Globals bounds the roles of all these.
    by_globals = [
        each
        for each in bare
        if isinstance(each, Function) and at(each.body, "Properties", "PermissionsBoundary") is None
    ]
    if len(by_globals) > 1:
        bare = [each for each in bare if each not in by_globals]
        named = and_more([f"`{each.logical_id}`" for each in by_globals])
        found = f"{named} have no `PermissionsBoundary`"
        line = line_of(service.template, "Globals", "Function") or by_globals[0].line
        yield LESSON.finding(TEMPLATE, line, found, fix=BOUND)
    for each in bare:
        found = f"`{each.logical_id}` has no `PermissionsBoundary`"
        yield LESSON.finding(TEMPLATE, each.line, found, resource=each.logical_id, fix=BOUND)
    for function in service.functions:
        for name, event in function.events.items():
            # The scheduler calls the function with a role that SAM makes.
            given = at(event, "Properties")
            if event["Type"] != "ScheduleV2" or at(given, "RoleArn") is not None:
                continue
            if not _is_bounded(at(given, "PermissionsBoundary")):
                found = f"`{name}` of `{function.logical_id}` has no `PermissionsBoundary`"
                line = function.line_of("Events", name)
                fix = "Give the event the `PermissionsBoundary` that functions get under Globals."
                resource = function.logical_id
                yield LESSON.finding(TEMPLATE, line, found, resource=resource, fix=fix)


MAKES_ROLES = ("AWS::IAM::Role", "AWS::Serverless::Function", "AWS::Serverless::StateMachine")


BOUND = (
    "Give every role the boundary of `infra/environment.yaml`: `PermissionsBoundary` under Globals"
    " → Function, and on each `AWS::IAM::Role`."
)


def _makes_a_bare_role(resource: Resource) -> bool:
    own_role = resource.type != "AWS::IAM::Role" and resource.get("Role") is not None
    return not own_role and not _is_bounded(resource.get("PermissionsBoundary"))


def _is_bounded(boundary: Any) -> bool:
    """Whether it is a policy of one's own: AWS has none that bounds a service."""
    if not boundary or "AWS::NoValue" in targets(boundary):
        return False
    return not any(":iam::aws:policy/" in text for text, _line in strings(boundary))


@LESSON.check
def roles_allow_what_is_asked(service: Service) -> Iterator[Finding]:
    """CloudFormation's role may make what template.yaml has, and no policy exceeds the boundary."""
    found: dict[tuple[str, str], Gap] = {}
    for each in ENVIRONMENTS:
        both = Environment(deployed(service, TEMPLATE, each), deployed(service, INFRA, each))
        found |= {(gap.resource, gap.asks): gap for gap in gaps(both)}
    for gap in found.values():
        resource = service.resources[gap.resource]
        lines = (line for text, line in strings(resource.body) if text == gap.asks)
        line = next(lines, resource.line)
        yield LESSON.finding(TEMPLATE, line, gap.found, resource=gap.resource, fix=gap.fix)
