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
from kit.gate.policies import (
    Statement,
    listed,
    statements,
    targets,
)
from kit.gate.scopes import wide_part
from kit.gate.service import TEMPLATE, Function, Service
from kit.gate.wiring import dead_letters, sources
from kit.template import at, strings

LESSON = Lesson.read(__doc__)


BROAD = re.compile(
    r"FullAccess|ReadOnlyAccess|AdministratorAccess|PowerUserAccess|SecretsManagerReadWrite"
)


RUNS_CODE = (
    *("AWS::Lambda::Function", "AWS::Serverless::Function"),
    *("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"),
)


@LESSON.check
def one_role_each(service: Service) -> Iterator[Finding]:
    """No function has a role that is made elsewhere, or that another one has too."""
    own = {each.logical_id for each in service.of_type("AWS::IAM::Role")}
    users: dict[str, list[str]] = {}
    for each in service.of_type(*RUNS_CODE):
        role = each.get("Role", "Fn::GetAtt", 0) or each.get("Role", "Ref")
        if each.get("Role") is None and each.get("RoleArn") is None:
            continue
        declared = targets(each.get("Role") or each.get("RoleArn")) & own
        for name in declared:
            users.setdefault(name, []).append(each.logical_id)
        line = each.line_of("Role")
        if not declared:
            shown = f"`{role}`" if isinstance(role, str) else "one that is made elsewhere"
            found = f"`{each.logical_id}` has no role of its own, but {shown}"
            yield LESSON.finding(TEMPLATE, line, found, resource=each.logical_id)
        elif shared := [name for name in sorted(declared) if len(users[name]) > 1]:
            found = f"`{each.logical_id}` shares `{shared[0]}` with `{users[shared[0]][0]}`"
            yield LESSON.finding(TEMPLATE, line, found, resource=each.logical_id)


@LESSON.check
def narrow(service: Service) -> Iterator[Finding]:
    """What template.yaml allows is single actions on resources of this service."""
    yield from wide_part(service, LESSON.id, TEMPLATE)
    for each in service.resources.values():
        for key in ("Policies", "ManagedPolicyArns"):
            for number, policy in enumerate(listed(each.get(key))):
                line = each.line_of(key, number)
                for found, fix in _broad(policy):
                    told, name = f"`{each.logical_id}` has {found}", each.logical_id
                    yield LESSON.finding(TEMPLATE, line, told, resource=name, fix=fix)


def _broad(policy: Any) -> Iterator[tuple[str, str]]:
    """The managed policies of AWS, and SAM's policy templates, that reach everything."""
    if isinstance(policy, str) or at(policy, "Fn::Sub") or at(policy, "Fn::Join"):
        for text, _line in strings(policy):
            if BROAD.search(text):
                fix = (
                    "Replace it by a statement that lists the actions that the code calls, on the"
                    " resources that it uses."
                )
                yield f"the managed policy `{text.split('/')[-1]}`", fix
    elif isinstance(policy, dict) and len(policy) == 1:
        # AWS names its policy templates …Policy; they get what they are about as a value.
        ((name, given),) = policy.items()
        if str(name).endswith("Policy") and "*" in [text for text, _line in strings(given)]:
            yield f"`{name}` for `*`", "Give it the name of a resource, as `!Ref Table` does."


# By what code tells that it has to do with a service, in names and in texts: regular expressions that
# ignore case. Secrets are SEC-03's.
# The prefixes of actions: https://docs.aws.amazon.com/service-authorization/latest/reference/
WORDS = {
    "dynamodb": ("dynamo",),
    "events": ("events",),
    "kinesis": ("kinesis",),
    "s3": (r"s3(?-i:(?![a-z]))",),  # and no function `s3sync`
    "ses": ("ses",),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "ssm": ("ssm", "parameter"),
    "states": ("stepfunctions", "sfn"),
}


# The names by which clients of boto3 differ from them.
CLIENTS = {"sesv2": "ses", "stepfunctions": "states"}


# Services whose actions are called like the methods of their clients, and what else asks for one.
BY_NAME = ("dynamodb", "events", "sns", "sqs", "states")


IDEMPOTENCY = "DynamoDBPersistenceLayer"


BATCHES = ("batch_writer", "transact_write_items")


ALSO = {
    "dynamodb:ConditionCheckItem": BATCHES,
    "dynamodb:BatchWriteItem": BATCHES,
    "dynamodb:DeleteItem": (*BATCHES, IDEMPOTENCY),
    "dynamodb:GetItem": ("transact_get_items", "DynamoDBProvider", IDEMPOTENCY),
    "dynamodb:PutItem": (*BATCHES, IDEMPOTENCY),
    "dynamodb:UpdateItem": (*BATCHES, IDEMPOTENCY),
    "dynamodb:PartiQLDelete": ("execute_statement", "execute_transaction"),
    "dynamodb:PartiQLInsert": ("execute_statement", "execute_transaction"),
    "dynamodb:PartiQLSelect": ("execute_statement", "execute_transaction"),
    "dynamodb:PartiQLUpdate": ("execute_statement", "execute_transaction"),
}


# What Lambda does with its role before the code is called, and with what the code failed at.
OF_SOURCES = {
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
    *("dynamodb:ListStreams", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary"),
    *("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"),
    *("kinesis:ListStreams", "kinesis:SubscribeToShard", "sqs:ChangeMessageVisibility"),
    *("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
}


@LESSON.check
def no_more_than_the_code_does(service: Service) -> Iterator[Finding]:
    """Nothing is allowed that the code of the function has nothing to do with."""
    failures = dead_letters(service)
    readers = {each.function.logical_id for each in sources(service) if each.function}
    for function in service.functions:
        told = _told(service, function)
        if not told:
            continue
        for statement in _own(function):
            if targets(statement.body.get("Resource")) & failures:
                continue
            for number, action in enumerate(statement.actions):
                of_source = action in OF_SOURCES and function.logical_id in readers
                if not of_source and not _asked_for(action, told):
                    found = f"`{function.logical_id}` may `{action}`, which its code never calls"
                    fix = "Take the action out, or call it."
                    name = function.logical_id
                    line = statement.line_of_item("Action", number)
                    yield LESSON.finding(TEMPLATE, line, found, resource=name, fix=fix)


@LESSON.check
def no_less_than_the_code_does(service: Service) -> Iterator[Finding]:
    """A service that the code has a client of is in the policies of the function."""
    for function in service.functions:
        allowed = _allowed(service, function)
        for module in service.modules(function.folder):
            for line, client in _clients(module):
                prefix = CLIENTS.get(client, client)
                if allowed is None or prefix not in WORDS or prefix in allowed:
                    continue
                found = f"makes a client of `{client}`, and `{function.logical_id}` may do nothing with it"
                fix = (
                    f"Allow the actions that the code calls, `{prefix}:…`, on the resources that it"
                    f" uses, under `Policies` of `{function.logical_id}`."
                )
                name = function.logical_id
                yield LESSON.finding(module.path, line, found, resource=name, fix=fix)


def _own(function: Function) -> Iterator[Statement]:
    """What the function's own policies allow."""
    for statement in statements(TEMPLATE, function):
        if statement.allows and statement.is_identity:
            yield statement


def _told(service: Service, function: Function) -> set[str]:
    """The names and texts of a function's code; none where code that is elsewhere may call AWS."""
    layers = [service.resources.get(name) for name in targets(function.get("Layers"))]
    elsewhere = len(listed(function.get("Layers"))) > len(layers) or None in layers
    private = service.has(f"{function.folder}/requirements.private")
    if not function.folder or private or elsewhere:
        return set()
    folders = [function.folder, *(str(each.get("ContentUri")) for each in layers if each)]
    found: set[str] = set()
    for module in (each for folder in folders for each in service.modules(folder.strip("./"))):
        found |= {each.attr for each in module.nodes(ast.Attribute)}
        found |= {each.id for each in module.nodes(ast.Name)}
        # What a docstring speaks of, a function's own name for one, its code need not use.
        prose = {id(each.value) for each in module.nodes(ast.Expr)}
        texts = (each for each in module.nodes(ast.Constant) if id(each) not in prose)
        found |= {each.value for each in texts if isinstance(each.value, str)}
        found |= {each.name for each in module.nodes(ast.alias)}
        found |= {str(each.module) for each in module.nodes(ast.ImportFrom)}
    return found


def _asked_for(action: str, told: set[str]) -> bool:
    """Whether code has to do with an action, as far as its names tell."""
    prefix, _, name = action.partition(":")
    if prefix not in WORDS or "*" in name:
        return True
    whole = " ".join(told)
    if not _speaks_of(prefix, whole):
        return False
    # Packages that wrap a service have names of their own for what it does.
    if prefix not in BY_NAME or (prefix == "dynamodb" and "pynamodb" in whole.lower()):
        return True
    method = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    also = ALSO.get(action, ())
    return any(each.startswith(method) or each in also for each in told)


def _speaks_of(prefix: str, text: str) -> bool:
    """Whether a text has one of the words of a service."""
    return any(re.search(word, text, re.IGNORECASE) for word in WORDS[prefix])


def _allowed(service: Service, function: Function) -> set[str] | None:
    """The services that a function's policies name; None where something else may allow more."""
    policies = listed(function.get("Policies"))
    elsewhere = function.get("Role") or function.body.get("Connectors")
    role = f"{function.logical_id}Role"
    named = any(
        {role, function.logical_id} & targets([each.get("Source"), each.get("Roles")])
        for each in service.of_type(
            "AWS::Serverless::Connector", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"
        )
    )
    if elsewhere or named or not function.folder:
        return None
    found = {action.partition(":")[0] for each in _own(function) for action in each.actions}
    for policy in policies:
        if isinstance(policy, dict) and at(policy, "Statement"):
            continue
        if not isinstance(policy, dict) or len(policy) != 1 or "Policy" not in next(iter(policy)):
            return None  # a managed policy, or one of SAM's templates that is computed
        words = " ".join([next(iter(policy)), *(text for text, _line in strings(policy))])
        found |= {prefix for prefix in WORDS if _speaks_of(prefix, words)}
    return found


def _clients(module: Module) -> Iterator[tuple[int, str]]:
    """Where boto3 is asked for a client with the rights of the function, and of what."""
    for call in module.nodes(ast.Call):
        first = call.args[0] if call.args else None
        is_made = dotted(call.func) in ("boto3.client", "boto3.resource")
        of_others = any(str(each.arg).startswith("aws_") for each in call.keywords)
        if is_made and isinstance(first, ast.Constant) and not of_others:
            yield call.lineno, str(first.value)
