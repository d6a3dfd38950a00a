"""Which environment variables a value in a function's code comes from, by the names on its way."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import lru_cache

from .python_names import Code, assignments, last
from .secret_reads import words


def variables_in(code: Code, node: ast.expr, variables: set[str]) -> set[str]:
    """The environment variables that an expression may come from, by the names on its way."""
    flows = _flows(code)
    used, ahead, seen = set(), [*_names(node)], set()
    while ahead:
        name = ahead.pop()
        used |= {name, words(name)} & variables
        if name not in seen:
            seen.add(name)
            ahead += flows.get(name, [])
    return used


@lru_cache
def _flows(code: Code) -> dict[str, list[str]]:
    """What each variable, field and parameter of the code is given, by names."""
    flows: dict[str, list[str]] = defaultdict(list)
    for where in code.definitions.values():
        for target, value in assignments(where.scope.nodes):
            flows[getattr(target, "attr", getattr(target, "id", ""))] += _names(value)
        for answer in where.scope.of(ast.Return):
            flows[last(where.name)] += _names(answer.value)
    for _where, call, name in code.calls:
        for item in call.keywords:
            flows[str(item.arg)] += _names(item.value)
        definition = code.definitions.get(name) or code.definitions.get(f"{name}.__init__")
        node = definition.scope.node if definition else None
        parameters = [p.arg for p in node.args.args if p.arg not in ("self", "cls")] if node else []
        for parameter, value in zip(parameters, call.args, strict=False):
            if not isinstance(value, ast.Constant):  # required("STAGE") reads what it is given
                flows[parameter] += _names(value)
    return flows


def _names(node: ast.AST | None) -> list[str]:
    """The variables, fields and functions whose values make up an expression, and its texts."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str() as name):
            return [name]
        case ast.Subscript(value=value, slice=ast.Constant() as key):
            return [*_names(key)] if isinstance(key.value, str) else _names(value)
        case ast.Call(func=ast.Attribute(value=value)):
            return [*_names(value), *(name for part in node.args for name in _names(part))]
        case None:
            return []
    return [name for part in ast.iter_child_nodes(node) for name in _names(part)]
