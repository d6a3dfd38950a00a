"""Where code and templates get the values of secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kit.template import at, strings

from .policies import referenced_ids
from .python_names import Code, Definition, keyword, last
from .service import Service

# What CloudFormation replaces by the value of a secret.
DYNAMIC = re.compile(r"[{]{2}resolve:(?:secretsmanager|ssm-secure):")


def words(name: str) -> str:
    """webhookToken and webhook-token as WEBHOOK_TOKEN."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.]", "_", name).upper()


def is_value(service: Service, written: Any) -> bool:
    """Whether a part of template.yaml comes to the value of a secret: by a dynamic reference, or by
    a parameter with NoEcho."""
    is_dynamic = any(DYNAMIC.search(text) for text, _line in strings(written))
    return is_dynamic or any(is_hidden(service, name) for name in referenced_ids(written))


def is_hidden(service: Service, parameter: str) -> bool:
    """Whether a parameter of template.yaml has NoEcho."""
    return str(at(service.template, "Parameters", parameter, "NoEcho")).lower() == "true"


@dataclass(frozen=True, eq=False)
class SecretRead:
    """A call that reads the value of a secret.

    Args:
        where: the function that has it, or the module.
        call: the call.
        name: which secret it reads.
        caches: whether it keeps values for a limited time, as Powertools does.
    """

    where: Definition
    call: ast.Call
    name: ast.expr | None
    caches: bool


@lru_cache
def secret_reads(code: Code) -> tuple[SecretRead, ...]:
    """The calls of Powertools and boto3 that read a secret."""
    return tuple(_reads(code))


def _reads(code: Code) -> Iterator[SecretRead]:
    for where, call, name in code.calls:
        method = call.func.attr if isinstance(call.func, ast.Attribute) else last(name)
        if method == "get_secret_value":
            yield SecretRead(where, call, keyword(call, "SecretId"), caches=False)
        elif method == "get_secret":
            yield SecretRead(where, call, keyword(call, "name", 0), caches=True)
        elif name.endswith("SecretsProvider().get"):
            # A provider that is made for this call forgets what it reads.
            is_kept = not isinstance(getattr(call.func, "value", None), ast.Call)
            yield SecretRead(where, call, keyword(call, "name", 0), caches=is_kept)


@lru_cache
def secret_calls(code: Code) -> tuple[tuple[Definition, ast.Call], ...]:
    """The calls that return the value of a secret: reads, and calls of functions that read."""
    reads = {id(read.call) for read in secret_reads(code)}
    readers: set[str] = set()
    while True:
        calls = [
            (where, call)
            for where, call, name in code.calls
            if id(call) in reads or name in readers
        ]
        more = {where.name for where, _call in calls if where.scope.name and not is_handler(where)}
        if more <= readers:
            return tuple(calls)
        readers |= more


def is_handler(where: Definition) -> bool:
    """Whether it gets an event: it uses what it reads, and returns something else."""
    return bool({"event", "context"} & where.scope.parameters)
