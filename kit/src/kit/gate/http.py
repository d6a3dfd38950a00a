"""http"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kit.gate.parsers import dotted
from kit.gate.python_names import (
    POWERTOOLS,
    Code,
    Definition,
    constant,
    handlers,
    last,
)
from kit.gate.service import Function, Service
from kit.gate.wiring import HTTP_EVENTS


def answers_http(function: Function) -> bool:
    kinds = {event["Type"] for event in function.events.values()}
    return bool(kinds & HTTP_EVENTS) or function.get("FunctionUrlConfig") is not None


def http_functions(service: Service) -> Iterator[tuple[Function, Code, Definition]]:
    """The functions that answer HTTP and whose code is here; each folder once."""
    folders = set()
    for function, code, handler in handlers(service):
        if handler and answers_http(function) and function.folder not in folders:
            folders.add(function.folder)
            yield function, code, handler


def status_of(node: ast.AST) -> int | None:
    """404 or HTTPStatus.NOT_FOUND as a number."""
    from http import HTTPStatus

    value = constant(node)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 100 <= value <= 599 else None
    before, _, name = dotted(node).removesuffix(".value").rpartition(".")
    if name.startswith("HTTP_") and name[5:8].isdigit():
        return int(name[5:8])  # starlette.status.HTTP_404_NOT_FOUND
    if last(before) == "HTTPStatus":
        return HTTPStatus[name].value if name in HTTPStatus.__members__ else None
    return None


# What makes an application, and the exceptions that it answers by itself in a shape of its own.
RESOLVERS = {
    f"{POWERTOOLS}event_handler.{path}{name}"
    for name in (
        "APIGatewayHttpResolver",
        "APIGatewayRestResolver",
        "ALBResolver",
        "LambdaFunctionUrlResolver",
    )
    for path in ("", "api_gateway.", "lambda_function_url.")
}
