"""Which operations of AWS a function's code calls, as far as it says which client a method is of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kit.template import at

from .aws import NEEDS, operations, prefix_of_client, resource_model, waiters
from .parsers import dotted
from .python_names import POWERTOOLS, Code, Definition, constant, keyword, last

MAKES = re.compile(r"boto3\.(?:(?:session\.)?Session\(\)\.)?(client|resource)")
# Classes of types-boto3 and its like: types_boto3_s3.client.S3Client.
TYPES = re.compile(
    r"(?:types|mypy)_boto3_(\w+)\.(?:\w+\.)?(?:\w+(Client)|(?:\w+)?(ServiceResource)|(\w+))"
)
COLLECTIONS = {"all", "filter", "limit", "page_size", "pages"}
# Methods of clients whose first argument names an operation or a waiter.
BY_TEXT = ("get_paginator", "get_waiter", "generate_presigned_url")
# Functions and classes of Powertools: how the actions begin, and the name in NEEDS.
OF_POWERTOOLS = {
    name.removeprefix("powertools."): (prefix, name)
    for prefix, _, name in (key.partition(":") for key in NEEDS)
}
DEEPEST = 8


@dataclass(frozen=True)
class Client:
    """A client of boto3, or a resource.

    Args:
        name: what it is made by: s3.
        kind: the kind of a resource, `Bucket`; empty for a client.
        lists: the operation that lists it, where it is a collection.
    """

    name: str
    kind: str = ""
    lists: str = ""


@dataclass(frozen=True, eq=False)
class Use:
    """An operation that code names, mostly to call it, or with an empty name a client that it makes.

    Args:
        call: the call, unless the method is passed on.
        prefix: how the actions of its service begin.
        operation: its name in botocore's model; what NEEDS has, without underscores.
    """

    where: Definition
    line: int
    call: ast.Call | None
    prefix: str
    operation: str


@lru_cache(maxsize=256)
def uses(code: Code) -> tuple[Use, ...]:
    """Every operation that code calls, and every client that it makes."""
    return tuple(_uses(code, Clients(code)))


def _uses(code: Code, clients: Clients) -> Iterator[Use]:
    for where, call, name in code.calls:
        if client := clients.made_by(call, name, where):
            yield Use(where, call.lineno, None, prefix_of_client(client.name), "")
    for where in code.definitions.values():
        calls = {id(call.func): call for call in where.scope.calls}
        for node in where.scope.of(ast.Attribute):
            if client := clients.of(node.value, where):
                prefix, made = prefix_of_client(client.name), calls.get(id(node))
                text = _first_text(code, made, where) if made else ""
                for operation in _operations(client, node.attr, text):
                    yield Use(where, node.lineno, made, prefix, operation)
        nodes: list[ast.expr] = [*where.scope.of(ast.Name), *where.scope.of(ast.Attribute)]
        for name in filter(_is_powertools, code.used_by(where)):
            plain = last(name).replace("_", "").lower()
            line = next(node.lineno for node in nodes if code.name_of(node, where) == name)
            yield Use(where, line, None, *OF_POWERTOOLS[plain])


def _is_powertools(name: str) -> bool:
    return name.startswith(POWERTOOLS) and last(name).replace("_", "").lower() in OF_POWERTOOLS


def _first_text(code: Code, call: ast.Call, where: Definition) -> str:
    """The text that is a call's first argument; empty if it is none."""
    first = next(iter([*call.args, *(item.value for item in call.keywords)]), None)
    return str(constant(code.value_of(first, where)) or "") if first else ""


def _operations(client: Client, method: str, text: str) -> Iterator[str]:
    """The operations that a method calls."""
    known, plain = operations(client.name), method.replace("_", "")
    if f"{prefix_of_client(client.name)}:{plain}" in NEEDS and plain not in known:
        yield plain
    elif client.lists:
        if method in COLLECTIONS:
            yield client.lists
        batches = _model(client).get("batchActions", {})
        yield from (
            at(batches, name, "request", "operation") for name in batches if name.lower() == plain
        )
    elif client.kind:
        model = _model(client)
        named = {"load": model.get("load"), "reload": model.get("load")}
        named |= {name.lower(): action for name, action in model.get("actions", {}).items()}
        if operation := at(named.get(plain), "request", "operation"):
            yield operation
    elif method in BY_TEXT:
        plain = text.replace("_", "").lower()
        name = waiters(client.name).get(plain) if method == "get_waiter" else known.get(plain)
        yield from [name] if name else []
    elif plain in known:
        yield known[plain]


class Clients:
    """Which client of boto3 an expression is, where that is plain to see."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def of(self, node: ast.AST, where: Definition, depth: int = 0) -> Client | None:
        """The client or resource that an expression stands for, or that a type is of."""
        if depth > DEEPEST:
            return None
        name = self.code.name_of(node.func, where) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and MAKES.fullmatch(name):
            return self.made_by(node, name, where)
        if client := self._at_once(node, where, depth + 1):
            return client
        origins = self.code.origins(node, where)
        clients = {self.of(value, place, depth + 1) for value, place in origins} - {None}
        return clients.pop() if len(clients) == 1 else None

    def _at_once(self, node: ast.AST, where: Definition, depth: int) -> Client | None:
        """What an expression itself says: by the resource that it is of, by a loop, or as a type."""
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=method)):
                client = self.of(value, where, depth)
                if client and client.lists and method in COLLECTIONS:
                    return client
                kind = at(_model(client).get("has"), method, "resource", "type")
                return Client(client.name, kind) if client and kind else None
            case ast.Attribute(value=ast.Attribute(value=value, attr="meta"), attr="client"):
                client = self.of(value, where, depth)
                return Client(client.name) if client else None
            case ast.Attribute(value=value, attr=attr) if client := self.of(value, where, depth):
                for name, many in _model(client).get("hasMany", {}).items():
                    if name.lower() == attr.replace("_", ""):
                        kind, lists = many["resource"]["type"], many["request"]["operation"]
                        return Client(client.name, kind, lists)
            case ast.Name(id=name):
                loops: list[ast.For | ast.comprehension] = [*where.scope.of(ast.For)]
                for loop in loops + where.scope.of(ast.comprehension):
                    if dotted(loop.target) == name:
                        client = self.of(loop.iter, where, depth)
                        return replace(client, lists="") if client and client.lists else None
            case ast.BinOp(left=left, right=right):  # Table | None
                return self.of(left, where, depth) or self.of(right, where, depth)
            case ast.Subscript(slice=inner):  # Optional[Table]
                return self.of(inner, where, depth)
            case ast.Constant(value=str() as text) if text.isidentifier():  # "Table"
                return self.of(ast.Name(text), where, depth)
        named = isinstance(node, ast.Name | ast.Attribute) and self.code.name_of(node, where)
        match = TYPES.fullmatch(named or "")
        return Client(match[1].replace("_", "-"), match[3] or match[4] or "") if match else None

    def made_by(self, call: ast.Call, name: str, where: Definition) -> Client | None:
        """What boto3 makes there with the permissions of the function."""
        match = MAKES.fullmatch(name)
        service = keyword(call, "service_name", 0) if match else None
        if not match or service is None or self._has_credentials(call, where):
            return None
        client = str(constant(self.code.value_of(service, where)))
        return Client(client, "ServiceResource" if match[1] == "resource" else "")

    def _has_credentials(self, call: ast.Call, where: Definition) -> bool:
        """Whether a call, or that which makes its session, has credentials of its own."""
        calls = [call]
        if isinstance(call.func, ast.Attribute):
            session = call.func.value
            values = [session, *(value for value, _ in self.code.origins(session, where))]
            calls += [value for value in values if isinstance(value, ast.Call)]
        arguments = [argument.arg for maker in calls for argument in maker.keywords]
        return any(not name or name.startswith(("aws_", "profile")) for name in arguments)


def _model(client: Client | None) -> Any:
    """What boto3 knows of a resource; nothing of a client."""
    return resource_model(client.name, client.kind) if client and client.kind else {}
