"""RUN-02: Callers get every error in one JSON shape, with the right status and nothing of the
inside; the trace is in the log.

Why: Stack traces appeared in browsers.

Here: `utils/errors.py` and the exception handlers in `index.py` of each `api` function.

Fix: Answer through `error_body` of `utils/errors.py`, keep a handler for `Exception` that logs the
trace, and put no exception's text into an answer, except of those that the service itself defines
for callers.

Defended by: gate.
"""

import ast
from collections.abc import Iterable, Iterator

from kit.gate.findings import Finding
from kit.gate.http import RESOLVERS, error_helpers, http_functions, status_of
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import Code, Definition, constant, keyword, last
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

WITHOUT_SHAPE = "without the one error shape"
# Exceptions whose text is meant for callers. Those that the code itself defines are, too.
FOR_CALLERS = {
    *("HTTPException", "ServiceError", "RequestValidationError", "ValidationError"),
    *("BadRequestError", "NotFoundError", "UnauthorizedError", "ForbiddenError"),
    *("RequestEntityTooLargeError", "RequestTimeoutError"),
}
HTTP_ERRORS = FOR_CALLERS | {"InternalServerError", "ServiceUnavailableError"}
THROUGH_HELPER = "Build the body with `error_body` of `utils/errors.py`, as `error_response` does."
# FastAPI calls an exception handler for Exception outside of its middlewares, so without CORS.
LAST_RESORT = (
    "Write a function with `@app.{}` that calls `logger.exception(…)` and answers 500 with a body"
    " from `error_body`."
)
HANDLES = "exception_handler(Exception)"
BEHIND_APP = "Raise it in a route or a middleware of the app, which adds the CORS headers."
EVERYTHING = {"Exception", "BaseException"}
RESPONSES = {"Response", "JSONResponse", "PlainTextResponse", "HTMLResponse", "ORJSONResponse"}
ROUTES = {"get", "post", "put", "patch", "delete", "head", "options", "route", "api_route"}
CATCHERS = {"exception_handler", "add_exception_handler", "not_found"}
ANSWERING = ROUTES | CATCHERS | {"middleware"}
FASTAPI = {"fastapi.FastAPI", "fastapi.applications.FastAPI"}
# What a framework answers by itself unless it has a handler. FastAPI's own HTTPException is a kind
# of Starlette's, which also says that a route is unknown.
REFUSALS = [
    (RESOLVERS, "ServiceError"),
    (FASTAPI, "starlette.exceptions.HTTPException"),
    (FASTAPI, "RequestValidationError"),
]


@LESSON.check
def texts_of_exceptions(service: Service) -> Iterator[Finding]:
    """No answer has a trace, or the text of an exception that was not made for callers."""
    for _function, code, handler in http_functions(service):
        last_resorts = [where for kind, where in _registered(code) if kind in EVERYTHING]
        for where in code.definitions.values():
            answers = where is handler or ANSWERING & {*where.scope.decorator_names}
            for error, body in _foreign_errors(code, where, where in last_resorts):
                nodes = _unlogged(body) if answers else _raised(code, where, body)
                for node in nodes:
                    if _is_text(node, error):
                        what = f"the exception `{error}`" if error else "a trace"
                        message = f"`{where.place}` answers with the text of {what}"
                        line = getattr(node, "lineno", where.line)
                        fix = "Write there what went wrong in words of your own, without the exception."
                        yield LESSON.finding(where.module.path, line, message, fix=fix)


def _foreign_errors(
    code: Code, where: Definition, is_last_resort: bool
) -> Iterator[tuple[str, list[ast.stmt]]]:
    """The names of exceptions that are not for callers, with the statements that handle them."""
    for handler in where.scope.of(ast.ExceptHandler):
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = [code.name_of(kind, where) if kind else "" for kind in kinds]
        if not all(name.startswith(".") or last(name) in FOR_CALLERS for name in names):
            yield handler.name or "", handler.body
    if where.scope.node and is_last_resort:
        parameters = where.scope.node.args.args
        yield parameters[-1].arg if parameters else "", where.scope.node.body


def _unlogged(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below these, but for what a logger gets."""
    for node in nodes:
        if not (isinstance(node, ast.Call) and "log" in dotted(node.func).lower()):
            yield node
            yield from _unlogged(ast.iter_child_nodes(node))


def _raised(code: Code, where: Definition, body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of exceptions for callers that these statements raise."""
    for node in _unlogged(body):
        raised = node.exc if isinstance(node, ast.Raise) else None
        name = code.name_of(raised.func, where) if isinstance(raised, ast.Call) else ""
        if raised and last(name) in HTTP_ERRORS:
            yield from ast.walk(raised)


def _is_text(node: ast.AST, error: str) -> bool:
    """str(error), f"{error}", error.args, traceback.format_exc()"""
    match node:
        case ast.Call(func=func, args=args) if dotted(func) in ("str", "repr", "format"):
            return any(_is_named(argument, error) for argument in args)
        case ast.Call(func=func):
            return last(dotted(func)).startswith("format_exc")
        case ast.FormattedValue(value=value):
            return _is_named(value, error)
        case ast.Attribute(value=value, attr="args" | "message" | "msg" | "response"):
            return _is_named(value, error)
    return False


def _is_named(node: ast.AST, name: str) -> bool:
    return bool(name) and isinstance(node, ast.Name) and node.id == name


@LESSON.check
def one_error_shape(service: Service) -> Iterator[Finding]:
    """What answers with an error takes its body from the helper."""
    for _function, code, handler in http_functions(service):
        helpers = error_helpers(code)
        shapeless = [
            where
            for where in code.definitions.values()
            if not helpers & {item.name for item in code.reached_from(where)}
        ]
        for where, status in _statuses(code):
            number = status_of(status)
            if number and number >= 400 and where in shapeless:
                message = f"`{where.place}` answers {number} {WITHOUT_SHAPE}"
                by_app = where is handler and code.used & (RESOLVERS | FASTAPI)
                fix = BEHIND_APP if by_app else THROUGH_HELPER
                yield LESSON.finding(where.module.path, status.lineno, message, fix=fix)
        for where in shapeless:
            if "exception_handler" in where.scope.decorator_names and where.scope.of(ast.Return):
                message = f"`{where.place}` answers exceptions {WITHOUT_SHAPE}"
                yield LESSON.finding(where.module.path, where.line, message, fix=THROUGH_HELPER)


def _statuses(code: Code) -> Iterator[tuple[Definition, ast.expr]]:
    """The statuses of answers, with the functions that choose them: where the answer is made, or
    who calls what makes it."""
    routes = [w for w in code.definitions.values() if ROUTES & {*w.scope.decorator_names}]
    answering = {route.name for route in routes} | {
        code.name_of(result.value.func, route)
        for route in routes
        for result in route.scope.of(ast.Return)
        if isinstance(result.value, ast.Call)
    }
    for where in code.definitions.values():
        for node in where.scope.nodes:
            values: list[ast.expr] = []
            match node:
                case ast.Call() if last(code.name_of(node.func, where)) in RESPONSES:
                    status = keyword(node, "status_code")
                    values = [status] if status else node.args
                case ast.Dict():
                    pairs = zip(node.keys, node.values, strict=True)
                    values = [value for key, value in pairs if constant(key) == "statusCode"]
                case ast.Return(value=ast.Tuple(elts=[_, status, *_])):
                    values = [status] if where.name in answering else []
            for value in values:
                yield where, code.value_of(value, where)
                for origin, place in code.origins(value, where):
                    yield place if place.scope.node else where, code.value_of(origin, place)


@LESSON.check
def every_error_is_caught(service: Service) -> Iterator[Finding]:
    """Refusals of a framework and what nobody foresaw are answered in the one shape, and logged."""
    for function, code, handler in http_functions(service):
        path, line, subject = handler.module.path, handler.line, f"the function `{function.name}`"
        registered = dict(_registered(code))
        last_resorts = list(_last_resorts(code, handler, registered))
        if not last_resorts:
            message = f"{subject} has no handler for an `Exception` that nobody foresaw"
            is_fastapi = bool(code.used & FASTAPI)
            way = 'middleware("http")` and `except Exception' if is_fastapi else HANDLES
            yield LESSON.finding(path, line, message, fix=LAST_RESORT.format(way))
        for where, at_line, nodes in last_resorts:
            if not any(map(_logs_the_trace, nodes)):
                message = f"`{where.place}` catches every `Exception` and logs no trace"
                fix = "Write `logger.exception(…)` before the answer."
                yield LESSON.finding(where.module.path, at_line, message, fix=fix)
        for where, call, name in code.calls:
            needed = [kind for frameworks, kind in REFUSALS if name in frameworks]
            if name in RESOLVERS and constant(keyword(call, "enable_validation")) is True:
                needed.append("RequestValidationError")
            for kind in needed:
                if not any(item.endswith(kind) for item in registered):
                    message = f"{subject} leaves the answer to `{kind}` to the framework"
                    fix = f"Register a handler for `{kind}` that answers through `error_body`."
                    yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)
            if name in RESOLVERS | FASTAPI and constant(keyword(call, "debug")) is True:
                message = f"`{last(name)}(debug=True)` answers errors with their traces"
                yield LESSON.finding(where.module.path, call.lineno, message, fix="Remove `debug`.")


def _registered(code: Code) -> Iterator[tuple[str, Definition | None]]:
    """The exceptions that have a handler, by their names, with that handler."""
    decorated = {
        id(node): definition
        for definition in code.definitions.values()
        for node in definition.scope.decorators
    }
    for where, call, name in code.calls:
        if last(name) in CATCHERS and call.args:
            handler = decorated.get(id(call))
            if handler is None and len(call.args) == 2:
                handler = code.definition(call.args[1], where)
            kinds = call.args[0]
            for kind in kinds.elts if isinstance(kinds, ast.List | ast.Tuple) else [kinds]:
                yield code.name_of(kind, where), handler
        handlers = keyword(call, "exception_handlers")
        if isinstance(handlers, ast.Dict):
            for key, function in zip(handlers.keys, handlers.values, strict=True):
                yield code.name_of(key or function, where), code.definition(function, where)


def _last_resorts(
    code: Code, handler: Definition, registered: dict[str, Definition | None]
) -> Iterator[tuple[Definition, int, list[ast.AST]]]:
    """Where whatever happens is caught and answered: the function, the line and what it does."""
    for where in [each for kind, each in registered.items() if kind in EVERYTHING and each]:
        yield where, where.line, where.scope.nodes
    helpers = error_helpers(code)
    for where in code.definitions.values():
        uses_helper = helpers & {item.name for item in code.reached_from(where)}
        # Elsewhere code may well do without what failed: a cache, a hint.
        if where is handler or where.scope.decorators or uses_helper:
            for caught in where.scope.of(ast.ExceptHandler):
                nodes = [node for statement in caught.body for node in ast.walk(statement)]
                is_broad = caught.type is None or dotted(caught.type) in EVERYTHING
                if is_broad and any(isinstance(node, ast.Return) for node in nodes):
                    yield where, caught.lineno, nodes


def _logs_the_trace(node: ast.AST) -> bool:
    """logger.exception(…), exc_info=… or raise"""
    if isinstance(node, ast.Call):
        return last(dotted(node.func)) == "exception" or keyword(node, "exc_info") is not None
    return isinstance(node, ast.Raise)
