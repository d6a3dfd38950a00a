"""RUN-03: Every response that a browser can see has CORS headers: success, refusals, unforeseen
errors, preflights and the gateway's own.

Why: The browser hid the error behind one of CORS, and people looked in the wrong place.

Here: The resolver or middleware in `index.py`, `CorsConfiguration` of the API; `test_cors.py` of
each `api` function looks at a success, refusals, an unforeseen error and a preflight.

Fix: Keep `CORSConfig` (or the middleware), the API's `CorsConfiguration` and the contract test, and
let all three know the same origins, methods and headers.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.http import RESOLVERS, http_functions, status_of
from kit.gate.lesson import Lesson
from kit.gate.parsers import KEPT, Module, dotted
from kit.gate.python_names import (
    Code,
    constant,
    is_open,
    keyword,
    last,
    scopes,
)
from kit.gate.service import TEMPLATE, Function, Resource, Service
from kit.gate.tested import is_skipped, tests_in, tests_of
from kit.gate.wiring import HTTP_EVENTS
from kit.template import at, is_intrinsic, line_of, references

LESSON = Lesson.read(__doc__)


# The APIs that may say their CORS themselves, with the property that does.
CORS_OF_APIS = {
    "AWS::Serverless::HttpApi": "CorsConfiguration",
    "AWS::ApiGatewayV2::Api": "CorsConfiguration",
    "AWS::Serverless::Api": "Cors",
}


GATEWAY_ANSWERS = ("DEFAULT_4XX", "DEFAULT_5XX")


ALLOW_ORIGIN = "access-control-allow-origin"


# What a browser asks for before it sends a request; GET, HEAD and POST are always allowed.
ASKED_FOR = {"delete", "patch", "put"}


# What a contract test has to look at, with the statuses that show it.
CONTRACT = [
    ("a success (2xx)", range(200, 300)),
    ("a refusal (4xx)", range(400, 500)),
    ("an unforeseen error (5xx)", range(500, 600)),
]


@LESSON.check
def apis_say_cors(service: Service) -> Iterator[Finding]:
    """Each API answers preflights, and adds the headers to what it says itself."""
    for api in service.of_type(*CORS_OF_APIS):
        if api.get("ProtocolType") == "WEBSOCKET":
            continue
        key = CORS_OF_APIS[api.type]
        shared = at(service.template, "Globals", api.type.rpartition("::")[2], key)
        if not api.get(key) and not shared:
            found = f"`{api.logical_id}` has no `{key}`"
            yield LESSON.finding(TEMPLATE, api.line, found, resource=api.logical_id)
        if api.type == "AWS::Serverless::Api":
            shared = at(service.template, "Globals", "Api", "GatewayResponses")
            yield from _gateway_answers(api, api.get("GatewayResponses") or shared)
            if at(api.properties, "Auth", "DefaultAuthorizer") and api.get("Auth", "AddDefaultAuthorizerToCorsPreflight") is not False:  # fmt: skip
                found = f"`{api.logical_id}` asks preflights for a token, which browsers never send"
                fix = "Write `AddDefaultAuthorizerToCorsPreflight: false` under `Auth`."
                yield LESSON.finding(TEMPLATE, api.line_of("Auth"), found, api.logical_id, fix)
    for api in service.of_type("AWS::ApiGateway::RestApi"):
        yield from _gateway_answers(api, _separate_answers(service, api))
    for function in service.functions:
        if function.get("FunctionUrlConfig") and not function.get("FunctionUrlConfig", "Cors"):
            found = f"the URL of `{function.logical_id}` has no `Cors`"
            line = function.line_of("FunctionUrlConfig")
            yield LESSON.finding(TEMPLATE, line, found, resource=function.logical_id)
    yield from _implicit_apis(service)


def _separate_answers(service: Service, api: Resource) -> dict[str, Any]:
    """The AWS::ApiGateway::GatewayResponse resources of an API, as SAM would write them."""
    return {
        str(each.get("ResponseType")): {
            "ResponseParameters": {"Headers": each.get("ResponseParameters")}
        }
        for each in service.of_type("AWS::ApiGateway::GatewayResponse")
        if api.logical_id in {reference.target for reference in references(each.get("RestApiId"))}
    }


def _gateway_answers(api: Resource, answers: Any) -> Iterator[Finding]:
    for name in GATEWAY_ANSWERS:
        headers = at(answers, name, "ResponseParameters", "Headers")
        if not any(ALLOW_ORIGIN in str(key).lower() for key in headers or ()):
            found = f"`{api.logical_id}` answers `{name}` itself, without CORS headers"
            fix = f"Give it a gateway response `{name}` with the header `Access-Control-Allow-Origin`."
            yield LESSON.finding(TEMPLATE, api.line, found, resource=api.logical_id, fix=fix)


def _implicit_apis(service: Service) -> Iterator[Finding]:
    """Events without an API make SAM declare one, which has what Globals say."""
    for kind, section, key, name in (
        ("HttpApi", "HttpApi", "CorsConfiguration", "ApiId"),
        ("Api", "Api", "Cors", "RestApiId"),
    ):
        if at(service.template, "Globals", section, key):
            continue
        for function in service.functions:
            for event in function.events.values():
                if event["Type"] == kind and at(event, "Properties", name) is None:
                    found = f"`{function.logical_id}` answers by an API that nothing declares, without CORS"
                    fix = f"Write `{name}: !Ref …` with the API that has the CORS settings."
                    line = line_of(event, "Type") or function.line
                    yield LESSON.finding(TEMPLATE, line, found, function.logical_id, fix)


@LESSON.check
def code_says_cors(service: Service) -> Iterator[Finding]:
    """The code adds the headers to its answers, for all ways in that are not the API."""
    for function, code, handler in http_functions(service):
        if not {event["Type"] for event in function.events.values()} & HTTP_EVENTS:
            continue  # a function's URL adds them itself
        path, line = handler.module.path, handler.scope.node.lineno if handler.scope.node else 1
        calls = list(code.calls)
        resolvers = [call for _where, call, name in calls if name in RESOLVERS]
        if any(keyword(call, "cors") is not None or is_open(call) for call in resolvers):
            continue
        middleware = {
            code.name_of(node, where) for where, call, _name in calls for node in call.args[:1]
        }
        middleware |= {name for _where, _call, name in calls}
        if any(last(name) in _cors_middlewares(code) for name in middleware):
            continue
        if _writes_headers(code):
            continue
        found = f"the function `{function.name}` adds no CORS headers to its answers"
        line = resolvers[0].lineno if resolvers else line
        yield LESSON.finding(path, line, found)


def _cors_middlewares(code: Code) -> set[str]:
    """Starlette's middleware for CORS, and classes that inherit from it."""
    classes = [node for module in code.modules.values() for node in module.nodes(ast.ClassDef)]
    inherits = {
        node.name
        for node in classes
        if any(last(dotted(base)) == "CORSMiddleware" for base in node.bases)
    }
    return {"CORSMiddleware", *inherits}


def _writes_headers(code: Code) -> bool:
    constants = (node for each in code.modules.values() for node in each.nodes(ast.Constant))
    return any(isinstance(n.value, str) and n.value.lower() == ALLOW_ORIGIN for n in constants)


@LESSON.check
def code_and_api_agree(service: Service) -> Iterator[Finding]:
    """What the code allows to browsers, its API allows too: the API's answer is what they get."""
    for function, code, _handler in http_functions(service):
        for api in _http_apis_of(service, function):
            cors = api.get("CorsConfiguration")
            if not isinstance(cors, dict) or is_intrinsic(cors):
                continue
            yield from _same_lists(code, api, cors)
            yield from _same_origins(function, api, cors)


def _http_apis_of(service: Service, function: Function) -> list[Resource]:
    targets = {
        reference.target
        for event in function.events.values()
        if event["Type"] == "HttpApi"
        for reference in references(at(event, "Properties", "ApiId"))
    }
    return [api for api in service.of_type("AWS::Serverless::HttpApi") if api.logical_id in targets]


def _same_lists(code: Code, api: Resource, cors: dict[str, Any]) -> Iterator[Finding]:
    for where, call, name in code.calls:
        wanted: list[tuple[str, str, set[str]]] = []
        if last(name) in ("CORSConfig", "add_middleware", "CORSMiddleware", "Middleware"):
            wanted.append(("AllowHeaders", "the header", _texts(keyword(call, "allow_headers"))))
            methods = {
                each for each in _texts(keyword(call, "allow_methods")) if each.lower() in ASKED_FOR
            }
            wanted.append(("AllowMethods", "the method", methods))
            origins = _texts(keyword(call, "allow_origins")) | _texts(keyword(call, "allow_origin"))
            if origins and set(_plain(cors.get("AllowOrigins"))) != origins:
                named = ", ".join(f"`{each}`" for each in sorted(origins))
                found = f"the code allows {named}, whatever `{api.logical_id}` allows"
                fix = (
                    "Take the origins from a variable that `template.yaml` passes, by the settings."
                )
                yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)
        if last(dotted(call.func)) in ASKED_FOR and _is_route(code, call):
            wanted.append(("AllowMethods", "the method", {last(dotted(call.func)).upper()}))
        for key, what, values in wanted:
            allowed = {each.lower() for each in _plain(cors.get(key))}
            if is_intrinsic(cors.get(key)) or "*" in allowed:
                continue
            for value in sorted(values - {"*"}):
                if value.lower() not in allowed:
                    found = (
                        f"uses {what} `{value}`, which `{key}` of `{api.logical_id}` does not allow"
                    )
                    fix = f"Add it to `{key}` of `{api.logical_id}` in `{TEMPLATE}`."
                    yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)


def _is_route(code: Code, call: ast.Call) -> bool:
    return any(call in each.scope.decorators for each in code.definitions.values())


def _texts(node: ast.AST | None) -> set[str]:
    """The text or texts that are written there as literals."""
    each = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
    return {value for value in map(constant, each) if isinstance(value, str)}


def _plain(value: Any) -> list[str]:
    return (
        [str(each) for each in value]
        if isinstance(value, list)
        else [value]
        if isinstance(value, str)
        else []
    )


def _same_origins(function: Function, api: Resource, cors: dict[str, Any]) -> Iterator[Finding]:
    of_api = {each.target for each in references(cors.get("AllowOrigins"))}
    for name, value in function.variables.items():
        if "ORIGIN" in name and of_api and not of_api & {each.target for each in references(value)}:
            found = f"`{name}` of `{function.logical_id}` has other origins than `{api.logical_id}`"
            line = function.line_of("Environment", "Variables", name)
            fix = f"Make both from {', '.join(f'`{each}`' for each in sorted(of_api))}."
            yield LESSON.finding(TEMPLATE, line, found, function.logical_id, fix)


@LESSON.check
def contract_is_tested(service: Service) -> Iterator[Finding]:
    """A test of each function looks at the headers of each kind of answer."""
    for function, _code, _handler in http_functions(service):
        modules = tests_of(service, function.folder)
        if not any(tests_in(module) for module in modules):
            continue  # TST-01 tells
        seen = [
            (node, _values(node)) for module in modules for node in _cors_tests(module, modules)
        ]
        lacking = [
            name
            for name, statuses in CONTRACT
            if not any(
                value in statuses
                for _n, values in seen
                for value in values
                if isinstance(value, int)
            )
        ]
        if not any("options" in {str(v).lower() for v in values} for _node, values in seen):
            lacking.append("a preflight (OPTIONS)")
        if lacking:
            folder = f"tests/unit/{function.name}"
            path = f"{folder}/test_cors.py"
            kinds = " or ".join(filter(None, (", ".join(lacking[:-1]), lacking[-1])))
            found = f"no test of `{function.name}` looks at `{ALLOW_ORIGIN}` of {kinds}"
            yield LESSON.finding(path if path in service.files else folder, 0, found)


def _cors_tests(module: Module, modules: list[Module]) -> Iterator[ast.AST]:
    """The tests that look at the header, themselves or by a helper or a fixture."""
    named: list[tuple[str, ast.AST]] = [
        (each.name, each)
        for other in modules
        for each in other.functions
        if not each.name.startswith("test")
    ]
    for other in modules:
        named += scopes(other.parsed)[0].bindings.items()
    helpers: set[str] = set()
    for _round in range(3):  # a helper may use a helper that uses a constant
        helpers |= {name for name, node in named if _looks_at_cors(node, helpers)}
    for test in tests_in(module):
        if _looks_at_cors(test, helpers) and not is_skipped(test):
            yield test


def _looks_at_cors(node: ast.AST, helpers: set[str]) -> bool:
    names = _spoken(node)
    return ALLOW_ORIGIN in names or bool(names & helpers)


@KEPT
def _spoken(node: ast.AST) -> frozenset[str]:
    """The names and the texts in a piece of code; texts in small letters."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.arg):
            found.add(each.arg)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.add(each.value.lower())
    return frozenset(found)


def _values(test: ast.AST) -> set[object]:
    """Statuses, and what a request is sent by: the literals of a test, and names as of HTTPStatus."""
    found: set[object] = {constant(node) for node in ast.walk(test)} - {None}
    found |= {status for status in map(status_of, ast.walk(test)) if status}
    return found | {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
