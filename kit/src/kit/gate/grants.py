"""What template.yaml asks of AWS, and the roles of infra/environment.yaml do not allow.

CloudFormation finds out in the middle of a deployment, and IAM when a function first calls. What is
compared: that CloudFormation's role may create each resource, may hand over each role and attach each
managed policy; and that the boundary allows what the policies of functions and roles do. Which actions
there are, and which ARNs they have, is what cfn-lint's and SAM's data say. What a resource needs beyond
being created (to be changed, tagged or deleted) is not looked at, and conditions are but those above.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kit.layout import INFRA
from kit.template import SAM, Template, UnknownError, at, is_intrinsic, mapping_of, statements

from .aws import PREFIXES, actions, actions_of, expanded
from .policies import listed, referenced_ids

ROLE, BOUNDARY = "ExecutionRole", "Boundary"
# What goes wrong with a part that is not as CloudFormation wants it: linters report that.
ODD = (AttributeError, LookupError, RecursionError, TypeError, ValueError, UnknownError)
# What SAM makes of its types, and of the events of its functions.
SAM_TYPES = {
    **{kind: created for kind, (created, *_own) in SAM.items()},
    "AWS::Serverless::Application": "AWS::CloudFormation::Stack",
    "AWS::Serverless::Connector": "AWS::IAM::ManagedPolicy",
    "AWS::Serverless::GraphQLApi": "AWS::AppSync::GraphQLApi",
}
EVENTS = {
    "Api": "AWS::ApiGateway::RestApi",
    "CloudWatchEvent": "AWS::Events::Rule",
    "CloudWatchLogs": "AWS::Logs::SubscriptionFilter",
    "EventBridgeRule": "AWS::Events::Rule",
    "HttpApi": "AWS::ApiGatewayV2::Api",
    "IoTRule": "AWS::IoT::TopicRule",
    "SNS": "AWS::SNS::Subscription",
    "Schedule": "AWS::Events::Rule",
    "ScheduleV2": "AWS::Scheduler::Schedule",
}
# Managed policies that SAM attaches to the role of a function with such an event.
ATTACHES = {
    "DynamoDB": "service-role/AWSLambdaDynamoDBExecutionRole",
    "Kinesis": "service-role/AWSLambdaKinesisExecutionRole",
    "MQ": "service-role/AWSLambdaBasicExecutionRole",
    "MSK": "service-role/AWSLambdaMSKExecutionRole",
    "SQS": "service-role/AWSLambdaSQSQueueExecutionRole",
}
# What creates a resource, where that is neither Create… nor Put… with the name of the type.
CREATES = {
    "AWS::Budgets::Budget": "budgets:ModifyBudget",
    "AWS::CertificateManager::Certificate": "acm:RequestCertificate",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
    "AWS::EC2::SecurityGroupEgress": "ec2:AuthorizeSecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress": "ec2:AuthorizeSecurityGroupIngress",
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
    "AWS::IAM::Policy": "iam:PutRolePolicy",
    "AWS::Lambda::EventInvokeConfig": "lambda:PutFunctionEventInvokeConfig",
    "AWS::Lambda::LayerVersion": "lambda:PublishLayerVersion",
    "AWS::Lambda::Permission": "lambda:AddPermission",
    "AWS::Lambda::Url": "lambda:CreateFunctionUrlConfig",
    "AWS::Lambda::Version": "lambda:PublishVersion",
    "AWS::SNS::Subscription": "sns:Subscribe",
    "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
}
# Where an API Gateway of either kind has what is not part of an API.
PATHS = {
    "ApiKey": "/apikeys",
    "DomainName": "/domainnames",
    "UsagePlan": "/usageplans",
    "VpcLink": "/vpclinks",
}
# Types whose names CloudFormation makes up of the stack's and their logical id.
MADE_UP = {
    *("AWS::CloudWatch::Alarm", "AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::Kinesis::Stream"),
    *("AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SNS::Topic"),
    *("AWS::SQS::Queue", "AWS::StepFunctions::StateMachine"),
}


@dataclass(frozen=True)
class Gap:
    """Something that template.yaml asks for and nobody is given."""

    resource: str
    """The logical id in template.yaml."""
    asks: str
    """What it asks, as it stands there: the action, or the type."""
    found: str
    fix: str
    own_name: str = ""
    """The end of the ARN that is not allowed, where a resource of template.yaml has that name."""


@dataclass(frozen=True)
class Statement:
    """A statement of a policy of infra/environment.yaml, in one environment."""

    policy: str
    sid: str
    line: int
    allows: bool
    actions: list[str]
    resources: list[str]
    conditions: dict[str, Any]

    def is_about(self, action: str, arns: list[str]) -> bool:
        """Whether it covers the action, on one of these; of none it is about the action alone."""
        covers = any(fnmatchcase(action.lower(), item.lower()) for item in self.actions)
        return covers and (not arns or any(touch(a, b) for a in arns for b in self.resources))

    def covers_all(self, action: str, arns: list[str]) -> bool:
        """Whether it covers the action on all of these, wholly."""
        return bool(arns) and all(
            self.is_about(action, [arn])
            and any(fnmatchcase(arn, pattern) for pattern in self.resources)
            for arn in arns
        )


def touch(one: str, other: str) -> bool:
    """Whether one of two resources, which may have wildcards, has the other in it."""
    # What ends the ARN of a secret may be written in either way.
    one, other = one.replace("??????", "*"), other.replace("??????", "*")
    return fnmatchcase(one, other) or fnmatchcase(other, one)


# ── What is known of AWS ─────────────────────────────────────────────────────


def _formats(action: str) -> list[str]:
    """The ARNs that an action knows, with `.*` for what has a name; none where it knows no names."""
    prefix, _, verb = action.partition(":")
    service = actions().get(prefix, {})
    kinds = service.get("Actions", {}).get(verb.lower(), {}).get("Resources", [])
    return [
        arn
        for kind in kinds
        for arn in service["Resources"].get(kind, {}).get("ARNFormats", [])
        if arn.startswith("arn:${Partition}:" + prefix + ":")
    ]


def prefix_of(kind: str) -> str:
    service = kind.split("::")[1].lower()
    return PREFIXES.get(service, service)


def creates(kind: str) -> str:
    """The action that makes a resource of a type; empty where that is not known."""
    if kind in CREATES:
        return CREATES[kind]
    prefix, last = prefix_of(kind), kind.split("::")[-1]
    if prefix == "apigateway":
        return "apigateway:POST"
    known = actions_of(prefix)
    verbs = [f"{verb}{last}" for verb in ("Create", "Put") if f"{verb}{last}".lower() in known]
    return f"{prefix}:{verbs[0]}" if verbs else ""


# ── Both templates in one environment ────────────────────────────────────────


class Known(dict[str, Any]):
    """What !Ref and !GetAtt of a template come to, as far as names say it; else <Table.Arn>."""

    def __init__(self, template: Template) -> None:
        super().__init__()
        self.template = template

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        name, _, attribute = key.partition(".")
        body = self.template.data["Resources"].get(name)
        if not isinstance(body, dict):
            return f"<{key}>"
        names = arns(self.template, name, _kind(body), body.get("Properties") or {})
        is_arn = attribute.endswith("Arn") or _kind(body) in ARN_IS_REF
        if len(names) != 1 or not (attribute in ("", "QueueName") or is_arn):
            return f"<{key}>"
        if is_arn:
            return names[0] + ("/stream/*" if attribute == "StreamArn" else "")
        return re.split("[:/]", names[0])[-1]


ARN_IS_REF = ("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine")


def _kind(body: Any) -> str:
    kind = str(body.get("Type", "")) if isinstance(body, dict) else ""
    return SAM_TYPES.get(kind, kind)


def arns(template: Template, logical_id: str, kind: str, properties: Any) -> list[str]:
    """What a resource may have as its ARN, by its name; none where it has no name of its own."""
    last = kind.split("::")[-1]
    if prefix_of(kind) == "apigateway":
        path = PATHS.get(last) or ("/apis" if "V2" in kind else "/restapis")
        of = template.pseudo
        return [f"arn:{of['AWS::Partition']}:apigateway:{of['AWS::Region']}::{path}"]
    name = template.name(kind, properties)
    if name is None and kind not in MADE_UP:
        given = properties.get(f"{last}Name")
        name = str(template.resolve(given)) if given is not None else None
    elif name is None:
        name = f"{template.pseudo['AWS::StackName']}-{logical_id}-A1B2C3D4E5F6"
        name = name.lower() if kind == "AWS::S3::Bucket" else name
        name += ".fifo" if properties.get("FifoQueue") or properties.get("FifoTopic") else ""
    if name is None or "<" in name:
        return []
    values = {
        "${Partition}": template.pseudo["AWS::Partition"],
        "${Region}": template.pseudo["AWS::Region"],
        "${Account}": template.pseudo["AWS::AccountId"],
        ".*": name,
    }
    found = _formats(creates(kind))
    for written, value in values.items():
        found = [item.replace(written, value) for item in found]
    # A few actions know more than what they make: PutMetricAlarm a data set.
    own = [item for item in found if f"{last}{name}".lower() in re.sub("[:/-]", "", item.lower())]
    return own or found


def is_comparable() -> bool:
    """Whether cfn-lint is installed, whose data says what is asked of AWS."""
    return bool(actions())


@dataclass
class Environment:
    """template.yaml and infra/environment.yaml in one environment."""

    template: Template
    infra: Template

    def __post_init__(self) -> None:
        for template in (self.template, self.infra):
            template.known = Known(template)

    def statements(self, *policies: str) -> list[Statement]:
        """The statements of policies of infra/environment.yaml, by their logical ids."""
        resources = self.infra.data["Resources"]
        return [
            self._statement(policy, body)
            for policy in policies
            for key in ("PolicyDocument", "Policies")
            for body in statements(resources[policy]["Properties"].get(key))
        ]

    def _statement(self, policy: str, body: Any) -> Statement:
        resolved = self.infra.resolve(body)
        conditions = resolved.get("Condition") or {}
        return Statement(
            policy,
            str(resolved.get("Sid", "")),
            getattr(body, "line", 0),
            resolved.get("Effect") == "Allow",
            _texts(resolved.get("Action")),
            _texts(resolved.get("Resource")),
            {key.lower(): value for keys in conditions.values() for key, value in keys.items()},
        )

    @property
    def execution(self) -> list[Statement]:
        """What the role may do that CloudFormation gets."""
        role = self.infra.data["Resources"][ROLE]["Properties"]
        attached = [item["Ref"] for item in role.get("ManagedPolicyArns", []) if "Ref" in item]
        return self.statements(ROLE, *attached)

    @property
    def bound(self) -> str:
        """The ARN of the boundary."""
        return str(self.infra.resolve({"Ref": BOUNDARY}))

    @property
    def boundary(self) -> list[Statement]:
        return self.statements(BOUNDARY)


def _texts(node: Any) -> list[str]:
    return [str(item) for item in listed(node)]


def allowed(statements: list[Statement], action: str, on: list[str]) -> bool:
    """Whether an action is allowed on one of these resources; of none, on whichever."""
    denied = any(
        statement.covers_all(action, on)
        for statement in statements
        if not statement.allows and not statement.conditions
    )
    return not denied and any(item.allows and item.is_about(action, on) for item in statements)


# ── The comparison ───────────────────────────────────────────────────────────


def gaps(environment: Environment) -> Iterator[Gap]:
    """Everything that is asked for and not given."""
    if not {ROLE, BOUNDARY} <= environment.infra.data["Resources"].keys():
        return  # roles of the service's own making
    execution, boundary = environment.execution, environment.boundary
    for name, body in environment.template.data["Resources"].items():
        with contextlib.suppress(*ODD):
            if "Condition" in body and not environment.template.holds(body["Condition"]):
                continue
            yield from _creation_gaps(environment, execution, name, body)
            yield from _role_gaps(environment, execution, name, body)
            yield from _policy_gaps(environment, boundary, name, body)


def _creation_gaps(
    environment: Environment, execution: list[Statement], name: str, body: Any
) -> Iterator[Gap]:
    """What CloudFormation may not create."""
    kind = _kind(body)
    kinds = {kind: arns(environment.template, name, kind, body.get("Properties") or {})}
    for event in _events(body):
        if made := EVENTS.get(str(at(event, "Type"))):
            kinds.setdefault(made, arns(environment.template, name, made, {}))
    for created, on in kinds.items():
        action = creates(created)
        asked = action or f"{prefix_of(created)}:*"
        known = allowed(execution, action, on) if action else _near(execution, asked)
        if not created.startswith("AWS::") or known:
            continue
        where = _where(execution, action, on)
        verb = "is" if created == kind else "makes"
        found = f"`{name}` {verb} an `{created}`, and CloudFormation's role may not `{asked}`"
        fix = _extend(execution, asked, on, ROLE_POLICY)
        yield Gap(name, str(body["Type"]), found + where, fix, _short(on[0]) if where else "")


def _near(statements: list[Statement], action: str) -> list[Statement]:
    """The statements that allow something of the same service."""
    prefix = f"{action.split(':')[0]}:"
    return [
        statement
        for statement in statements
        if statement.allows and any(own.lower().startswith(prefix) for own in statement.actions)
    ]


def _where(statements: list[Statement], action: str, on: list[str]) -> str:
    """Where an action is not allowed, when it is elsewhere."""
    return f" on `{_short(on[0])}`" if on and allowed(statements, action, []) else ""


def _events(body: Any) -> list[Any]:
    return [*mapping_of(body, "Properties", "Events").values()]


def _role_gaps(
    environment: Environment, execution: list[Statement], name: str, body: Any
) -> Iterator[Gap]:
    """To whom CloudFormation may not pass a role, and which policies it may not attach."""
    template, properties = environment.template, body.get("Properties") or {}
    trust = properties.get("AssumeRolePolicyDocument") or {}
    for statement in listed(trust.get("Statement")):
        principal = template.resolve(statement.get("Principal") or {})
        for service in _texts(principal.get("Service")):
            if service not in _condition(execution, "iam:PassRole", "PassedToService", service):
                found = f"CloudFormation's role may not pass `{name}` to `{service}`"
                fix = _extend(execution, "iam:PassRole", [], ROLE_POLICY, "`iam:PassedToService`")
                yield Gap(name, service, found, fix)
    boundary = template.resolve(properties.get("PermissionsBoundary"))
    if isinstance(boundary, str) and not boundary.startswith("<") and boundary != environment.bound:
        found = f"CloudFormation's role may create `{name}` only with the boundary of {INFRA}"
        fix = f"Make its `PermissionsBoundary` come to `{_short(environment.bound)}`."
        yield Gap(name, "PermissionsBoundary", found, fix)
    policies = [*listed(properties.get("ManagedPolicyArns"))]
    if body["Type"] == "AWS::Serverless::Function" and "Role" not in properties:
        policies += [item for item in listed(properties.get("Policies")) if _is_managed(item)]
        types = [str(at(event, "Type")) for event in _events(body)]
        policies += [ATTACHES[type_] for type_ in types if type_ in ATTACHES]
    for policy in policies:
        arn = str(template.resolve(policy))
        short = arn.split("/")[-1]
        attachable = _condition(execution, "iam:AttachRolePolicy", "PolicyARN", short)
        if "<" not in arn and short not in (item.split("/")[-1] for item in attachable):
            found = f"CloudFormation's role may not attach `{short}`, which `{name}` has"
            fix = _extend(execution, "iam:AttachRolePolicy", [], ROLE_POLICY, "`iam:PolicyARN`")
            yield Gap(name, str(policy), found, fix)


def _condition(statements: list[Statement], action: str, key: str, default: str) -> list[str]:
    """What the statements that allow an action want as iam:KEY; the default where they don't ask."""
    key = f"iam:{key}".lower()
    about = _about(statements, action)
    return [text for item in about for text in _texts(item.conditions.get(key, default))]


def _about(statements: list[Statement], action: str) -> list[Statement]:
    """The statements that allow an action on something."""
    return [item for item in statements if item.allows and item.is_about(action, [])]


def _is_managed(policy: Any) -> bool:
    """Whether it is a managed policy, and neither a statement nor a policy template of SAM."""
    return isinstance(policy, str) or is_intrinsic(policy)


def _policy_gaps(
    environment: Environment, boundary: list[Statement], name: str, body: Any
) -> Iterator[Gap]:
    """What the policies of a role or function allow and the boundary does not."""
    properties = body.get("Properties") or {}
    policies = [item for item in listed(properties.get("Policies")) if not _is_managed(item)]
    document = properties.get("PolicyDocument") if _kind(body).startswith("AWS::IAM::") else None
    for statement in statements([*map(expanded, policies), document]):
        if statement.get("Effect") != "Allow" or "Action" not in statement:
            continue
        resolved = environment.template.resolve(statement)
        # What a parameter without a default comes to, or begins with, is not known.
        known = [
            arn for arn in _texts(resolved.get("Resource")) if re.match(r"(arn:|\*)[^<]*$", arn)
        ]
        arns = [[arn] for arn in known] or [[]]
        for action in _texts(resolved["Action"]):
            on = next((item for item in arns if not _allows_part(boundary, action, item)), None)
            if on is not None:
                where = _where(boundary, action, on)
                found = f"`{name}` may `{action}`{where}, and the boundary does not allow it"
                targets = referenced_ids(statement.get("Resource"))
                is_own = where and targets & environment.template.data["Resources"].keys()
                fix = _extend(boundary, action, on, f"`{BOUNDARY}`")
                yield Gap(name, action, found, fix, _short(on[0]) if is_own else "")


def _allows_part(statements: list[Statement], action: str, on: list[str]) -> bool:
    """Whether an action is allowed, or one that its wildcards include."""
    known = [own for statement in statements if statement.allows for own in statement.actions]
    included = [own for own in known if fnmatchcase(own.lower(), action.lower())]
    return any(allowed(statements, own, on) for own in (action, *included))


# ── What to do ───────────────────────────────────────────────────────────────


# How advice ends that is about the roles.
THEN = ", then have an administrator run `make bootstrap`."
ROLE_POLICY = f"a policy of `{ROLE}`"


def _extend(
    statements: list[Statement], action: str, on: list[str], where: str, condition: str = ""
) -> str:
    """Which statement to extend, or where a new one belongs."""
    about = _about(statements, action)
    near = about or _near(statements, action)
    near = [item for item in near if item.resources != ["*"]] or near
    rest = f"in {INFRA}{THEN}"
    if not near:
        resource = f" on `{_short(on[0])}`" if on else ""
        return f"Allow `{action}`{resource} in a new statement of {where} {rest}"
    place = f"the statement `{near[0].sid}` of `{near[0].policy}`, line {near[0].line}"
    if about and not condition:
        return f"Give it a name that `Resource` of {place} has, or add its own there {rest}"
    return f"Extend {condition or f'`Action` with `{action}`'} in {place} {rest}"


def _short(arn: str) -> str:
    """An ARN without what all of an account have."""
    return arn.split(":", 5)[-1] if arn.startswith("arn:") else arn
