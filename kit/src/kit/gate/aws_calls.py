"""Which operations of AWS a function's code calls, as far as it says which client a method is of."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from kit.template import at

from .aws import NEEDS, operations, prefix_of_client, resource_model, waiters
from .parsers import dotted
from .python_names import POWERTOOLS, Code, Definition, assignments, constant, keyword, last

MAKES = re.compile(r"boto3\.(?:(?:session\.)?Session\(\)\.)?(client|resource)")
# Classes of types-boto3 and its like: types_boto3_s3.client.S3Client.
TYPES = re.compile(
    r"(?:types|mypy)_boto3_(\w+)\.(?:\w+\.)?(?:\w+(Client)|(?:\w+)?(ServiceResource)|(\w+))"
)
COLLECTIONS = {"all", "filter", "limit", "page_size", "pages"}
# Methods of clients whose first argument names an operation or a waiter.
BY_TEXT = ("get_paginator", "get_waiter", "generate_presigned_url")
OF_POWERTOOLS = {key.partition(":")[2]: key.partition(":")[0] for key in NEEDS}
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
            yield Use(where, line, None, OF_POWERTOOLS[plain], plain)


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
        batches = resource_model(client.name, client.kind).get("batchActions", {})
        yield from (
            at(batches, name, "request", "operation") for name in batches if name.lower() == plain
        )
    elif client.kind:
        model = resource_model(client.name, client.kind)
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

    def of(self, node: ast.expr | None, where: Definition, depth: int = 0) -> Client | None:
        """The client or resource that an expression stands for."""
        if depth > DEEPEST:
            return None
        match node:
            case ast.BoolOp(values=values):
                return self._first(((value, where) for value in values), depth)
            case ast.IfExp(body=body, orelse=orelse):
                return self._first([(body, where), (orelse, where)], depth)
            case ast.NamedExpr(value=value):
                return self.of(value, where, depth + 1)
            case ast.Call():
                return self._of_call(node, where, depth)
            case ast.Name(id=name):
                return self._of_name(node, name, where, depth)
            case ast.Attribute():
                return self._of_attribute(node, where, depth)
        return None

    def _first(self, values: Iterable[tuple[ast.expr, Definition]], depth: int) -> Client | None:
        found = (self.of(value, where, depth + 1) for value, where in values)
        return next(filter(None, found), None)

    def _only(self, values: Iterable[tuple[ast.expr, Definition]], depth: int) -> Client | None:
        """What all are, as far as that is known; None if they differ."""
        found = {self.of(value, where, depth + 1) for value, where in values} - {None}
        return found.pop() if len(found) == 1 else None

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
            values = [session, *(value for value, _ in self._values(session, where))]
            calls += [value for value in values if isinstance(value, ast.Call)]
        names = [item.arg for each in calls for item in each.keywords]
        return any(not name or name.startswith(("aws_", "profile")) for name in names)

    def _of_call(self, call: ast.Call, where: Definition, depth: int) -> Client | None:
        name = self.code.name_of(call.func, where)
        if MAKES.fullmatch(name):
            return self.made_by(call, name, where)
        if definition := self.code.definitions.get(name):
            return self._returned(definition, depth)
        if isinstance(call.func, ast.Attribute) and (
            client := self.of(call.func.value, where, depth + 1)
        ):
            if client.lists and call.func.attr in COLLECTIONS:
                return client
            has = resource_model(client.name, client.kind).get("has", {}) if client.kind else {}
            kind = at(has, call.func.attr, "resource", "type")
            return Client(client.name, kind) if kind else None
        return None

    def _returned(self, definition: Definition, depth: int) -> Client | None:
        values = definition.scope.of(ast.Return)
        found = self._only(((item.value, definition) for item in values if item.value), depth)
        node = definition.scope.node
        return found or (self._annotated(node.returns, definition) if node else None)

    def _of_name(self, node: ast.Name, name: str, where: Definition, depth: int) -> Client | None:
        loops: list[ast.For | ast.comprehension] = [*where.scope.of(ast.For)]
        for loop in loops + where.scope.of(ast.comprehension):
            if isinstance(loop.target, ast.Name) and loop.target.id == name:
                client = self.of(loop.iter, where, depth + 1)
                return replace(client, lists="") if client and client.lists else None
        if name in where.scope.parameters and where.scope.node:
            arguments = ast.walk(where.scope.node.args)
            annotations = [
                a.annotation for a in arguments if isinstance(a, ast.arg) and a.arg == name
            ]
            found = self._annotated(annotations[0], where)
            if found:
                return found
        return self._only(self._values(node, where), depth)

    def _values(self, node: ast.expr, where: Definition) -> Iterator[tuple[ast.expr, Definition]]:
        """What may be assigned to a name, or given for it."""
        name = node.id if isinstance(node, ast.Name) else ""
        if name in where.scope.parameters:
            yield from self._arguments(name, where)
        if name in where.scope.bindings:
            yield where.scope.bindings[name], where
        elif name not in where.scope.parameters:
            module, _, outer = where.name.removesuffix(where.scope.name), "", where.scope.name
            around = self.code.definitions.get(module + outer.rpartition(".")[0])
            if around and around.scope.name:
                yield from self._values(node, around)
            elif name:
                yield from self.code.values_of(node, where)

    def _arguments(self, name: str, where: Definition) -> Iterator[tuple[ast.expr, Definition]]:
        """The arguments that calls in this code give for a parameter, and its default."""
        node = where.scope.node
        if not node or name in ("self", "cls"):
            return
        names = [item.arg for item in (*node.args.posonlyargs, *node.args.args)]
        place = names.index(name) if name in names else None
        if place is not None and names[0] in ("self", "cls"):
            place -= 1
        for call, caller in self._calls[where.name.removesuffix(".__init__")]:
            if (value := keyword(call, name, place)) is not None:
                yield value, caller
        defaults = dict(zip(reversed(names), reversed(node.args.defaults), strict=False))
        if name in defaults:
            yield defaults[name], where

    @cached_property
    def _calls(self) -> dict[str, list[tuple[ast.Call, Definition]]]:
        calls = defaultdict(list)
        for where, call, name in self.code.calls:
            calls[name].append((call, where))
        return calls

    def _of_attribute(self, node: ast.Attribute, where: Definition, depth: int) -> Client | None:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "meta":
            client = self.of(node.value.value, where, depth + 1)
            return Client(client.name) if client and node.attr == "client" else None
        if definition := self.code.definition(node, where):
            return self._returned(definition, depth)  # a property
        if client := self.of(node.value, where, depth + 1):
            many = (
                resource_model(client.name, client.kind).get("hasMany", {}) if client.kind else {}
            )
            for name, each in many.items():
                if name.lower() == node.attr.replace("_", ""):
                    return Client(
                        client.name, each["resource"]["type"], each["request"]["operation"]
                    )
            return None
        values = self._attributes[node.attr]
        own = where.name.rpartition(".")[0]
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        values = [item for item in values if is_own and item[0] == own] or values
        if not values:
            return self._only(self.code.values_of(node, where), depth)
        found = {
            self._annotated(value, at_) or self.of(value, at_, depth + 1)
            for _, value, at_ in values
        }
        found -= {None}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _attributes(self) -> dict[str, list[tuple[str, ast.expr, Definition]]]:
        """What is assigned to attributes, given to constructors and annotated, by name."""
        values = defaultdict(list)
        for where in self.code.definitions.values():
            for target, value in assignments(where.scope.nodes):
                if isinstance(target, ast.Attribute):
                    values[target.attr].append((where.name.rpartition(".")[0], value, where))
        for where, call, name in self.code.calls:
            for item in call.keywords if name in self.code.classes else ():
                values[str(item.arg)].append((name, item.value, where))
        for name, module in self.code.modules.items():
            for owner in module.nodes(ast.ClassDef):
                for attribute, value in _declared(owner.body):
                    where = self.code.definitions[name]
                    values[attribute].append((f"{name}.{owner.name}", value, where))
        return values

    def _annotated(self, node: ast.expr | None, where: Definition) -> Client | None:
        """The client that an annotation is of: S3Client, `"Table"`, `Table | None`."""
        match node:
            case ast.Constant(value=str() as text):
                try:
                    return self._annotated(ast.parse(text, mode="eval").body, where)
                except SyntaxError:
                    return None
            case ast.BinOp(left=left, right=right):
                return self._annotated(left, where) or self._annotated(right, where)
            case ast.Subscript(slice=inner):
                return self._annotated(inner, where)
            case ast.Name() | ast.Attribute():
                match = TYPES.fullmatch(self.code.name_of(node, where))
                if match:
                    return Client(match[1].replace("_", "-"), match[3] or match[4] or "")
        return None


def _declared(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """The attributes in a class's body, with what they are: the annotation, or else the value."""
    for statement in body:
        if isinstance(statement, ast.AnnAssign):
            yield dotted(statement.target), statement.annotation
        elif isinstance(statement, ast.Assign):
            yield dotted(statement.targets[0]), statement.value
