"""RUN-02: Callers get every error in one JSON shape, with the right status and nothing of the
inside; the trace is in the log.

Why: Stack traces appeared in browsers.

Here: `utils/errors.py` and the exception handlers in `index.py` of each `api` function.

Fix: Answer through `error_body` of `utils/errors.py`, keep a handler for `Exception` that logs the
trace, and put no exception's text into an answer, except of those that the service itself defines
for callers.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain

from kit.gate.findings import Finding
from kit.gate.http import RESOLVERS, http_functions, status_of
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    Code,
    Definition,
    constant,
    keyword,
    last,
)
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# Exceptions whose text is meant for callers. Those that the code itself defines are, too.
FOR_CALLERS = {"HTTPException", "ServiceError", "RequestValidationError", "ValidationError"}


FOR_CALLERS |= {"BadRequestError", "NotFoundError", "UnauthorizedError", "ForbiddenError"}


FOR_CALLERS |= {"RequestEntityTooLargeError", "RequestTimeoutError"}


HTTP_ERRORS = FOR_CALLERS | {"InternalServerError", "ServiceUnavailableError"}


RESPONSES = {"Response", "JSONResponse", "PlainTextResponse", "HTMLResponse", "ORJSONResponse"}


ROUTES = {"get", "post", "put", "patch", "delete", "head", "options", "route", "api_route"}


CATCHERS = {"exception_handler", "add_exception_handler", "not_found"}


TRACES = {"traceback.format_exc", "traceback.format_exception", "traceback.format_exception_only"}


def _decorators(definition: Definition) -> Iterator[tuple[str, ast.expr]]:
    """The last names of its decorators: @app.get("/x") is get."""
    for each in definition.scope.decorators:
        yield last(dotted(each.func if isinstance(each, ast.Call) else each)), each


@LESSON.check
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
            yield LESSON.finding(where.module.path, sent.lineno, found)


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


@LESSON.check
def one_error_shape(service: Service) -> Iterator[Finding]:
    """What answers with an error takes its body from the helper."""
    for _function, code, _handler in http_functions(service):
        helpers = _error_helpers(code)
        for where in code.definitions.values():
            if where.name in helpers or _uses(code, where, helpers):
                continue
            for line, status in _hand_made(code, where):
                found = f"`{where.place}` answers {status} without the one error shape"
                yield LESSON.finding(where.module.path, line, found)
            catches = any(name == "exception_handler" for name, _call in _decorators(where))
            answers = any(each.value for each in where.scope.of(ast.Return))
            if where.scope.node and catches and answers:
                found = f"`{where.place}` answers exceptions without the one error shape"
                yield LESSON.finding(where.module.path, where.scope.node.lineno, found)


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
                (status_of(each) for each in given if each is not None and status_of(each)), None
            )
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            status = next((status_of(v) for k, v in pairs if constant(k) == "statusCode"), None)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and is_route:
            status = next((s for s in map(status_of, node.value.elts[1:2]) if s), None)
        if status and status >= 400:
            yield getattr(node, "lineno", 0), status


@LESSON.check
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
            yield LESSON.finding(path, line, found)
        for where, at_line, body in catching:
            if not any(map(_logs_the_trace, body)):
                found = f"`{where.place}` catches every `Exception` and logs no trace"
                fix = "Write `logger.exception(…)` before the answer."
                yield LESSON.finding(where.module.path, at_line, found, fix=fix)
        for made, needed in FRAMEWORKS:
            if any(name in made for _w, _c, name in code.calls):
                for name, kinds in needed:
                    if not registered & kinds:
                        found = f"{called} leaves the answer to {name} to the framework"
                        fix = f"Register a handler for {name} that answers through `error_body`."
                        yield LESSON.finding(path, line, found, fix=fix)
        for where, call, name in code.calls:
            validates = name in RESOLVERS and constant(keyword(call, "enable_validation")) is True
            if validates and "RequestValidationError" not in registered:
                found = f"{called} leaves the answer to invalid requests to the framework"
                fix = "Register a handler for `RequestValidationError` that answers through `error_body`."
                yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)
        yield from _debugging(code)


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
            yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)
