"""RUN-04: Handlers are synchronous; FastAPI runs behind Mangum with `lifespan="off"`.

Why: Lambda does not await: an `async def` handler returned a coroutine, and events of FastAPI's
start never ran.

Here: `lambda_handler` in each `index.py`.

Fix: Write `def lambda_handler`, and `Mangum(app, lifespan="off")`; do at import what was in a
startup event.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.python_names import Definition, constant, every_code, handlers, is_open, keyword, last
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

STARTUP = {"on_event", "add_event_handler"}
STARTUP_KEYWORDS = ("lifespan", "on_startup", "on_shutdown")
APPLICATIONS = ("FastAPI", "APIRouter", "Starlette")


@LESSON.check
def synchronous_handlers(service: Service) -> Iterator[Finding]:
    """No handler returns a coroutine to Lambda."""
    for function, code, handler in handlers(service):
        if handler is None:
            continue  # that is STR-06's
        path = handler.module.path
        if _is_coroutine(handler):
            message = f"the handler `{handler.place}` of `{function.name}` is `async`"
            fix = f"Write `def {handler.place}`, and run what it awaits by `asyncio.run(…)`."
            yield LESSON.finding(path, handler.line, message, fix=fix)
        for result in handler.scope.of(ast.Return):
            called = result.value.func if isinstance(result.value, ast.Call) else None
            target = code.definition(called, handler) if called else None
            if target and _is_coroutine(target):
                message = (
                    f"the handler of `{function.name}` returns the coroutine of `{target.place}`"
                )
                fix = f"Write `return asyncio.run({target.place}(…))`."
                yield LESSON.finding(path, result.lineno, message, fix=fix)


def _is_coroutine(where: Definition) -> bool:
    """Whether it is async, and no decorator runs it: @async_to_sync, @run_sync."""
    is_run = any("sync" in name for name in where.scope.decorator_names)
    return isinstance(where.scope.node, ast.AsyncFunctionDef) and not is_run


@LESSON.check
def mangum_without_lifespan(service: Service) -> Iterator[Finding]:
    """Mangum runs no startup events, and none are there that would wait for it."""
    for code in every_code(service):
        adapters = {name for _where, _call, name in code.calls if last(name) == "Mangum"}
        for where, call, name in code.calls if adapters else []:
            path, line = where.module.path, call.lineno
            on = constant(keyword(call, "lifespan")) in (None, "on", "auto")
            has_startup = any(keyword(call, item) is not None for item in STARTUP_KEYWORDS)
            if name in adapters and on and not is_open(call):
                message = f'`{ast.unparse(call)}` has no `lifespan="off"`'
                fix = 'Write `Mangum(app, lifespan="off")`.'
                yield LESSON.finding(path, line, message, fix=fix)
            elif last(name) in STARTUP or (has_startup and last(name) in APPLICATIONS):
                message = (
                    f"`{last(name)}` waits for the start of an application, which Lambda lacks"
                )
                fix = "Do at the top of the module what it shall do, and delete it."
                yield LESSON.finding(path, line, message, fix=fix)
