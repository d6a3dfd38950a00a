"""RUN-09: A failure is not taken for a success: what fails is raised, and the results of batch calls
are read.

Why: The error stood in the log, and the sender saw a success: no second try, nothing in the
dead-letter queue, no alarm.

Here: `raise` below `logger.exception(…)` in `index.py` of each function that events start.

Fix: Raise again what you catch, or catch only the error after which the work is done all the same;
read from the results of batch calls what was not done.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.failures import method_of, swallowed
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.payloads import record_handlers
from kit.gate.python_names import Code, Definition, constant, every_code, handlers, keyword, last
from kit.gate.service import Service
from kit.gate.wiring import POLLED, senders

LESSON = Lesson.read(__doc__)

# Where calls that succeed even when they did nothing say what they did not do.
RESULTS = {
    "batch_get_item": {"UnprocessedKeys"},
    "batch_write_item": {"UnprocessedItems"},
    "change_message_visibility_batch": {"Failed"},
    "delete_message_batch": {"Failed"},
    "delete_objects": {"Errors"},
    "invoke": {"FunctionError"},
    "publish_batch": {"Failed"},
    "put_record_batch": {"FailedPutCount", "ErrorCode"},
    "put_records": {"FailedRecordCount", "ErrorCode"},
    "send_message_batch": {"Failed"},
}


@LESSON.check
def failures_are_raised(service: Service) -> Iterator[Finding]:
    """What handles an event, or helps to, lets out what went wrong."""
    for function, code, handler in handlers(service):
        kinds = senders(service, function)
        if not (handler and kinds):
            continue
        dropped = {name for where in code.definitions.values() for name in _dropped(where, handler)}
        polled = kinds & {*POLLED, "EventSourceMapping"}
        records = record_handlers(code)
        for where in code.reached_from(handler):
            if where in records or (where is handler and polled):
                continue  # EVT-04
            for line in swallowed(where, where is handler, last(where.name) in dropped):
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
            yield method_of(value)


@LESSON.check
def results_are_read(service: Service) -> Iterator[Finding]:
    """Calls that may succeed in part have their results read. PutEvents: EVT-02."""
    for code in every_code(service):
        dropped = {id(statement.value) for statement in code.nodes(ast.Expr)}
        for where, call, _name in code.calls:
            method = method_of(call)
            keys = RESULTS.get(method)
            names = [str(item.arg) for item in call.keywords]
            is_aws = any(name[:1].isupper() for name in names)  # as botocore has its arguments
            is_sent = constant(keyword(call, "InvocationType")) in ("Event", "DryRun")
            is_read = id(call) not in dropped and keys and keys & _keys_read(code)
            if keys and is_aws and not is_sent and not is_read:
                message = f"nobody reads from the result of `{method}` what it did not do"
                key = max(keys, key=len)
                fix = f"Read `{key}` from its result, and raise if there is any."
                if key.startswith("Unprocessed"):
                    fix = f"Send `{key}` again with a growing pause; raise if some are left."
                yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)


def _keys_read(code: Code) -> set[object]:
    """Texts in result["Failed"], result.get("Failed") and "Failed" in result."""
    keys = [node.slice for node in code.nodes(ast.Subscript)]
    keys += [call.args[0] for _where, call, _name in code.calls if call.args]
    keys += [node.left for node in code.nodes(ast.Compare)]
    return {constant(key) for key in keys}
