"""RUN-09: A failure is not taken for a success: what fails is raised, and the results of batch calls
are read.

Why: The error stood in the log, and whoever sent the event was told that all is well: no second
try, nothing in the dead-letter queue, no alarm.

Here: `raise` below `logger.exception(…)` in `index.py` of each function that events start.

Fix: Raise again what you catch, or catch only the error after which the work is done all the same;
read from the results of batch calls what was not done.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import Code, Definition, constant, every_code, handlers, keyword, last
from kit.gate.service import Service
from kit.gate.wiring import POLLED, senders

LESSON = Lesson.read(__doc__)

# Exceptions that are every failure, or every failure of a library.
BROAD = {"BaseException", "BotoCoreError", "ClientError", "Exception", "HTTPError"}
BROAD |= {"RequestException", "SQLAlchemyError"}
# Calls that only tell of a failure: at a level by which nothing is lost, otherwise, and by text.
CALM = {"debug", "info", "warning", "warn"}
LOUD = {"append_keys", "critical", "error", "exception", "log", "print", "print_exc"}
LOUD |= {"add_metric", "capture_exception", "put_annotation", "put_metadata"}
PURE = {"dict", "dumps", "format", "format_exc", "get", "getLogger", "len", "repr", "str", "type"}
# Where calls that succeed even when they did nothing say what they did not do.
RESULTS = {
    "batch_get_item": {"UnprocessedKeys"},
    "batch_write_item": {"UnprocessedItems"},
    "delete_objects": {"Errors"},
    "invoke": {"FunctionError"},
    "publish_batch": {"Failed"},
    "put_record_batch": {"FailedPutCount", "ErrorCode"},
    "put_records": {"FailedRecordCount", "ErrorCode"},
    "send_message_batch": {"Failed"},
}
# Whoever runs these has the results of what they get: process_partial_response(event, handle, …).
REPORTING = ("process_partial_response", "async_process_partial_response")


@LESSON.check
def failures_are_raised(service: Service) -> Iterator[Finding]:
    """What handles an event, or helps to, lets out what went wrong."""
    for function, code, handler in handlers(service):
        kinds = senders(service, function)
        if not (handler and kinds):
            continue
        dropped = {name for where in code.definitions.values() for name in _dropped(where, handler)}
        polled = kinds & {*POLLED, "EventSourceMapping"}
        records = {
            code.name_of(item, where)
            for where, call, name in code.calls
            if last(name) in REPORTING
            for item in (*call.args, *(part.value for part in call.keywords))
        }
        for where in code.reached_from(handler):
            if where.name in records or (where is handler and polled):
                continue  # EVT-04
            for line in _lost(where, where is handler, last(where.name) in dropped):
                message = f"`{where.place}` ends well when what it does fails, so the event is lost"
                fix = "Raise it again (`raise`), or catch only the error after which all is done."
                yield LESSON.finding(where.module.path, line, message, fix=fix)


def _dropped(where: Definition, handler: Definition) -> Iterator[str]:
    """The functions whose results nobody looks at; Lambda doesn't at those of handlers."""
    values = [statement.value for statement in where.scope.of(ast.Expr)]
    if where is handler:
        values += [answer.value for answer in where.scope.of(ast.Return) if answer.value]
    for value in (item.value if isinstance(item, ast.Await) else item for item in values):
        if isinstance(value, ast.Call):
            yield _method(value)


def _lost(where: Definition, is_handler: bool, is_dropped: bool) -> Iterator[int]:
    """The lines where whatever fails is caught, and nobody outside gets to know."""
    bodies = [loop.body for loop in where.scope.of(ast.For)]
    bodies += [loop.body for loop in where.scope.of(ast.While)]
    repeated = {id(node) for body in bodies for part in body for node in ast.walk(part)}
    for block in where.scope.of(ast.With):
        calls = [item.context_expr for item in block.items]
        suppressing = [c for c in calls if isinstance(c, ast.Call) and _method(c) == "suppress"]
        returns = any(isinstance(node, ast.Return) for node in ast.walk(block))
        if any(_is_broad(kind) for call in suppressing for kind in call.args) and not returns:
            yield block.lineno
    handled = {id(node) for item in where.scope.of(ast.ExceptHandler) for node in ast.walk(item)}
    raised_later = [node for node in where.scope.of(ast.Raise) if id(node) not in handled]
    for attempt in where.scope.of(ast.Try):
        inside = {id(node) for node in ast.walk(attempt)}
        does_more = any(
            id(call) not in inside and _method(call) not in CALM | LOUD | PURE
            for call in where.scope.calls
        )
        for caught in attempt.handlers:
            nodes = [node for statement in caught.body for node in ast.walk(statement)]
            methods = {_method(node) for node in nodes if isinstance(node, ast.Call)}
            is_calm = bool(methods & CALM) and not methods & LOUD
            says_true = any(
                isinstance(node, ast.Return) and constant(node.value) is True for node in nodes
            )
            is_lost = is_dropped or says_true or id(attempt) in repeated
            if is_handler:
                is_lost, is_calm = True, is_calm and does_more
            later = any(raised.lineno > caught.lineno for raised in raised_later)
            is_broad = _is_broad(caught.type) and _only_tells(nodes, methods)
            if is_broad and is_lost and not is_calm and not later:
                yield caught.lineno


def _is_broad(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(item is None or last(f".{dotted(item)}") in BROAD for item in kinds)


def _only_tells(nodes: list[ast.AST], methods: set[str]) -> bool:
    """Whether nothing is kept, decided or done about a failure."""
    acts = (ast.Assign, ast.AugAssign, ast.If, ast.IfExp, ast.Match, ast.Raise, ast.Yield)
    return methods <= CALM | LOUD | PURE and not any(isinstance(node, acts) for node in nodes)


def _method(call: ast.Call) -> str:
    """The last part of what is called, whatever stands before it."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)


@LESSON.check
def results_are_read(service: Service) -> Iterator[Finding]:
    """Calls that may succeed in part have their results read. PutEvents: EVT-02."""
    for code in every_code(service):
        dropped = {id(statement.value) for statement in code.nodes(ast.Expr)}
        for where, call, _name in code.calls:
            method = _method(call)
            keys = RESULTS.get(method)
            names = [str(item.arg) for item in call.keywords]
            is_aws = any(name[:1].isupper() for name in names)  # as botocore has its arguments
            is_sent = constant(keyword(call, "InvocationType")) in ("Event", "DryRun")
            is_read = id(call) not in dropped and keys and keys & _keys_read(code)
            if keys and is_aws and not is_sent and not is_read:
                message = f"nobody reads from the result of `{method}` what it did not do"
                fix = f"Read `{max(keys, key=len)}` from its result, and raise if there is any."
                yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)


def _keys_read(code: Code) -> set[object]:
    """Texts in result["Failed"], result.get("Failed") and "Failed" in result."""
    keys = [node.slice for node in code.nodes(ast.Subscript)]
    keys += [call.args[0] for _where, call, _name in code.calls if call.args]
    keys += [node.left for node in code.nodes(ast.Compare)]
    return {constant(key) for key in keys}
