"""STR-10: Imports stand at the top of a module, none inside a function.

Why: What a handler imported was loaded while the first caller of each container waited, and a
library that was missing failed requests instead of the start.

Here: All code in `lambda_pkg`. Clients, which belong to the top as well, are RUN-05's.

Fix: Move the import to the top of the module. What is large and seldom needed can be imported by a
function that `functools.cache` decorates.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.imports import imports_of
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import last, scopes
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

# Decorators that keep what a function returns, so that it imports once.
CACHES = {"cache", "cached", "cached_property", "lru_cache"}


@LESSON.check
def imports_at_the_top(service: Service) -> Iterator[Finding]:
    """No function imports anything, unless its result is cached."""
    for folder in service.function_folders:
        for module in service.modules(f"{folder}/lambda_pkg"):
            functions = [s.node for s in scopes(module.parsed) if s.node and not _is_cached(s.node)]
            for imported in imports_of(module):
                line = imported.line
                inner = [f for f in functions if f.body[0].lineno <= line <= (f.end_lineno or 0)]
                if inner:
                    message = f"`{inner[-1].name}` imports `{imported.written}` when it is called"
                    yield LESSON.finding(module.path, line, message)


def _is_cached(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = (d.func if isinstance(d, ast.Call) else d for d in function.decorator_list)
    return any(last(dotted(decorator)) in CACHES for decorator in decorators)
