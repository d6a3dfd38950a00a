"""Which environment variables a value in code comes from, and which texts it may be."""

from __future__ import annotations

import ast
import re
from typing import Any

from .policies import listed
from .python_names import Code, Definition, constant
from .secret_reads import words


def variables_in(code: Code, node: ast.expr, where: Definition, variables: set[str]) -> set[str]:
    """The environment variables that an expression may come from, by the names on its way."""
    parts = [part for part, _place in code.ways_to(node, where, _parts)]
    texts = {str(constant(part)) for part in parts}
    names = {getattr(part, "id", getattr(part, "attr", "")) for part in parts}
    # A field says which: behind it, required("STAGE") reads whatever any field is given.
    return ({*names, *map(words, names)} & variables) or (texts & variables)


def _parts(node: ast.AST) -> list[ast.AST]:
    """What makes up an expression: `settings` is no part of `settings.table`."""
    match node:
        case ast.Attribute():
            return []
        case ast.Subscript(value=value, slice=ast.Constant() as key):
            return [key] if isinstance(key.value, str) else [value]
        case ast.Call(func=ast.Attribute(value=value)):
            return [value, *node.args]
    return [*ast.iter_child_nodes(node)]


def globs(node: Any) -> tuple[str, ...]:
    """The values that a part of a pattern lets through; none for what is no glob."""
    forms = {"prefix": "{}*", "suffix": "*{}", "wildcard": "{}"}
    patterns = [
        form.format(text)
        for item in listed(node)
        for operator, text in (item.items() if isinstance(item, dict) else [("wildcard", item)])
        if (form := forms.get(operator)) and isinstance(text, str)
    ]
    return ("*",) if node is None else tuple(patterns)


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
