"""IAM-08: Nothing is open to everybody by the policy of a resource or the URL of a function, unless
a comment says why.

Why: A queue whose policy was copied from an example took messages from every AWS account.

Here: The policies of queues, topics and buckets name a service and the source in this account; those
with `Principal: "*"` deny.

Fix: Name who may call under `Principal`, or add a condition on the caller, as `StringEquals:
{aws:SourceAccount: !Ref AWS::AccountId}` is; of an `AWS::Lambda::Permission` that is its
`SourceAccount`. Where everybody may call, say why in a comment above it that begins with `Public:`.

Defended by: gate.

See: docs/access.md.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import all_deployed, environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import TEMPLATES, Statement, has_reason, listed, statements
from kit.gate.scopes import POSITIVE
from kit.gate.service import Resource, Service
from kit.layout import TEMPLATE
from kit.template import LocatedMapping, Template, at, strings

LESSON = Lesson.read(__doc__)

PUBLIC = "Public:"
# Properties that narrow a permission which is a resource itself, as conditions of a policy.
CONDITIONS = {
    "OrganizationId": "aws:PrincipalOrgID",
    "PrincipalOrgID": "aws:PrincipalOrgID",
    "SourceAccount": "aws:SourceAccount",
    "SourceArn": "aws:SourceArn",
}
# Condition keys that say who calls, for whom, or from which network. A tag, the name of a user
# and a private address don't: any account can have the same.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
CALLER = re.compile(
    r"aws:(?:source(?:account|arn|ip|orgid|orgpaths|owner|vpc|vpce)|userid"
    r"|principal(?:account|arn|orgid|orgpaths))"
    r"|kms:calleraccount|s3:dataaccesspoint(?:account|arn)"
)
# Where a service calls for whoever asks it: without a condition, for every account.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
FOR_OTHERS = ("AWS::Lambda::Permission", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
OPERATORS = POSITIVE | {"IpAddress"}
EVERY_NETWORK = {"0.0.0.0/0", "::/0"}
AWS_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")
URL_FIX = (
    "Set `AuthType: AWS_IAM`; where everybody may call it, say why in a comment above it that begins"
    " with `Public:`."
)


@LESSON.check
def policies_name_callers(service: Service) -> Iterator[Finding]:
    """Whatever a resource allows, it allows to somebody."""
    for path in TEMPLATES:
        templates = [*all_deployed(service, path).values()]
        for resource in service.resources_of(path).values():
            for statement in _statements(path, resource):
                is_open = any(_is_open(statement, template) for template in templates)
                if is_open and not has_reason(service, path, resource.body, resource.line, PUBLIC):
                    message = f"{statement.name} lets callers in from every AWS account"
                    key = "Principal" if "Principal" in statement.body else "NotPrincipal"
                    line, name = statement.line_of(key), resource.logical_id
                    yield LESSON.finding(path, line, message, resource=name)


@LESSON.check
def urls_ask_who_calls(service: Service) -> Iterator[Finding]:
    """The URL of a function asks for a signature."""
    for resource in service.of_type("AWS::Lambda::Url", "AWS::Serverless::Function"):
        keys = () if resource.type == "AWS::Lambda::Url" else ("FunctionUrlConfig",)
        written = resource.get(*keys, "AuthType")
        is_open = any(resolved(item, written) == "NONE" for item in environments(service).values())
        part, line = (resource.get(*keys) if keys else resource.body), resource.line_of(*keys)
        if is_open and not has_reason(service, TEMPLATE, part, line, PUBLIC):
            message = f"everybody may call the URL of `{resource.logical_id}`"
            yield LESSON.finding_in(resource, resource.line_of(*keys, "AuthType"), message, URL_FIX)


def _statements(path: str, resource: Resource) -> Iterator[Statement]:
    """The statements of a resource, among them itself, where it is one. IAM-03 is about trust,
    EVT-08 about APIs, and what an endpoint of a VPC lets through is no access."""
    properties = resource.properties
    # A URL for everybody needs two such permissions, and is reported itself.
    # https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    is_for_url = properties.get("FunctionUrlAuthType") == "NONE"
    if is_for_url or properties.get("InvokedViaFunctionUrl") in (True, "true"):
        return
    if "Principal" in properties:
        limits = {name: properties[key] for key, name in CONDITIONS.items() if key in properties}
        own = resource.get("Condition")  # of an event bus
        more = {at(own, "Type"): {at(own, "Key"): at(own, "Value")}}
        body = LocatedMapping(properties)
        body.update({"Effect": "Allow", "Condition": {"StringLike": limits, **more}})
        body.line, body.lines = resource.line, getattr(properties, "lines", {})
        yield Statement(path, resource, body)
    elif resource.type not in ("AWS::EC2::VPCEndpoint", "AWS::IAM::Role"):
        for statement in statements(path, resource):
            if not all(action.startswith("execute-api:") for action in statement.actions):
                yield statement


def _is_open(statement: Statement, template: Template) -> bool:
    """Whether a statement allows everybody something: no condition says who they are."""
    principal = statement.body.get("Principal")
    names = {text for text, _line in strings([resolved(template, principal) or principal])}
    by_service = statement.holder.type in FOR_OTHERS and any(map(AWS_SERVICE.fullmatch, names))
    return (
        statement.allows
        and ("*" in names or by_service or "NotPrincipal" in statement.body)
        and not any(
            operator.removeprefix("ForAnyValue:") in OPERATORS
            and CALLER.fullmatch(key)
            and all(map(_narrows, listed(resolved(template, value))))
            for key, operator, value in statement.conditions()
        )
    )


def _narrows(value: Any) -> bool:
    """Whether not everybody can have such a value: arn:aws:sns:*:*:*, o-* and 0.0.0.0/0 are all."""
    text = str(value)
    if text.startswith("arn:"):
        account, _, name = ":".join(text.split(":")[4:]).partition(":")
        return bool(account.strip("*?")) or (not account and name[:1] not in ("", "*", "?"))
    start = re.split(r"[*?]", text)[0]
    return text not in EVERY_NETWORK and (start == text or len(re.sub(r"\W", "", start)) > 4)
