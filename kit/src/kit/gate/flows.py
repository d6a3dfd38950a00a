"""Which environment variables a value in code comes from, and which texts it may be."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import lru_cache
from typing import Any

from .policies import listed
from .python_names import Code, Definition, assignments, last
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


def globs(node: Any) -> tuple[str, ...]:
    """The values that a part of a pattern lets through; none for what is no glob."""
    forms = {"prefix": "{}*", "suffix": "*{}", "wildcard": "{}"}
    found = [
        form.format(text)
        for item in listed(node)
        for operator, text in (item.items() if isinstance(item, dict) else [("wildcard", item)])
        if (form := forms.get(operator)) and isinstance(text, str)
    ]
    return ("*",) if node is None else tuple(found)


def overlap(one: str, other: str) -> bool:
    """Whether a text may match both globs, by how they begin and end."""
    heads, ends = [[re.split(r"\*", text)[i] for text in (one, other)] for i in (0, -1)]
    return (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])) and (
        ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])
    )


def glob_of(code: Code, where: Definition, node: ast.AST, depth: int = 0) -> str:
    """What is known of a text that code makes: f"small/{name}" is small/*."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(glob_of(code, where, part, depth) for part in parts)
        case ast.FormattedValue(value=value):
            return glob_of(code, where, value, depth)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return glob_of(code, where, left, depth) + glob_of(code, where, right, depth)
        case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant(value=str() as text))):
            return re.sub(r"\{[^}]*\}", "*", text)
        case ast.Call(
            func=ast.Attribute(attr="replace"), args=[_, ast.Constant(value=str() as text)]
        ):
            return f"{text}*" if text.endswith("/") else f"*{text}"
        case ast.Name() | ast.Attribute() if depth < 5:
            bound = code.value_of(node, where)
            return "*" if bound is node else glob_of(code, where, bound, depth + 1)
    return "*"
