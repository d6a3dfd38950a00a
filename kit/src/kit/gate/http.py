"""Functions that answer HTTP."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus

from .parsers import dotted
from .python_names import POWERTOOLS, Code, Definition, constant, handlers, last
from .service import Function, Service
from .wiring import HTTP_EVENTS

# What makes an application of Powertools.
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


def has_api(function: Function) -> bool:
    """Whether an API sends it requests."""
    return bool({event["Type"] for event in function.events.values()} & HTTP_EVENTS)


def http_functions(service: Service) -> Iterator[tuple[Function, Code, Definition]]:
    """The functions that answer HTTP, with their code and their handlers; each folder once."""
    folders = set()
    for function, code, handler in handlers(service):
        answers = has_api(function) or function.get("FunctionUrlConfig") is not None
        if handler and answers and function.folder not in folders:
            folders.add(function.folder)
            yield function, code, handler


def error_helpers(code: Code) -> set[str]:
    """What makes the one shape: the functions of utils/errors.py, or of a module called alike."""
    modules = tuple(f"{name}." for name in code.modules if re.search("error|problem", last(name)))
    return {name for name in code.definitions if name.startswith(modules)}


def status_of(node: ast.AST) -> int | None:
    """404 or HTTPStatus.NOT_FOUND as a number."""
    value = constant(node)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 100 <= value <= 599 else None
    before, _, name = dotted(node).removesuffix(".value").rpartition(".")
    if name.startswith("HTTP_") and name[5:8].isdigit():
        return int(name[5:8])  # starlette.status.HTTP_404_NOT_FOUND
    known = last(before) == "HTTPStatus" and name in HTTPStatus.__members__
    return HTTPStatus[name].value if known else None
