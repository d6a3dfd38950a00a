"""RUN-07: A handler whose event can come twice recognises what it has done.

Why: Orders were placed twice, as queues and event buses deliver at least once.

Here: Powertools' idempotency with a table, in `index.py` of each function that events, queues or
schedules start.

Fix: Do the work in a function with `@idempotent_function`, or behind a condition
(`ConditionExpression`, a request token). Where a second time does no harm by itself, say why in
`lessons.toml`.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    Code,
    Definition,
    constant,
    handlers,
    last,
)
from kit.gate.service import Function, Service
from kit.gate.wiring import HTTP_EVENTS
from kit.template import references

LESSON = Lesson.read(__doc__)


# Events of a function that come once, or whose sender waits for the answer.
ONCE = HTTP_EVENTS | {"AlexaSkill", "Cognito"}


# Resources that send events to a function, with the property that says to which.
SENDERS: list[tuple[str, tuple[str, ...]]] = [
    ("AWS::Lambda::EventSourceMapping", ("FunctionName",)),
    ("AWS::Events::Rule", ("Targets",)),
    ("AWS::Scheduler::Schedule", ("Target",)),
    ("AWS::SNS::Subscription", ("Endpoint",)),
    ("AWS::S3::Bucket", ("NotificationConfiguration", "LambdaConfigurations")),
    ("AWS::Logs::SubscriptionFilter", ("DestinationArn",)),
]


# Decorators and arguments by which work is done once, of Powertools and of AWS.
DECORATORS = {"idempotent", "idempotent_function"}


ARGUMENTS = {"ConditionExpression", "ClientRequestToken", "ClientToken", "MessageDeduplicationId"}


ARGUMENTS |= {"IfNoneMatch", "IfMatch", "Idempotency-Key", "idempotency_key"}


STATEMENTS = (
    "ON CONFLICT",
    "MERGE INTO",
    "INSERT IGNORE",
    "ON DUPLICATE KEY",
    "ATTRIBUTE_NOT_EXISTS",
)


# A function of the template that tells people twice what comes twice, which does no harm. The
# questions let no other function have its name.
HARMLESS = {"chat_notifier"}


@LESSON.check
def work_is_done_once(service: Service) -> Iterator[Finding]:
    """What a handler calls has a part that a second time changes nothing."""
    for function, code, handler in handlers(service):
        senders = sorted(_senders(service, function))
        if handler is None or not senders or function.name in HARMLESS:
            continue
        if not any(_is_once(code, each) for each in code.reached_from(handler)):
            given = " or ".join(f"`{each}`" for each in senders)
            found = f"`{function.name}` does its work again when {given} delivers an event twice"
            line = handler.scope.node.lineno if handler.scope.node else 1
            yield LESSON.finding(handler.module.path, line, found)


def _senders(service: Service, function: Function) -> set[str]:
    kinds = {event["Type"] for event in function.events.values()} - ONCE
    for kind, keys in SENDERS:
        for each in service.of_type(kind):
            # !Ref AppFunction.Alias is what SAM makes of the function, too.
            targets = {found.target.split(".")[0] for found in references(each.get(*keys))}
            if function.logical_id in targets:
                kinds.add(kind.rpartition("::")[2])
    return kinds


def _is_once(code: Code, where: Definition) -> bool:
    for each in where.scope.decorators:
        if last(dotted(each.func if isinstance(each, ast.Call) else each)) in DECORATORS:
            return True
    for node in where.scope.nodes:
        if isinstance(node, ast.keyword) and node.arg in ARGUMENTS:
            return True
        if isinstance(node, ast.Call) and last(code.name_of(node.func, where)) in DECORATORS:
            return True
        value = constant(node)
        if isinstance(value, str) and (
            value in ARGUMENTS or any(s in value.upper() for s in STATEMENTS)
        ):
            return True
    return False
