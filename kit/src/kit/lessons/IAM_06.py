"""IAM-06: Each function has a role of its own, made in `template.yaml`, with what its code does and
no more.

Why: A shared role had what any function ever needed, and so had each of them.

Here: `Policies` of each function; SAM makes its role. `make lessons` compares its actions with what
the code calls through boto3 and Powertools, both ways.

Fix: Replace `Role` by `Policies` on the function, with single actions on single resources; where
AWS offers no narrower scope than `*`, say why in a comment beside it that begins with `No narrower
scope:`.

Defended by: gate.
"""

import ast
from collections.abc import Iterator
from typing import Any

from kit.gate.aws import needed, policy_templates
from kit.gate.aws_calls import Use, uses
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.needs import BY_NAME, WORDS, Needs
from kit.gate.policies import (
    Statement,
    listed,
    permissions,
    quoted,
    referenced_ids,
    template_actions,
    too_powerful,
)
from kit.gate.python_names import constant, handlers, keyword
from kit.gate.scopes import too_wide
from kit.gate.service import Function, Service
from kit.gate.wiring import dead_letters
from kit.layout import TEMPLATE
from kit.template import strings

LESSON = Lesson.read(__doc__)

RUNS_CODE = (
    *("AWS::Lambda::Function", "AWS::Serverless::Function"),
    *("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"),
)
# What the parts of a transaction need.
WRITES = {
    "ConditionCheck": "ConditionCheckItem",
    **{kind: f"{kind}Item" for kind in ("Delete", "Put", "Update")},
}


@LESSON.check
def one_role_each(service: Service) -> Iterator[Finding]:
    """No function has a role that is made elsewhere, or that another one has too."""
    own = {role.logical_id for role in service.of_type("AWS::IAM::Role")}
    users: dict[str, str] = {}
    for resource in service.of_type(*RUNS_CODE):
        role, user = resource.get("Role") or resource.get("RoleArn"), resource.logical_id
        declared = sorted(referenced_ids(role) & own)
        others = sorted({users.setdefault(name, user) for name in declared} - {user})
        if role and (others or not declared):
            what = f"the same role as `{others[0]}`" if others else "a role made elsewhere"
            line = resource.line_of("Role")
            yield LESSON.finding_in(resource, line, f"`{user}` has {what}")


@LESSON.check
def narrow(service: Service) -> Iterator[Finding]:
    """What template.yaml allows is single actions on resources of this service."""
    yield from too_wide(LESSON, service, TEMPLATE)
    for resource in service.resources.values():
        for policy, line in too_powerful(resource, "Policies", "ManagedPolicyArns"):
            message = f"`{resource.logical_id}` has the managed policy `{policy}`"
            fix = "Replace it by a statement with the actions that the code calls."
            yield LESSON.finding_in(resource, line, message, fix)
        for number, policy in enumerate(listed(resource.get("Policies"))):
            if template_actions(policy) and "*" in [text for text, _ in strings(policy)]:
                message = f"`{resource.logical_id}` has `{next(iter(policy))}` for `*`"
                fix = "Give it the name of a resource, as `!Ref Table` does."
                line = resource.line_of("Policies", number)
                yield LESSON.finding_in(resource, line, message, fix)


@LESSON.check
def no_more_than_the_code_does(service: Service) -> Iterator[Finding]:
    """Nothing is allowed that the code of the function has nothing to do with."""
    failures = dead_letters(service)
    for function, code, _handler in handlers(service):
        needs, name = Needs(service, function, code), function.logical_id
        for statement in permissions(service, function)[0]:
            if statement.line and not referenced_ids(statement.body.get("Resource")) & failures:
                extra = [action for action in statement.actions if not needs.has(action)]
                if extra:
                    message = f"`{name}` may {quoted(extra)}, which its code never calls"
                    is_all = len(extra) == len(statement.actions)
                    fix = f"Remove {'this statement' if is_all else quoted(extra)}."
                    line = statement.line_of("Action", statement.actions.index(extra[0]))
                    yield LESSON.finding(TEMPLATE, line, message, name, fix)
        for number, policy in enumerate(listed(function.get("Policies"))):
            if problem := _unfitting(needs, policy, failures):
                message, fix = problem
                line = function.line_of("Policies", number)
                yield LESSON.finding_in(function, line, f"`{name}` has {message}", fix)


def _unfitting(needs: Needs, policy: Any, failures: set[str]) -> tuple[str, str] | None:
    """Why a policy template of SAM gives more than code needs, and what to do."""
    actions = template_actions(policy)
    used = {action for action in actions if needs.has(action)}
    if used == actions or referenced_ids(policy) & failures:
        return None
    name = next(iter(policy))
    if not used:
        return f"`{name}`, of which its code calls nothing", f"Remove `{name}`."
    parameters = policy_templates()[name]["Parameters"].keys()
    fitting = [
        (len(others), other)
        for other, body in policy_templates().items()
        if body["Parameters"].keys() == parameters
        and used <= (others := template_actions({other: {}}))
        and len(others) < len(actions)
    ]
    if not fitting:
        return None
    return (
        f"`{name}`, of which its code calls only {quoted(sorted(used))}",
        f"Use `{min(fitting)[1]}` instead.",
    )


@LESSON.check
def no_less_than_the_code_does(service: Service) -> Iterator[Finding]:
    """What the code of a function calls is in its policies."""
    for function, code, _handler in handlers(service):
        granted, is_whole = permissions(service, function)
        missing: dict[str, tuple[Use, str]] = {}
        called = {use.prefix for use in uses(code) if use.operation}
        for use in uses(code) if is_whole else ():
            on_index = bool(use.call and keyword(use.call, "IndexName"))
            for actions in _wanted(use, called):
                if not any(
                    _allows(item, action, on_index) for item in granted for action in actions
                ):
                    action = actions[0].replace("*", "…")
                    key = f"`{action}`{' on the index' if on_index else ''}"
                    missing.setdefault(key, (use, _extend(granted, function, action, on_index)))
        for action, (use, fix) in missing.items():
            name = function.logical_id
            message = f"needs {action}, which the policies of `{name}` do not allow"
            yield LESSON.finding(use.where.module.path, use.line, message, name, fix)


def _wanted(use: Use, called: set[str]) -> list[list[str]]:
    """What an operation needs; of a client whose calls can't be followed any action of its service."""
    if use.operation == "TransactWriteItems":
        keys = {constant(key) for item in use.where.scope.of(ast.Dict) for key in item.keys if key}
        if actions := [[f"dynamodb:{action}"] for kind, action in WRITES.items() if kind in keys]:
            return actions
    if use.operation:
        # Which secrets may be read is SEC-03's.
        return needed(use.prefix, use.operation) if use.prefix != "secretsmanager" else []
    # A client of STS mostly asks who calls, which needs no permission.
    is_hidden = use.prefix in {*WORDS, *BY_NAME} - {"sts", *called}
    return [[f"{use.prefix}:*"]] if is_hidden else []


def _allows(statement: Statement, action: str, on_index: bool) -> bool:
    texts = [text for text, _line in strings(statement.body.get("Resource"))]
    reaches = not on_index or any("/index/" in text or text.endswith("*") for text in texts)
    prefix, _, verb = action.partition(":")
    covers = statement.covers(action) or (verb == "*" and prefix in statement.prefixes)
    return covers and reaches


def _extend(granted: list[Statement], function: Function, action: str, on_index: bool) -> str:
    """Where to allow an action."""
    key, service = "Resource" if on_index else "Action", action.partition(":")[0]
    for near in granted:
        if near.line and (near.covers(action) if on_index else service in near.prefixes):
            tables = sorted(referenced_ids(near.body.get("Resource")))
            arn = f'!Sub "${{{tables[0]}.Arn}}/index/*"' if tables else "its ARN with `/index/*`"
            what = arn if on_index else action
            return f"Add `{what}` to `{key}` in line {near.line_of(key)} of {TEMPLATE}."
    return (
        f"Allow `{action}` on the resource that the code uses, in a statement under `Policies` of"
        f" `{function.logical_id}`."
    )
