"""Failures that code takes for a success."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .parsers import dotted
from .python_names import Definition, constant, last

# Exceptions that are every failure, or every failure of a library.
BROAD = {"BaseException", "BotoCoreError", "ClientError", "Exception", "HTTPError"}
BROAD |= {"RequestException", "SQLAlchemyError"}
# Calls that only tell of a failure: at a level by which nothing is lost, otherwise, and by text.
CALM = {"debug", "info", "warning", "warn"}
LOUD = {"append_keys", "critical", "error", "exception", "log", "print", "print_exc"}
LOUD |= {"add_metric", "capture_exception", "put_annotation", "put_metadata"}
PURE = {"dict", "dumps", "format", "format_exc", "get", "getLogger", "len", "repr", "str", "type"}


def swallowed(where: Definition, is_handler: bool = True, is_dropped: bool = True) -> Iterator[int]:
    """The lines where whatever fails is caught, and nobody outside gets to know.

    Args:
        is_handler: whether Lambda or Powertools call it, for which all is well that raises nothing.
        is_dropped: whether nobody looks at its results.
    """
    bodies = [loop.body for loop in where.scope.of(ast.For)]
    bodies += [loop.body for loop in where.scope.of(ast.While)]
    repeated = {id(node) for body in bodies for part in body for node in ast.walk(part)}
    for block in where.scope.of(ast.With):
        calls = [item.context_expr for item in block.items]
        suppressing = [c for c in calls if isinstance(c, ast.Call) and method_of(c) == "suppress"]
        returns = any(isinstance(node, ast.Return) for node in ast.walk(block))
        if any(_is_broad(kind) for call in suppressing for kind in call.args) and not returns:
            yield block.lineno
    handled = {id(node) for item in where.scope.of(ast.ExceptHandler) for node in ast.walk(item)}
    raised_later = [node for node in where.scope.of(ast.Raise) if id(node) not in handled]
    for attempt in where.scope.of(ast.Try):
        inside = {id(node) for node in ast.walk(attempt)}
        does_more = any(
            id(call) not in inside and method_of(call) not in CALM | LOUD | PURE
            for call in where.scope.calls
        )
        for caught in attempt.handlers:
            nodes = [node for statement in caught.body for node in ast.walk(statement)]
            methods = {method_of(node) for node in nodes if isinstance(node, ast.Call)}
            is_calm = bool(methods & CALM) and not methods & LOUD
            says_true = any(
                isinstance(node, ast.Return) and constant(node.value) is True for node in nodes
            )
            is_lost = is_dropped or says_true or id(attempt) in repeated
            if is_handler:
                is_lost, is_calm = True, is_calm and does_more
            later = any(raised.lineno > caught.lineno for raised in raised_later)
            is_broad = _is_broad(caught.type) and _only_tells(nodes, methods)
            if is_broad and is_lost and not is_calm and not later:
                yield caught.lineno


def _is_broad(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(item is None or last(f".{dotted(item)}") in BROAD for item in kinds)


def _only_tells(nodes: list[ast.AST], methods: set[str]) -> bool:
    """Whether nothing is kept, decided or done about a failure."""
    acts = (ast.Assign, ast.AugAssign, ast.If, ast.IfExp, ast.Match, ast.Raise, ast.Yield)
    return methods <= CALM | LOUD | PURE and not any(isinstance(node, acts) for node in nodes)


def method_of(call: ast.Call) -> str:
    """The last part of what is called, whatever stands before it."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
