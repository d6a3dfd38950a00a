"""RUN-04: Handlers are synchronous; FastAPI runs behind Mangum with `lifespan="off"`.

Why: Lambda does not await: an `async def` handler returned a coroutine, and events of FastAPI's
start never ran.

Here: `lambda_handler` in each `index.py`.

Fix: Write `def lambda_handler`, and `Mangum(app, lifespan="off")`; do at import what was in a
startup event.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.handlers import every_code
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    handlers,
    is_open,
    keyword,
    last,
)
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


STARTUP = {"on_event", "add_event_handler"}


STARTUP_KEYWORDS = {"lifespan", "on_startup", "on_shutdown"}


@LESSON.check
def synchronous_handlers(service: Service) -> Iterator[Finding]:
    """No declared handler gives Lambda a coroutine."""
    for function, code, handler in handlers(service):
        if handler is None or handler.scope.node is None:
            continue  # an adapter that is called itself, or STR-06 tells
        node, path = handler.scope.node, handler.module.path
        if isinstance(node, ast.AsyncFunctionDef) and not _is_run(node):
            found = f"the handler `{node.name}` of `{function.name}` is `async`"
            yield LESSON.finding(path, node.lineno, found)
            continue
        for each in handler.scope.of(ast.Return):
            value = each.value
            target = (
                code.definitions.get(code.name_of(value.func, handler))
                if isinstance(value, ast.Call)
                else None
            )
            if (
                target
                and isinstance(target.scope.node, ast.AsyncFunctionDef)
                and not _is_run(target.scope.node)
            ):
                found = (
                    f"the handler of `{function.name}` returns the coroutine of `{target.place}`"
                )
                fix = f"Write `return asyncio.run({target.place}(…))`."
                yield LESSON.finding(path, each.lineno, found, fix=fix)


def _is_run(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator makes it synchronous: @async_to_sync, @run_async."""
    names = (dotted(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list)
    return any("sync" in last(name) for name in names)


@LESSON.check
def mangum_without_lifespan(service: Service) -> Iterator[Finding]:
    """Mangum runs no startup events, and none are there that would wait for it."""
    for code in every_code(service):
        calls = list(code.calls)
        adapters = [each for each in calls if each[2] in ("mangum.Mangum", "mangum.adapter.Mangum")]
        for where, call, _name in adapters:
            lifespan = keyword(call, "lifespan")
            if not is_open(call) and (
                lifespan is None or (isinstance(lifespan, ast.Constant) and lifespan.value != "off")
            ):
                found = f'`{ast.unparse(call)}` has no `lifespan="off"`'
                yield LESSON.finding(where.module.path, call.lineno, found)
        for where, call, name in calls if adapters else []:
            given = {each.arg for each in call.keywords} & STARTUP_KEYWORDS
            if last(name) in STARTUP or (
                given and last(name) in ("FastAPI", "APIRouter", "Starlette")
            ):
                found = f"`{last(name)}` waits for a start of the application, which Lambda does not have"
                fix = "Do it at import, at the top of the module."
                yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)
