"""STR-10: Imports stand at the top of a module, none inside a handler or what it calls.

Why: What a handler imported was loaded while the first caller of each container waited, and a
library that was missing failed requests instead of the start.

Here: `index.py` of each function and what it calls; clients, which belong to the top as well, are
RUN-05's.

Fix: Move the import to the top of the module. What is large and seldom needed can be imported by a
function that `functools.cache` decorates.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import Code, Definition, code_of, constant, last
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# Decorators that make a function one that is called by each event: @app.get("/items").
ROUTES = {
    *("api_route", "delete", "exception_handler", "get", "head", "middleware", "not_found"),
    *("on_publish", "options", "patch", "post", "put", "resolver", "route"),
}


# Those whose function runs once.
KEEPING = {"cache", "cached", "cached_property", "lru_cache"}


# Calls that import what they are told.
IMPORTING = {"importlib.import_module", "importlib.__import__", "__import__"}


@LESSON.check
def imports_at_the_top(service: Service) -> Iterator[Finding]:
    """No handler imports anything, nor does what it calls, but for what keeps its result."""
    for folder in service.function_folders:
        code = code_of(service, folder)
        for handler, where in _called_by_handlers(code):
            by = "" if where is handler else f", which `{handler.place}` calls,"
            for name, line in _imported_by(code, where):
                found = f"`{where.place}`{by} imports {name} when it is called"
                yield LESSON.finding(where.module.path, line, found)


def _imported_by(code: Code, where: Definition) -> Iterator[tuple[str, int]]:
    """What a function imports as it runs, and the lines."""
    for plain in where.scope.of(ast.Import):
        yield ", ".join(f"`{alias.name}`" for alias in plain.names), plain.lineno
    for each in where.scope.of(ast.ImportFrom):
        yield f"`{'.' * each.level}{each.module or ''}`", each.lineno
    for call in where.scope.calls:
        if code.name_of(call.func, where) in IMPORTING and call.args:
            given = call.args[0]
            yield f"`{constant(given) or ast.unparse(given)}`", call.lineno


def _called_by_handlers(code: Code) -> Iterator[tuple[Definition, Definition]]:
    """The handlers and what they use of this code, each with a handler that does."""
    seen: set[str] = set()
    handlers = [each for each in code.definitions.values() if _is_handler(each)]
    waiting = [(each, each) for each in handlers]
    while waiting:
        handler, where = waiting.pop()
        if where.name in seen or (where is not handler and _runs_once(where)):
            continue
        seen.add(where.name)
        yield handler, where
        waiting += [(handler, each) for each in code.named_by(where)]


def _decorators(where: Definition) -> list[str]:
    return [dotted(d.func if isinstance(d, ast.Call) else d) for d in where.scope.decorators]


def _is_handler(where: Definition) -> bool:
    routes = (name.split(".") for name in _decorators(where))
    return where.scope.name == "lambda_handler" or any(
        len(parts) == 2 and parts[1] in ROUTES for parts in routes
    )


def _runs_once(where: Definition) -> bool:
    """Whether it keeps what it makes: by a cache, or in a global variable."""
    cached = any(last(name) in KEEPING for name in _decorators(where))
    return cached or bool(where.scope.of(ast.Global))
