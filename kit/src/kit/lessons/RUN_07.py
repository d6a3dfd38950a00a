"""RUN-07: A handler whose event can come twice recognises what it has done.

Why: Orders were placed twice, as queues and event buses deliver at least once.

Here: Powertools' idempotency with a table, in `index.py` of each function that events, queues or
schedules start.

Fix: Do the work in a function with `@idempotent_function`, or behind a condition
(`ConditionExpression`, a request token). Where a second time does no harm by itself, say why in
`lessons.toml`.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.imports import imports_of
from kit.gate.lesson import Lesson
from kit.gate.python_names import POWERTOOLS, STANDARD, Code, Definition, constant, handlers, last
from kit.gate.service import Service
from kit.gate.wiring import senders

LESSON = Lesson.read(__doc__)

# Decorators, arguments and SQL by which work is done once.
DECORATORS = {"idempotent", "idempotent_function"}
ARGUMENTS = {
    *("ConditionExpression", "ClientRequestToken", "ClientToken", "MessageDeduplicationId"),
    *("IfNoneMatch", "IfMatch", "Idempotency-Key", "idempotency_key"),
}
SQL = ("ON CONFLICT", "MERGE INTO", "INSERT IGNORE", "ON DUPLICATE KEY", "ATTRIBUTE_NOT_EXISTS")
# Modules of Python by which code does something outside of its own process.
OUTWARD = {
    *("ftplib", "http", "imaplib", "poplib", "smtplib", "socket", "ssl", "subprocess", "urllib"),
}
# What computes and logs, beside the rest of Python.
INWARD = (
    *("Logger", "Tracer", "logging", "utilities.batch", "utilities.data_classes"),
    *("utilities.parser", "utilities.typing", "utilities.validation"),
)
# A function of the template that tells people twice what comes twice, which does no harm. The
# questions let no other function have its name.
HARMLESS = {"chat_notifier"}


@LESSON.check
def work_is_done_once(service: Service) -> Iterator[Finding]:
    """What a handler calls has a part that a second time changes nothing."""
    for function, code, handler in handlers(service):
        kinds = sorted(senders(service, function))
        if handler is None or not kinds or function.name in HARMLESS or not _acts(code):
            continue
        if not any(_is_once(code, where) for where in code.reached_from(handler)):
            names = " or ".join(f"`{sender}`" for sender in kinds)
            message = f"`{function.name}` does its work twice when {names} delivers an event twice"
            fix = "Do the work in a function with `@idempotent_function` that the handler calls, or"
            fix += " behind a `ConditionExpression` or a request token."
            yield LESSON.finding(handler.module.path, handler.line, message, fix=fix)


def _acts(code: Code) -> bool:
    """Whether code may do more than compute and log: it imports something with which it can."""
    names = {
        imported.absolute
        for module in code.modules.values()
        for imported in imports_of(module)
        if not imported.level
    }
    return any(
        name.split(".")[0] not in STANDARD - OUTWARD
        and not name.removeprefix(POWERTOOLS).startswith(INWARD)
        for name in names
    )


def _is_once(code: Code, where: Definition) -> bool:
    calls = {last(code.name_of(call.func, where)) for call in where.scope.calls}
    texts = [str(constant(node)) for node in where.scope.of(ast.Constant)]
    arguments = {keyword.arg for keyword in where.scope.of(ast.keyword)}
    return bool(
        DECORATORS & {*where.scope.decorator_names, *calls}
        or ARGUMENTS & {*arguments, *texts}
        or any(sql in text.upper() for sql in SQL for text in texts)
    )
