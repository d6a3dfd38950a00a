"""How far the statements of policies reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kit.layout import INFRA, TEMPLATE
from kit.template import Template, at

from .environments import all_deployed, resolved
from .findings import Finding
from .lesson import Lesson
from .policies import READING, Statement, grants, has_reason, listed
from .service import ACCOUNT, Service

# How a comment begins that gives the reason for a wide resource.
REASON = "No narrower scope:"
INSTEAD = {
    "NotAction": "Write `Action` with the single actions in place of `NotAction`.",
    "NotResource": "Write `Resource` with the resources that it is about in place of `NotResource`.",
}
# How to narrow a resource, where the fix of the lesson is about more than that.
NARROW = {
    TEMPLATE: "Name a single resource, as `!GetAtt Table.Arn` does, or one whose name begins with"
    " the service and has `${EnvironmentName}`; where AWS offers no narrower scope, say why in a"
    f" comment beside it that begins with `{REASON}`."
}
# Global condition keys, in lower case, that say what may be touched or for whom. Others say how
# somebody calls (aws:SecureTransport), or hold for a whole account (aws:ResourceAccount).
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
NARROWING = ("aws:requesttag/", "aws:resourcetag/", "aws:sourceaccount", "aws:sourcearn")
# Those, and what an event says of itself: on every bus; or what a role is for: every role.
WIDE = ("aws:", "events:detail-type", "events:source", "iam:passedtoservice")
# Operators that are false where a request lacks the key; those of the first row read no wildcards.
EXACT = {"StringEquals", "StringEqualsIgnoreCase"}
POSITIVE = EXACT | {"ArnEquals", "ArnLike", "StringLike"}


def too_wide(lesson: Lesson, service: Service, path: str) -> Iterator[Finding]:
    """What a template allows beyond single actions on resources of this service."""
    templates = [*all_deployed(service, path).values()]
    for statement in grants(service, path):
        # Those on secrets are SEC-03's, except of the roles that deploy.
        if path == INFRA or statement.prefixes != {"secretsmanager"}:
            for allowed, line, fix in _too_wide(service, statement, templates):
                message = f"{allowed} is allowed in {statement.name}"
                name = statement.holder.logical_id
                yield lesson.finding(path, line, message, resource=name, fix=fix)


def _too_wide(
    service: Service, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int, str | None]]:
    for action in wide_actions(statement):
        fix = f"List the single actions that are needed in place of `{action}`."
        yield f"`{action}`", statement.line_of("Action"), fix
    for key, fix in INSTEAD.items():
        if key in statement.body:
            yield f"everything but what `{key}` lists", statement.line_of(key), fix
    has_reason_beside = has_reason(service, statement.path, statement.body, statement.line, REASON)
    if has_reason_beside or _is_narrowed(service, statement, templates):
        return
    for number, written in enumerate(listed(statement.body.get("Resource"))):
        for dev, prod in _pairs(written, templates):
            if not _is_scoped(service, dev, prod):
                line = statement.line_of("Resource", number)
                yield f"`{as_written(written, dev)}`", line, NARROW.get(statement.path)


def wide_actions(statement: Statement) -> list[str]:
    """Those with a wildcard, unless it only leaves open what is read of one AWS service."""
    return [action for action in statement.actions if not _is_narrow(action)]


def _is_narrow(action: str) -> bool:
    service, _, verb = action.partition(":")
    reads = not _has_wildcards(service) and bool(READING.fullmatch(verb))
    return reads or not _has_wildcards(action)


def _has_wildcards(text: str) -> bool:
    return "*" in text or "?" in text


def as_written(node: Any, value: str) -> str:
    """A text as it is in its template; where several make it up, what they come to."""
    text = at(node, "Fn::Sub")
    text = at(text, 0) if isinstance(text, list) else text
    if isinstance(node, str) or isinstance(text, str):
        return str(text or node)
    return value.replace(ACCOUNT, "${AWS::AccountId}")


def _pairs(written: Any, templates: list[Template]) -> Iterator[tuple[str, ...]]:
    """What a node comes to in each of the templates."""
    values = [[v for v in listed(resolved(t, written)) if isinstance(v, str)] for t in templates]
    yield from zip(*values, strict=False)


def _is_scoped(service: Service, dev: str, prod: str) -> bool:
    """Whether it is a single resource, or a pattern with the names of service and environment."""
    if not _has_wildcards(dev) or "<" in dev:
        return True
    bare = re.sub(r"[^a-z0-9]", "", dev.lower())
    return dev != prod and service.name.replace("-", "") in bare


def _is_narrowed(service: Service, statement: Statement, templates: list[Template]) -> bool:
    """Whether a statement has a condition that says what may be touched, or for whom."""
    for key, operator, written in statement.conditions():
        plain = operator.removeprefix("ForAnyValue:")
        narrows = key.startswith(NARROWING) or not key.startswith(WIDE)
        if plain in POSITIVE and narrows:
            pairs = _pairs(written, templates)
            if plain in EXACT or all(_is_scoped(service, dev, prod) for dev, prod in pairs):
                return True
    return False
