"""EVT-04: Functions that take batches report which of their records failed; in a FIFO queue, a group
stops at its first failure.

Why: One bad record brought its whole batch back, again and again, or came out after what was behind
it.

Here: `FunctionResponseTypes: [ReportBatchItemFailures]`, and in `index.py`
`process_partial_response` with a function that raises for a record that fails.

Fix: Add both, in `template.yaml` and in the handler.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.failures import swallowed
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.payloads import REPORTING, reads_of, record_handlers
from kit.gate.policies import listed
from kit.gate.python_names import code_of, constant, handlers, last
from kit.gate.service import Service
from kit.gate.wiring import sources

LESSON = Lesson.read(__doc__)

REPORTS = "ReportBatchItemFailures"
RETURN = "Let a function take one record, and return `process_partial_response(event, <function>,"
RETURN += " processor, context)` from the handler."
# Powertools' processors by their order.
IN_ORDER, IN_NO_ORDER = "SqsFifoPartialProcessor", {"AsyncBatchProcessor", "BatchProcessor"}


@LESSON.check
def batches_report(service: Service) -> Iterator[Finding]:
    """What reads a batch says which of its records failed, and Lambda listens."""
    batches = [source for source in sources(service) if not source.is_single]
    for source in batches:
        if REPORTS not in listed(source.settings.get("FunctionResponseTypes")):
            message = f"{source.name} has no `FunctionResponseTypes: [{REPORTS}]`"
            fix = f"Write `FunctionResponseTypes: [{REPORTS}]` there."
            line = source.line_of("FunctionResponseTypes")
            yield LESSON.finding_in(source.owner, line, message, fix)
    for function, code, handler in handlers(service):
        if not handler or not any(source.function is function for source in batches):
            continue
        reads = {read.key: read for read in reads_of(code, handler) if read.place == "Records"}
        first = reads.get("0") if "*" not in reads else None
        reports = any(map(_reports, code.modules.values()))
        if first and not reports:
            message = f"`{first.where.place}` takes one record of a batch, and drops the others"
            yield LESSON.finding(first.where.module.path, first.line, message, fix=RETURN)
        elif not reports:
            message = f"`{handler.place}` takes batches, and does not return which records failed"
            yield LESSON.finding(handler.module.path, handler.line, message, fix=RETURN)


def _reports(module: Module) -> bool:
    """Whether a module answers with which records failed, by Powertools or by itself."""
    dropped = [statement.value for statement in module.nodes(ast.Expr)]
    calls = [call for call in module.nodes(ast.Call) if call not in dropped]
    own = [
        value
        for answer in module.nodes(ast.Dict)
        for key, value in zip(answer.keys, answer.values, strict=True)
        if constant(key) == "batchItemFailures" and getattr(value, "elts", True)  # not just []
    ]
    return bool(own) or any(last(dotted(call.func)) in {*REPORTING, "response"} for call in calls)


@LESSON.check
def groups_keep_their_order(service: Service) -> Iterator[Finding]:
    """What reads a FIFO queue handles no message of a group after one that failed."""
    for source in sources(service):
        if source.is_single or not source.is_fifo or not source.function:
            continue
        for module in service.modules(source.function.folder):
            calls = {last(dotted(call.func)): call for call in module.nodes(ast.Call)}
            for name in sorted(IN_NO_ORDER & calls.keys()) if IN_ORDER not in calls else ():
                message = f"`{name}` goes on in a group of the FIFO queue of {source.name} after a"
                message += " message that failed"
                fix = f"Take `{IN_ORDER}(skip_group_on_error=True)`."
                yield LESSON.finding(module.path, calls[name].lineno, message, fix=fix)


@LESSON.check
def records_can_fail(service: Service) -> Iterator[Finding]:
    """A function for one record raises when it fails: only so is the record reported."""
    readers = {source.function.folder for source in sources(service) if source.function}
    for folder in sorted(readers & {*service.function_folders}):
        code = code_of(service, folder)
        for handler in record_handlers(code):
            for line in [*swallowed(handler)][:1]:
                message = f"`{handler.place}` lets no exception out, so no record ever fails"
                fix = "Raise it again after the log entry (`raise`), or catch only the error after"
                fix += " which a record may be dropped."
                yield LESSON.finding(handler.module.path, line, message, fix=fix)
