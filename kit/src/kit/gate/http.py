"""Functions that answer HTTP."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kit.layout import TEMPLATE
from kit.template import Template, at

from .environments import environments, resolved
from .parsers import Module, dotted
from .python_names import POWERTOOLS, Code, Definition, constant, handlers, keyword, last
from .resources import is_true
from .service import Function, Service
from .wiring import HTTP_EVENTS

# What makes an application of Powertools.
RESOLVERS = {
    f"{POWERTOOLS}event_handler.{path}{name}Resolver"
    for name in ("ALB", "APIGatewayHttp", "APIGatewayRest", "LambdaFunctionUrl")
    for path in ("", "api_gateway.", "lambda_function_url.")
}


METHODS = {"api_route", "delete", "get", "head", "options", "patch", "post", "put", "route"}
# What routes are declared on, and the argument that says what stands before their paths.
APPS = {
    "APIGatewayHttpResolver": "strip_prefixes",
    "APIGatewayRestResolver": "strip_prefixes",
    "APIRouter": "prefix",
    "FastAPI": "root_path",
}


@dataclass(frozen=True)
class Route:
    """A route of an application: `@app.get("/health")`, with all paths that it may have."""

    module: Module
    line: int
    method: str
    paths: list[str]


def routes(code: Code) -> Iterator[Route]:
    """The routes that code declares on applications and routers."""
    included = [
        keyword(call, "prefix", 1)
        for _w, call, name in code.calls
        if last(name) == "include_router"
    ]
    outer = {"", *(text for text in map(constant, included) if isinstance(text, str))}
    for module in code.modules.values():
        apps: dict[str, list[str]] = {}
        for assign in module.nodes(ast.Assign):
            call = assign.value
            if isinstance(call, ast.Call) and last(dotted(call.func)) in APPS:
                prefixes = keyword(call, APPS[last(dotted(call.func))]) or ast.Constant("")
                literals = map(constant, getattr(prefixes, "elts", [prefixes]))
                inner = [text for text in literals if isinstance(text, str)]
                apps[dotted(assign.targets[0])] = [o + i for i in inner for o in sorted(outer)]
        decorators = [node for function in module.functions for node in function.decorator_list]
        for call in (node for node in decorators if isinstance(node, ast.Call)):
            app, _, method = dotted(call.func).rpartition(".")
            path = constant(call.args[0]) if call.args else None
            if method in METHODS and apps.get(app) and isinstance(path, str):
                paths = [f"{prefix}{path}".rstrip("/") or "/" for prefix in apps[app]]
                yield Route(module, call.lineno, method, paths)


# The APIs that may declare their CORS themselves, with the property that does.
CORS_OF_APIS = {
    "AWS::Serverless::HttpApi": "CorsConfiguration",
    "AWS::ApiGatewayV2::Api": "CorsConfiguration",
    "AWS::Serverless::Api": "Cors",
}
# What browsers ask for before they send a request; GET, HEAD and POST are always allowed.
PREFLIGHTED = {"DELETE", "PATCH", "PUT"}
# What code lets browsers do, by the properties of APIs that must allow the same.
AGREEING = {"allow_headers": "AllowHeaders", "allow_methods": "AllowMethods"}
AGREEING |= {"expose_headers": "ExposeHeaders"}


def cors_uses(code: Code) -> Iterator[tuple[Definition, ast.Call, dict[str, set[str]]]]:
    """The calls for which an API must allow something to browsers, with what that is."""
    decorators = {id(node) for item in code.definitions.values() for node in item.scope.decorators}
    for where, call, _name in code.calls:
        if id(call) in decorators:
            yield where, call, {"AllowMethods": {last(dotted(call.func)).upper()} & PREFLIGHTED}
    for where, call, _origins, has_credentials in cors_calls(code):
        used = {key: texts(keyword(call, word)) for word, key in AGREEING.items()}
        yield where, call, used | {"AllowCredentials": {"true"} if has_credentials else set()}


def credentials_for_all(service: Service) -> Iterator[tuple[str, int, str | None]]:
    """Where credentials are allowed to every origin: the path, the line and the resource."""
    templates = list(environments(service).values())
    for owner in service.of_type(*CORS_OF_APIS, "AWS::Serverless::Function"):
        key = CORS_OF_APIS.get(owner.type, "FunctionUrlConfig")
        cors = owner.get(key, "Cors") or owner.get(key)
        node = at(cors, "AllowOrigins") or at(cors, "AllowOrigin")
        is_open = any("*" in origins(template, node) for template in templates)
        if is_open and is_true(str(at(cors, "AllowCredentials")).strip("'")):
            yield TEMPLATE, owner.line_of(key), owner.logical_id
    for function, code, _handler in http_functions(service):
        passed = [value for name, value in function.variables.items() if "ORIGIN" in name]
        is_open = any("*" in origins(t, value) for t in templates for value in passed)
        for where, call, literal, has_credentials in cors_calls(code):
            if has_credentials and ("*" in literal if literal else is_open):
                yield where.module.path, call.lineno, None


def cors_calls(code: Code) -> Iterator[tuple[Definition, ast.Call, set[str], bool]]:
    """The calls that say what browsers may do, as CORSConfig(…) and app.add_middleware(…): with the
    origins that are literals, and whether credentials are allowed."""
    makers = {"CORSConfig", "CORSMiddleware", "Middleware", "add_middleware"}
    for where, call, name in code.calls:
        if last(name) in makers:
            literal = texts(keyword(call, "allow_origins") or keyword(call, "allow_origin"))
            yield where, call, literal, constant(keyword(call, "allow_credentials")) is True


def texts(node: ast.expr | None) -> set[str]:
    """The text or texts that are written there as literals."""
    nodes = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
    return {value for value in map(constant, nodes) if isinstance(value, str)}


def origins(template: Template, node: Any) -> set[str]:
    """The origins of CORS that a list or a text with commas comes to."""
    listed = resolved(template, node)
    items = listed if isinstance(listed, list) else [listed]
    return {text.strip(" \"'") for item in items for text in str(item).split(",")}


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
