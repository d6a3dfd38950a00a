"""RUN-03: Every response that a browser can see has CORS headers: success, refusals, unforeseen
errors, preflights and the gateway's own.

Why: The browser hid the error behind one of CORS, and people looked in the wrong place.

Here: The resolver or middleware in `index.py`, `CorsConfiguration` of the API; `test_cors.py` of
each `api` function looks at a success, refusals, an unforeseen error and a preflight.

Fix: Keep `CORSConfig` (or the middleware), the API's `CorsConfiguration` and the contract test, and
let all three know the same origins, methods and headers.

Defended by: gate.
"""

import ast
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import environments
from kit.gate.findings import Finding
from kit.gate.http import (
    CORS_OF_APIS,
    RESOLVERS,
    cors_calls,
    cors_uses,
    credentials_for_all,
    error_helpers,
    has_api,
    http_functions,
    origins,
    status_of,
)
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.policies import listed, quoted, referenced_ids
from kit.gate.python_names import Code, FunctionNode, constant, is_open, keyword, last
from kit.gate.service import Function, Resource, Service
from kit.gate.tested import running_tests, tests_of
from kit.layout import TEMPLATE
from kit.template import Template, at, is_intrinsic, line_of

LESSON = Lesson.read(__doc__)

# Events of functions, with the property of their API, and the CORS of APIs under Globals.
API_EVENTS = {"HttpApi": ("ApiId", "CorsConfiguration"), "Api": ("RestApiId", "Cors")}
ALLOW_ORIGIN = "access-control-allow-origin"
NAMED = "Name the origins that may send credentials in place of `*`, or do not allow credentials."
# What a contract test has to look at, with the statuses that show it.
CONTRACT = {
    "a success (2xx)": range(200, 300),
    "a refusal (4xx)": range(400, 500),
    "an unforeseen error (5xx)": range(500, 600),
}


@LESSON.check
def apis_have_cors(service: Service) -> Iterator[Finding]:
    """Each API answers preflights, and adds the headers to its own answers."""
    for api in service.of_type(*CORS_OF_APIS):
        name, key = api.logical_id, CORS_OF_APIS[api.type]
        shared = at(service.template, "Globals", api.type.rpartition("::")[2])
        if not (api.get(key) or at(shared, key) or api.get("ProtocolType") == "WEBSOCKET"):
            fix = f"Write `{key}` with the origins, methods and headers that the code allows."
            yield LESSON.finding_in(api, api.line, f"`{name}` has no `{key}`", fix)
        if api.type == "AWS::Serverless::Api":
            yield from _gateway_responses(api, shared)
            auth = api.get("Auth")
            token = at(auth, "AddDefaultAuthorizerToCorsPreflight") is not False
            if at(auth, "DefaultAuthorizer") and token:
                message = f"`{name}` asks preflights for a token, which browsers never send"
                fix = "Write `AddDefaultAuthorizerToCorsPreflight: false` under `Auth`."
                yield LESSON.finding_in(api, api.line_of("Auth"), message, fix)
    for function in service.functions:
        name = function.logical_id
        if function.get("FunctionUrlConfig") and not function.get("FunctionUrlConfig", "Cors"):
            line = function.line_of("FunctionUrlConfig")
            fix = "Write `Cors` with `AllowOrigins` under `FunctionUrlConfig`."
            yield LESSON.finding_in(function, line, f"the URL of `{name}` has no `Cors`", fix)
        for event in function.events.values():
            key, cors = API_EVENTS.get(event["Type"], ("", ""))
            # SAM declares an API for these, which has what Globals say.
            is_implicit = key and at(event, "Properties", key) is None
            if is_implicit and not at(service.template, "Globals", event["Type"], cors):
                message = f"`{name}` answers by an API that nothing declares, without CORS"
                fix = f"Write `{key}: !Ref …` with the API that has the CORS settings."
                yield LESSON.finding_in(function, line_of(event, "Type"), message, fix)


def _gateway_responses(api: Resource, shared: Any) -> Iterator[Finding]:
    responses = api.get("GatewayResponses") or at(shared, "GatewayResponses")
    for name in ("DEFAULT_4XX", "DEFAULT_5XX"):
        headers = at(responses, name, "ResponseParameters", "Headers")
        if not any(ALLOW_ORIGIN in str(key).lower() for key in headers or ()):
            message = f"`{api.logical_id}` answers `{name}` itself, without CORS headers"
            fix = f"Write `{name}` under its `GatewayResponses`, with `ResponseParameters: Headers:"
            fix += " Access-Control-Allow-Origin`."
            yield LESSON.finding_in(api, api.line, message, fix)


@LESSON.check
def code_adds_cors(service: Service) -> Iterator[Finding]:
    """The code adds the headers to its answers, for all ways in that are not the API."""
    for function, code, handler in http_functions(service):
        resolvers = [call for _where, call, name in code.calls if name in RESOLVERS]
        # A function's URL adds them itself.
        if has_api(function) and not _adds_cors(code, resolvers):
            message = f"the function `{function.name}` adds no CORS headers to its answers"
            line = resolvers[0].lineno if resolvers else handler.line
            fix = "Give the resolver `cors=CORSConfig(…)` of Powertools."
            if not resolvers:
                fix = "Add FastAPI's `CORSMiddleware`, or the header `Access-Control-Allow-Origin`."
            yield LESSON.finding(handler.module.path, line, message, fix=fix)

        is_shaped = bool(error_helpers(code) & {item.name for item in code.reached_from(handler)})
        for answer in handler.scope.of(ast.Dict) if has_api(function) else ():
            parts = {
                constant(key): value for key, value in zip(answer.keys, answer.values, strict=True)
            }
            headers = parts.get("headers", ast.Dict([], []))
            is_bare = isinstance(headers, ast.Dict) and not _allows_origins(headers)
            status = status_of(parts.get("statusCode", answer)) or 0
            if (
                "statusCode" in parts
                and None not in parts
                and is_bare
                and (is_shaped or status < 400)
            ):
                message = f"`{handler.place}` answers without `{ALLOW_ORIGIN}`"
                fix = "Let a route or a middleware answer, or write that header there."
                yield LESSON.finding(handler.module.path, answer.lineno, message, fix=fix)


def _allows_origins(headers: ast.Dict) -> bool:
    """Whether it has the header, or takes headers from elsewhere: {**HEADERS, …}"""
    return None in headers.keys or ALLOW_ORIGIN in (str(constant(k)).lower() for k in headers.keys)


def _adds_cors(code: Code, resolvers: list[ast.Call]) -> bool:
    """By the resolver, by Starlette's middleware or one that inherits from it, or by hand."""
    by_resolver = any(keyword(call, "cors") is not None or is_open(call) for call in resolvers)
    # app.add_middleware(CORSMiddleware, …) or CORSMiddleware(app, …)
    used = {
        last(code.name_of(node, where))
        for where, call, _name in code.calls
        for node in (call.func, *call.args[:1])
    }
    middlewares = {"CORSMiddleware"} | {
        node.name
        for node in code.nodes(ast.ClassDef)
        if "CORSMiddleware" in [last(dotted(base)) for base in node.bases]
    }
    by_hand = ALLOW_ORIGIN in (str(node.value).lower() for node in code.nodes(ast.Constant))
    return by_resolver or by_hand or bool(used & middlewares)


@LESSON.check
def code_and_api_agree(service: Service) -> Iterator[Finding]:
    """What the code allows to browsers, its API allows too: the API's answer is what they get."""
    templates = list(environments(service).values())
    for function, code, _handler in http_functions(service):
        apis = referenced_ids(function.get("Events"))
        for api in service.of_type("AWS::Serverless::HttpApi"):
            cors = api.get("CorsConfiguration")
            if api.logical_id in apis and isinstance(cors, dict) and not is_intrinsic(cors):
                yield from _code_agrees(code, api, templates)
                yield from _variables_agree(function, api, templates)


def _code_agrees(code: Code, api: Resource, templates: list[Template]) -> Iterator[Finding]:
    for where, call, literal, _credentials in cors_calls(code):
        written = api.get("CorsConfiguration", "AllowOrigins")
        if literal and any(origins(template, written) != literal for template in templates):
            message = f"the code allows {quoted(sorted(literal))}, whatever `{api.logical_id}` does"
            fix = f"Take the origins from a variable that `{TEMPLATE}` passes, by the settings."
            yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)
    for where, call, used in cors_uses(code):
        for key, values in used.items():
            for value in sorted(values - {"*", "GET", "HEAD", "POST"}):
                if not _allows(api.get("CorsConfiguration", key), value):
                    message = f"uses `{value}`, which `{key}` of `{api.logical_id}` does not allow"
                    fix = f"Add `{value}` to `{key}` of `{api.logical_id}` in `{TEMPLATE}`."
                    yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)


@LESSON.check
def credentials_are_for_some(service: Service) -> Iterator[Finding]:
    """Browsers refuse credentials where any origin is allowed; some middlewares then allow all."""
    for path, line, resource in credentials_for_all(service):
        message = "allows credentials to every origin, `*`"
        yield LESSON.finding(path, line, message, resource, NAMED)


def _allows(written: Any, value: str) -> bool:
    allowed = [str(item).lower() for item in listed(written)]
    return is_intrinsic(written) or "*" in allowed or value.lower() in allowed


def _variables_agree(
    function: Function, api: Resource, templates: list[Template]
) -> Iterator[Finding]:
    written = api.get("CorsConfiguration", "AllowOrigins")
    for name, value in function.variables.items():
        differ = any(origins(t, written) != origins(t, value) for t in templates)
        if "ORIGIN" in name and written and differ:
            message = f"`{name}` has other origins than `{api.logical_id}`"
            line = function.line_of("Environment", "Variables", name)
            source, fix = min(referenced_ids(written), default=""), "Make both from one parameter."
            if source:
                fix = f'Write `!Join [",", !Ref {source}]`, from which the API has its own.'
            yield LESSON.finding_in(function, line, message, fix)


@LESSON.check
def contract_is_tested(service: Service) -> Iterator[Finding]:
    """A test of each function looks at the headers of each kind of answer."""
    for function, _code, _handler in http_functions(service):
        modules = tests_of(service, function.folder)
        if not any(map(running_tests, modules)):
            continue  # that is TST-01's
        literals = {value for test in _cors_tests(modules) for value in _literals(test)}
        lacking = [name for name, statuses in CONTRACT.items() if not literals & {*statuses}]
        lacking += ["a preflight (OPTIONS)"] if "options" not in literals else []
        if lacking:
            folder = f"tests/unit/{function.name}"
            path = f"{folder}/test_cors.py"
            message = f"no test of `{function.name}` looks at the CORS of {', '.join(lacking)}"
            fix = f"Test each in {path}: the status, and the header `{ALLOW_ORIGIN}`."
            path = path if path in service.files else folder
            yield LESSON.finding(path, 0, message, fix=fix)


def _cors_tests(modules: list[Module]) -> list[FunctionNode]:
    """The tests of modules that mention the header, or whose conftest.py does in a helper."""
    mentions = [
        module
        for module in modules
        if any(str(node.value).lower() == ALLOW_ORIGIN for node in module.nodes(ast.Constant))
    ]
    is_shared = any(module.path.endswith("/conftest.py") for module in mentions)
    return [
        test for module in (modules if is_shared else mentions) for test in running_tests(module)
    ]


def _literals(test: ast.AST) -> set[object]:
    """The statuses of a test, its texts and the methods that it calls, in small letters."""
    nodes = list(ast.walk(test))
    words = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    words |= {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
    return {*filter(None, map(status_of, nodes)), *(word.lower() for word in words)}
