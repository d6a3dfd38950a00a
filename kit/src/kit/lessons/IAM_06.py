"""IAM-06: Each function has a role of its own, made in `template.yaml`, with what its code does and
no more.

Why: A shared role had what any function ever needed, and so had each of them.

Here: `Policies` of each function; SAM makes its role. `make lessons` compares its actions with the
names in the code.

Fix: Replace `Role` by `Policies` on the function, with single actions on single resources; where
AWS offers no narrower scope than `*`, say why in a comment beside it that begins with `No narrower
scope:`.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.policies import Statement, listed, referenced_ids, statements
from kit.gate.python_names import constant
from kit.gate.scopes import too_wide
from kit.gate.service import Function, Resource, Service
from kit.gate.wiring import dead_letters, sources
from kit.layout import TEMPLATE
from kit.template import at, strings

LESSON = Lesson.read(__doc__)

BROAD = re.compile(
    r"FullAccess|ReadOnlyAccess|AdministratorAccess|PowerUserAccess|SecretsManagerReadWrite"
)
RUNS_CODE = (
    *("AWS::Lambda::Function", "AWS::Serverless::Function"),
    *("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"),
)
# How code names a service, in names and in texts, whatever their case. Secrets are SEC-03's.
# https://docs.aws.amazon.com/service-authorization/latest/reference/ has the prefixes of actions.
WORDS = {
    "dynamodb": "dynamo",
    "events": "events",
    "kinesis": "kinesis",
    "s3": r"s3(?-i:(?![a-z]))",  # but no function `s3sync`
    "ses": "ses",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm|parameter",
    "states": "stepfunctions|sfn",
}
# Clients of boto3 that are not called like the prefix.
CLIENTS = {"sesv2": "ses", "stepfunctions": "states"}
# Services whose actions are called like the methods of their clients; other names that need one.
BY_NAME = ("dynamodb", "events", "sns", "sqs", "states")
WRITES = {"batch_writer", "transact_write_items", "DynamoDBPersistenceLayer"}
ALSO = {
    "dynamodb:ConditionCheckItem": WRITES,
    "dynamodb:BatchWriteItem": WRITES,
    "dynamodb:DeleteItem": WRITES,
    "dynamodb:GetItem": {"transact_get_items", "DynamoDBProvider", "DynamoDBPersistenceLayer"},
    "dynamodb:PutItem": WRITES,
    "dynamodb:UpdateItem": WRITES,
}
# What Lambda does with the role of a function that a queue or a stream invokes.
OF_SOURCES = re.compile(
    r"(dynamodb|kinesis):(DescribeStream\w*|GetRecords|GetShardIterator|List\w+|SubscribeToShard)"
    r"|sqs:(ChangeMessageVisibility|DeleteMessage|GetQueueAttributes|ReceiveMessage)"
)


@LESSON.check
def one_role_each(service: Service) -> Iterator[Finding]:
    """No function has a role that is made elsewhere, or that another one has too."""
    own = {role.logical_id for role in service.of_type("AWS::IAM::Role")}
    users: dict[str, str] = {}
    for resource in service.of_type(*RUNS_CODE):
        role = resource.get("Role") or resource.get("RoleArn")
        declared = referenced_ids(role) & own
        user = resource.logical_id
        owners = [users.setdefault(name, user) for name in sorted(declared)]
        if role and not declared:
            message = f"`{user}` has a role that is not made in `{TEMPLATE}`"
        elif owners and owners[0] != user:
            message = f"`{user}` has the same role as `{owners[0]}`"
        else:
            continue
        yield LESSON.finding_in(resource, resource.line_of("Role"), message)


@LESSON.check
def narrow(service: Service) -> Iterator[Finding]:
    """What template.yaml allows is single actions on resources of this service."""
    yield from too_wide(LESSON, service, TEMPLATE)
    for resource in service.resources.values():
        for key in ("Policies", "ManagedPolicyArns"):
            for number, policy in enumerate(listed(resource.get(key))):
                yield from _broad(resource, policy, resource.line_of(key, number))


def _broad(resource: Resource, policy: Any, line: int) -> Iterator[Finding]:
    """Managed policies of AWS and policy templates of SAM that reach everything."""
    if isinstance(policy, str) or at(policy, "Fn::Sub") or at(policy, "Fn::Join"):
        for text in (text for text, _line in strings(policy) if BROAD.search(text)):
            message = f"`{resource.logical_id}` has the managed policy `{text.split('/')[-1]}`"
            fix = "Replace it by a statement with the actions that the code calls."
            yield LESSON.finding_in(resource, line, message, fix)
    elif isinstance(policy, dict):
        for name, parameters in policy.items():
            if str(name).endswith("Policy") and "*" in [text for text, _ in strings(parameters)]:
                message = f"`{resource.logical_id}` has `{name}` for `*`"
                fix = "Give it the name of a resource, as `!Ref Table` does."
                yield LESSON.finding_in(resource, line, message, fix)


@LESSON.check
def no_more_than_the_code_does(service: Service) -> Iterator[Finding]:
    """Nothing is allowed that the code of the function has nothing to do with."""
    failures = dead_letters(service)
    readers = {source.function.logical_id for source in sources(service) if source.function}
    for function in service.functions:
        names = _names_in_code(service, function)
        reads = function.logical_id in readers
        for statement in _grants(function) if names else ():
            if referenced_ids(statement.body.get("Resource")) & failures:
                continue
            for number, action in enumerate(statement.actions):
                by_lambda = reads and OF_SOURCES.fullmatch(action)
                if not by_lambda and not _is_needed(action, names):
                    message = f"`{function.logical_id}` may `{action}`, which its code never calls"
                    line, fix = (
                        statement.line_of("Action", number),
                        "Remove the action, or call it.",
                    )
                    yield LESSON.finding_in(function, line, message, fix)


@LESSON.check
def no_less_than_the_code_does(service: Service) -> Iterator[Finding]:
    """A service that the code has a client of is in the policies of the function."""
    for function in service.functions:
        allowed = _allowed(service, function)
        for module in service.modules(function.folder) if allowed is not None else ():
            for line, client in _clients(module):
                prefix = CLIENTS.get(client, client)
                if prefix in WORDS and prefix not in (allowed or ()):
                    name = function.logical_id
                    message = f"makes a client of `{client}`, which `{name}` has no permission for"
                    fix = (
                        f"Allow the actions that the code calls, `{prefix}:…`, on the resources"
                        f" that it uses, under `Policies` of `{name}`."
                    )
                    yield LESSON.finding(module.path, line, message, resource=name, fix=fix)


def _grants(function: Function) -> list[Statement]:
    """What the function's own policies allow."""
    return [statement for statement in statements(TEMPLATE, function) if statement.grants]


def _names_in_code(service: Service, function: Function) -> set[str]:
    """The names and texts of a function's code; none where code that is elsewhere may call AWS."""
    layers = [service.resources.get(name) for name in referenced_ids(function.get("Layers"))]
    elsewhere = len(listed(function.get("Layers"))) > len(layers) or None in layers
    if not function.folder or elsewhere or service.has(f"{function.folder}/requirements.private"):
        return set()
    names: set[str] = set()
    for folder in [function.folder, *(str(layer.get("ContentUri")) for layer in layers if layer)]:
        for module in service.modules(folder.strip("./")):
            names |= {node.attr for node in module.nodes(ast.Attribute)}
            names |= {node.id for node in module.nodes(ast.Name)}
            names |= {node.name for node in module.nodes(ast.alias)}
            names |= {str(node.module) for node in module.nodes(ast.ImportFrom)}
            # Docstrings may speak of anything.
            prose = {id(node.value) for node in module.nodes(ast.Expr)}
            texts = (node for node in module.nodes(ast.Constant) if id(node) not in prose)
            names |= {node.value for node in texts if isinstance(node.value, str)}
    return names


def _is_needed(action: str, names: set[str]) -> bool:
    """Whether code has to do with an action, as far as its names say."""
    prefix, _, verb = action.partition(":")
    if prefix not in WORDS or "*" in verb or verb.startswith("PartiQL"):
        return True
    if not _names_service(prefix, " ".join(names)):
        return False
    # Packages that wrap a service have names of their own for what it does.
    if prefix not in BY_NAME or any("pynamodb" in name for name in names):
        return True
    method = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", verb).lower()
    return bool(ALSO.get(action, set()) & names) or any(n.startswith(method) for n in names)


def _names_service(prefix: str, text: str) -> bool:
    return bool(re.search(WORDS[prefix], text, re.IGNORECASE))


def _allowed(service: Service, function: Function) -> set[str] | None:
    """The services that a function's policies name; None where something else may allow more."""
    names = {f"{function.logical_id}Role", function.logical_id}
    elsewhere = any(
        names & referenced_ids([resource.get("Source"), resource.get("Roles")])
        for resource in service.of_type("AWS::Serverless::Connector", "AWS::IAM::")
    )
    if elsewhere or function.get("Role") or function.body.get("Connectors") or not function.folder:
        return None
    allowed = {action.partition(":")[0] for grant in _grants(function) for action in grant.actions}
    for policy in listed(function.get("Policies")):
        if at(policy, "Statement"):
            continue
        if not isinstance(policy, dict) or not str(next(iter(policy), "")).endswith("Policy"):
            return None  # a managed policy, or one that is computed
        text = f"{policy} {' '.join(text for text, _line in strings(policy))}"
        allowed |= {prefix for prefix in WORDS if _names_service(prefix, text)}
    return allowed


def _clients(module: Module) -> Iterator[tuple[int, str]]:
    """The clients that boto3 makes with the permissions of the function."""
    for call in module.nodes(ast.Call):
        is_client = dotted(call.func) in ("boto3.client", "boto3.resource") and call.args
        if is_client and not any(str(keyword.arg).startswith("aws_") for keyword in call.keywords):
            yield call.lineno, str(constant(call.args[0]))
