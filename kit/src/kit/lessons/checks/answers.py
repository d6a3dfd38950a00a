"""RUN: what callers see: errors and CORS."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain
from typing import Any

from ..findings import Finding, check
from ..parsers import KEPT, Module, at, dotted, line_of
from ..python_names import (
    POWERTOOLS,
    Code,
    Definition,
    constant,
    handlers,
    is_open,
    keyword,
    last,
    scopes,
)
from ..service import TEMPLATE, Function, Resource, Service, is_intrinsic, references
from ..tested import is_skipped, tests_in, tests_of
from ..wiring import HTTP_EVENTS

# ── RUN-02: errors ───────────────────────────────────────────────────────────

# Exceptions whose text is meant for callers. Those that the code itself defines are, too.
FOR_CALLERS = {"HTTPException", "ServiceError", "RequestValidationError", "ValidationError"}
FOR_CALLERS |= {"BadRequestError", "NotFoundError", "UnauthorizedError", "ForbiddenError"}
FOR_CALLERS |= {"RequestEntityTooLargeError", "RequestTimeoutError"}
HTTP_ERRORS = FOR_CALLERS | {"InternalServerError", "ServiceUnavailableError"}
RESPONSES = {"Response", "JSONResponse", "PlainTextResponse", "HTMLResponse", "ORJSONResponse"}
ROUTES = {"get", "post", "put", "patch", "delete", "head", "options", "route", "api_route"}
CATCHERS = {"exception_handler", "add_exception_handler", "not_found"}
TRACES = {"traceback.format_exc", "traceback.format_exception", "traceback.format_exception_only"}


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


def _decorators(definition: Definition) -> Iterator[tuple[str, ast.expr]]:
    """The last names of its decorators: @app.get("/x") is get."""
    for each in definition.scope.decorators:
        yield last(dotted(each.func if isinstance(each, ast.Call) else each)), each


@check("RUN-02")
def texts_of_exceptions(service: Service) -> Iterator[Finding]:
    """No answer has the text of an exception that was not made for callers."""
    for _function, code, handler in http_functions(service):
        for where in code.definitions.values():
            answers = where is handler or any(
                n in ROUTES | CATCHERS for n, _d in _decorators(where)
            )
            for name, body in _caught(code, where):
                yield from _told(code, where, body, name, answers)
            if answers and "exception_handler" in {name for name, _d in _decorators(where)}:
                yield from _told(code, where, where.scope.nodes, _foreign_parameter(where), answers)


def _caught(code: Code, where: Definition) -> Iterator[tuple[str, list[ast.AST]]]:
    """The name and the body of each `except … as …` of exceptions that are not for callers."""
    for node in where.scope.of(ast.ExceptHandler):
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if all(kind and _is_for_callers(code.name_of(kind, where)) for kind in kinds):
            continue
        yield node.name or "", [each for line in node.body for each in ast.walk(line)]


def _is_for_callers(name: str) -> bool:
    return name.startswith(".") or last(name) in FOR_CALLERS


def _foreign_parameter(where: Definition) -> str:
    """The name by which a handler of exceptions gets one that is not for callers."""
    node = where.scope.node
    for name, decorator in _decorators(where):
        if (
            name == "exception_handler"
            and isinstance(decorator, ast.Call)
            and decorator.args
            and node
        ):
            kinds = decorator.args[0]
            each = kinds.elts if isinstance(kinds, ast.List | ast.Tuple) else [kinds]
            foreign = any(dotted(kind) in ("Exception", "BaseException") for kind in each)
            return node.args.args[-1].arg if foreign and node.args.args else ""
    return ""


def _told(
    code: Code, where: Definition, body: list[ast.AST], error: str, answers: bool
) -> Iterator[Finding]:
    """Answers in that body which have the text of the exception of that name, or a trace."""
    texts = {
        target.id
        for node in body
        if isinstance(node, ast.Assign) and _has_text(node.value, error, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in body:
        sent = _sent(code, where, node, answers)
        if sent and _has_text(sent, error, texts):
            text = f"the exception `{error}`" if error else "a trace"
            found = f"`{where.place}` answers with the text of {text}"
            yield Finding("RUN-02", where.module.path, sent.lineno, found)


def _sent(code: Code, where: Definition, node: ast.AST, answers: bool) -> ast.expr | None:
    """What a statement sends to a caller."""
    if isinstance(node, ast.Return) and node.value:
        value = node.value
        name = last(dotted(value.func)) if isinstance(value, ast.Call) else ""
        keys = {constant(key) for key in value.keys} if isinstance(value, ast.Dict) else set()
        is_answer = name in RESPONSES or "error_" in name or "statusCode" in keys
        return value if answers or is_answer else None
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return node.exc if last(code.name_of(node.exc.func, where)) in HTTP_ERRORS else None
    return None


def _has_text(value: ast.AST, error: str, texts: set[str]) -> bool:
    return any(_is_text(node, error, texts) for node in ast.walk(value))


def _is_text(node: ast.AST, error: str, texts: set[str]) -> bool:
    if isinstance(node, ast.Call):
        is_text = dotted(node.func) in ("str", "repr", "format") and bool(node.args)
        return dotted(node.func) in TRACES or (is_text and _is_error(node.args[0], error))
    if isinstance(node, ast.FormattedValue):
        return _is_error(node.value, error)
    if isinstance(node, ast.Attribute):
        return node.attr in ("args", "message", "msg", "response") and _is_error(node.value, error)
    return isinstance(node, ast.Name) and node.id in texts


def _is_error(node: ast.AST, error: str) -> bool:
    return bool(error) and isinstance(node, ast.Name) and node.id == error


@check("RUN-02")
def one_error_shape(service: Service) -> Iterator[Finding]:
    """What answers with an error takes its body from the helper."""
    for _function, code, _handler in http_functions(service):
        helpers = _error_helpers(code)
        for where in code.definitions.values():
            if where.name in helpers or _uses(code, where, helpers):
                continue
            for line, status in _hand_made(code, where):
                found = f"`{where.place}` answers {status} without the one error shape"
                yield Finding("RUN-02", where.module.path, line, found)
            catches = any(name == "exception_handler" for name, _call in _decorators(where))
            answers = any(each.value for each in where.scope.of(ast.Return))
            if where.scope.node and catches and answers:
                found = f"`{where.place}` answers exceptions without the one error shape"
                yield Finding("RUN-02", where.module.path, where.scope.node.lineno, found)


def _error_helpers(code: Code) -> set[str]:
    """What makes the one shape: the functions of utils/errors.py, or of a module called alike."""
    return {
        name
        for name, each in code.definitions.items()
        if each.scope.name
        and any(
            word in last(name.removesuffix(f".{each.scope.name}")) for word in ("error", "problem")
        )
    }


def _uses(code: Code, where: Definition, helpers: set[str]) -> bool:
    return any(each.name in helpers for each in code.reached_from(where))


def _hand_made(code: Code, where: Definition) -> Iterator[tuple[int, int]]:
    """The lines that answer with a status of 400 or more, and the status."""
    is_route = any(name in ROUTES for name, _decorator in _decorators(where))
    for node in where.scope.nodes:
        status = None
        if isinstance(node, ast.Call) and last(code.name_of(node.func, where)) in RESPONSES:
            given = [keyword(node, "status_code"), *node.args]
            status = next(
                (_status(each) for each in given if each is not None and _status(each)), None
            )
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            status = next((_status(v) for k, v in pairs if constant(k) == "statusCode"), None)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and is_route:
            status = next((s for s in map(_status, node.value.elts[1:2]) if s), None)
        if status and status >= 400:
            yield getattr(node, "lineno", 0), status


def _status(node: ast.AST) -> int | None:
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


@check("RUN-02")
def every_error_is_caught(service: Service) -> Iterator[Finding]:
    """A framework's own refusals and what nobody foresaw are answered in the one shape, and logged."""
    for function, code, handler in http_functions(service):
        path = handler.module.path
        line = handler.scope.node.lineno if handler.scope.node else 1
        registered = _registered(code)
        catching = list(_catch_all(code, handler))
        called = f"the function `{function.name}`"
        if not catching:
            found = f"{called} has no handler for an `Exception` that nobody foresaw"
            yield Finding("RUN-02", path, line, found)
        for where, at_line, body in catching:
            if not any(map(_logs_the_trace, body)):
                found = f"`{where.place}` catches every `Exception` and logs no trace"
                fix = "Write `logger.exception(…)` before the answer."
                yield Finding("RUN-02", where.module.path, at_line, found, fix=fix)
        for made, needed in FRAMEWORKS:
            if any(name in made for _w, _c, name in code.calls):
                for name, kinds in needed:
                    if not registered & kinds:
                        found = f"{called} leaves the answer to {name} to the framework"
                        fix = f"Register a handler for {name} that answers through `error_body`."
                        yield Finding("RUN-02", path, line, found, fix=fix)
        for where, call, name in code.calls:
            validates = name in RESOLVERS and constant(keyword(call, "enable_validation")) is True
            if validates and "RequestValidationError" not in registered:
                found = f"{called} leaves the answer to invalid requests to the framework"
                fix = "Register a handler for `RequestValidationError` that answers through `error_body`."
                yield Finding("RUN-02", where.module.path, call.lineno, found, fix=fix)
        yield from _debugging(code)


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
FASTAPI = {"fastapi.FastAPI", "fastapi.applications.FastAPI"}
FRAMEWORKS: list[tuple[set[str], list[tuple[str, set[str]]]]] = [
    (RESOLVERS, [("`ServiceError`", {"ServiceError"})]),
    (
        FASTAPI,
        [
            # FastAPI's own HTTPException is a kind of Starlette's, which also says that a route is unknown.
            ("Starlette's `HTTPException`", {"starlette.exceptions.HTTPException"}),
            ("`RequestValidationError`", {"RequestValidationError"}),
        ],
    ),
]  # fmt: skip


def _registered(code: Code) -> set[str]:
    """The exceptions that have a handler, by their last and by their whole names."""
    found = set()
    for where, call, name in code.calls:
        kinds: list[ast.AST] = []
        if last(name) in CATCHERS and call.args:
            first = call.args[0]
            kinds = list(first.elts) if isinstance(first, ast.List | ast.Tuple) else [first]
        given = keyword(call, "exception_handlers")
        if isinstance(given, ast.Dict):
            kinds += [key for key in given.keys if key]
        names = [code.name_of(kind, where) for kind in kinds]
        found |= {*names, *map(last, names)}
    return found


def _catch_all(code: Code, handler: Definition) -> Iterator[tuple[Definition, int, list[ast.AST]]]:
    """Where whatever happens is caught and answered: place, line and body."""
    helpers = _error_helpers(code)
    for where in code.definitions.values():
        node = where.scope.node
        for name, decorator in _decorators(where):
            kinds = decorator.args if isinstance(decorator, ast.Call) else []
            broad = "Exception" in {dotted(each) for each in chain(*map(ast.walk, kinds))}
            if node and broad and name == "exception_handler":
                yield where, node.lineno, list(where.scope.nodes)
        # Elsewhere somebody may well do without what failed: a cache, a hint.
        answers = where is handler or bool(where.scope.decorators) or _uses(code, where, helpers)
        for caught in where.scope.of(ast.ExceptHandler) if answers else ():
            if _is_broad(caught):
                body = [each for line in caught.body for each in ast.walk(line)]
                if any(isinstance(each, ast.Return) for each in body):
                    yield where, caught.lineno, body
    for where, call, name in code.calls:
        broad = [dotted(each) for each in call.args[:1]] == ["Exception"]
        if last(name) == "add_exception_handler" and broad and len(call.args) == 2:
            target = code.definitions.get(code.name_of(call.args[1], where))
            yield where, call.lineno, list(target.scope.nodes) if target else [call]


def _is_broad(caught: ast.ExceptHandler) -> bool:
    return caught.type is None or dotted(caught.type) in ("Exception", "BaseException")


def _logs_the_trace(node: ast.AST) -> bool:
    """logger.exception(…), exc_info=…, a raise, or the exception handed to somebody else."""
    if isinstance(node, ast.Raise):
        return True
    if not isinstance(node, ast.Call):
        return False
    if last(dotted(node.func)) == "exception" or keyword(node, "exc_info") is not None:
        return True
    if dotted(node.func) in ("str", "repr", "type", "format", "isinstance"):
        return False
    return any(isinstance(each, ast.Name) and each.id in ("error", "exc", "e", "exception", "err") for each in node.args)  # fmt: skip


def _debugging(code: Code) -> Iterator[Finding]:
    """Applications whose answers have traces in them."""
    for where, call, name in code.calls:
        if name in RESOLVERS | FASTAPI and constant(keyword(call, "debug")) is True:
            found = f"`{last(name)}(debug=True)` answers errors with their traces"
            fix = "Leave `debug` out."
            yield Finding("RUN-02", where.module.path, call.lineno, found, fix=fix)


# ── RUN-03: CORS ─────────────────────────────────────────────────────────────

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


@check("RUN-03")
def apis_say_cors(service: Service) -> Iterator[Finding]:
    """Each API answers preflights, and adds the headers to what it says itself."""
    for api in service.of_type(*CORS_OF_APIS):
        if api.get("ProtocolType") == "WEBSOCKET":
            continue
        key = CORS_OF_APIS[api.type]
        shared = at(service.template, "Globals", api.type.rpartition("::")[2], key)
        if not api.get(key) and not shared:
            found = f"`{api.logical_id}` has no `{key}`"
            yield Finding("RUN-03", TEMPLATE, api.line, found, resource=api.logical_id)
        if api.type == "AWS::Serverless::Api":
            shared = at(service.template, "Globals", "Api", "GatewayResponses")
            yield from _gateway_answers(api, api.get("GatewayResponses") or shared)
            if at(api.properties, "Auth", "DefaultAuthorizer") and api.get("Auth", "AddDefaultAuthorizerToCorsPreflight") is not False:  # fmt: skip
                found = f"`{api.logical_id}` asks preflights for a token, which browsers never send"
                fix = "Write `AddDefaultAuthorizerToCorsPreflight: false` under `Auth`."
                yield Finding("RUN-03", TEMPLATE, api.line_of("Auth"), found, api.logical_id, fix)
    for api in service.of_type("AWS::ApiGateway::RestApi"):
        yield from _gateway_answers(api, _separate_answers(service, api))
    for function in service.functions:
        if function.get("FunctionUrlConfig") and not function.get("FunctionUrlConfig", "Cors"):
            found = f"the URL of `{function.logical_id}` has no `Cors`"
            line = function.line_of("FunctionUrlConfig")
            yield Finding("RUN-03", TEMPLATE, line, found, resource=function.logical_id)
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
            yield Finding("RUN-03", TEMPLATE, api.line, found, resource=api.logical_id, fix=fix)


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
                    yield Finding("RUN-03", TEMPLATE, line, found, function.logical_id, fix)


@check("RUN-03")
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
        yield Finding("RUN-03", path, line, found)


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


@check("RUN-03")
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
                yield Finding("RUN-03", where.module.path, call.lineno, found, fix=fix)
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
                    yield Finding("RUN-03", where.module.path, call.lineno, found, fix=fix)


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
            yield Finding("RUN-03", TEMPLATE, line, found, function.logical_id, fix)


@check("RUN-03")
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
            yield Finding("RUN-03", path if path in service.files else folder, 0, found)


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
    found |= {status for status in map(_status, ast.walk(test)) if status}
    return found | {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
