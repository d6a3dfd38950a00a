"""EVT-04: Functions that take batches report which of their records failed, and go on in no group
of a FIFO queue after one.

Why: One bad record brought its whole batch back, again and again, or came out after what was behind
it.

Here: `FunctionResponseTypes: [ReportBatchItemFailures]`, and in `index.py`
`process_partial_response` with a function that raises for a record that fails.

Fix: Add both, in `template.yaml` and in the handler.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.policies import listed
from kit.gate.python_names import Code, Definition, code_of, keyword, last
from kit.gate.service import Function, Service
from kit.gate.wiring import (
    sources,
)
from kit.template import at

LESSON = Lesson.read(__doc__)


REPORTS = "ReportBatchItemFailures"


# How code reports which records failed: Powertools' functions, and the key of the answer.
REPORTING = {
    *("process_partial_response", "async_process_partial_response"),
    *("batch_processor", "async_batch_processor"),
}


@LESSON.check
def batches_report(service: Service) -> Iterator[Finding]:
    """What reads a batch says which of its records failed, and Lambda listens."""
    for source in sources(service):
        if str(at(source.settings, "BatchSize")) == "1":
            continue  # a batch of one fails whole
        if REPORTS not in listed(at(source.settings, "FunctionResponseTypes")):
            found = f"{source.name} has no `FunctionResponseTypes: [{REPORTS}]`"
            yield source.owner.finding(LESSON.id, source.line_of("FunctionResponseTypes"), found)
        if source.function:
            yield from _silent(service, source.function)


def _silent(service: Service, function: Function) -> Iterator[Finding]:
    """A handler that takes a batch and does not return which records failed."""
    handler = str(function.get("Handler") or "")
    file, _, name = handler.rpartition(".")
    path = f"{function.folder}/{file.replace('.', '/')}.py"
    if not service.has(path):
        return  # which is told by its own lesson
    modules = list(service.modules(function.folder))
    own = next((each for each in modules if each.path == path), None)
    if own is None:
        return
    found = next((each for each in own.functions if each.name == name), None)
    line = found.lineno if found else 1
    if not any(_reports(each) for each in modules):
        told = f"`{name}` takes batches, and does not say which records failed"
        yield LESSON.finding(path, line, told)
    elif found and not _answers(found.body):
        told = f"`{name}` takes batches, and does not always return which records failed"
        yield LESSON.finding(path, line, told)


def _reports(module: Module) -> bool:
    names = {dotted(each.func).split(".")[-1] for each in module.nodes(ast.Call)}
    empty = {id(key) for answer in module.nodes(ast.Dict) for key in _empty_lists(answer)}
    return bool(names & REPORTING) or any(
        each.value == "batchItemFailures" and id(each) not in empty
        for each in module.nodes(ast.Constant)
    )


def _empty_lists(answer: ast.Dict) -> Iterator[ast.expr]:
    """The keys of a mapping whose value is `[]`: that is what an empty batch is answered with."""
    for key, value in zip(answer.keys, answer.values, strict=True):
        if key and isinstance(value, ast.List) and not value.elts:
            yield key


def _answers(statements: list[ast.stmt]) -> bool:
    """Whether a function with this body returns something, however it gets to its end."""
    match statements[-1]:
        case ast.Return(value=value):
            return not _is_none(value)
        case ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return bool(orelse) and _answers(body) and _answers(orelse)
        case ast.With(body=body) | ast.AsyncWith(body=body):
            return _answers(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            ends = [orelse or body, *(handler.body for handler in handlers)]
            return all(map(_answers, ends)) or (bool(final) and _answers(final))
        case ast.Match(cases=cases):
            return all(_answers(case.body) for case in cases)
        case ast.While(test=ast.Constant(value=True)):
            return True
    return False


# Powertools' processors, by whether they know of groups.
POWERTOOLS = "aws_lambda_powertools."


IN_ORDER, IN_NO_ORDER = "SqsFifoPartialProcessor", {"AsyncBatchProcessor", "BatchProcessor"}


@LESSON.check
def groups_keep_their_order(service: Service) -> Iterator[Finding]:
    """What reads a FIFO queue handles no message of a group after one that failed."""
    for source in sources(service):
        single = str(at(source.settings, "BatchSize")) == "1"
        folder = source.function.folder if source.function else ""
        if single or not source.is_fifo or folder not in service.function_folders:
            continue
        made = [each for each in code_of(service, folder).calls if each[2].startswith(POWERTOOLS)]
        if any(last(name) == IN_ORDER for _where, _call, name in made):
            continue
        for where, call, name in made:
            if last(name) in IN_NO_ORDER:
                told = f"`{last(name)}` goes on in a group of the FIFO queue of {source.name} after"
                told += " a message that failed"
                fix = f"Take `{IN_ORDER}(skip_group_on_error=True)`."
                yield LESSON.finding(where.module.path, call.lineno, told, fix=fix)


# Exceptions that are every exception, and what code does that keeps nothing of one.
ANY = {"BaseException", "Exception", "builtins.Exception"}


LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log", "append_keys"}


HARMLESS = {"json.loads", "len", "print", "str"}


Guard = ast.Try | ast.With


@LESSON.check
def records_can_fail(service: Service) -> Iterator[Finding]:
    """A function for one record lets something out when it fails: by that its batch is told."""
    folders = {each.function.folder for each in sources(service) if each.function}
    for folder in sorted(folders & {*service.function_folders}):
        code = code_of(service, folder)
        for where, call, name in code.calls:
            given = keyword(call, "record_handler")
            if last(name) not in REPORTING or not (given or len(call.args) > 1):
                continue
            handle = code.definitions.get(code.name_of(given or call.args[1], where))
            guards = _guards(code, handle) if handle else []
            if handle and guards and not _can_fail(code, handle, guards):
                line, told = guards[0].lineno, f"`{handle.place}` lets no exception out"
                told += ", so no record is ever reported as failed"
                fix = "Raise it again after the log entry (`raise`), or catch only the error after"
                fix += " which a record may be dropped."
                yield LESSON.finding(handle.module.path, line, told, fix=fix)


def _guards(code: Code, where: Definition) -> list[Guard]:
    """Where a function catches every exception and does no more than log it."""
    guards: list[Guard] = []
    guards += [each for each in where.scope.of(ast.Try) if any(map(_only_logs, each.handlers))]
    for each in where.scope.of(ast.With):
        if any(_suppresses_all(code, where, item.context_expr) for item in each.items):
            guards.append(each)
    return guards


def _only_logs(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    if not any(each is None or dotted(each) in ANY for each in caught):
        return False
    return all(
        isinstance(each, ast.Pass | ast.Continue)
        or (isinstance(each, ast.Return) and _is_none(each.value))
        or (isinstance(each, ast.Expr) and _only_tells(each.value))
        for each in handler.body
    )


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _only_tells(node: ast.expr) -> bool:
    """Whether it is a log entry, or a text that stands for nothing."""
    if isinstance(node, ast.Call):
        return dotted(node.func) == "print" or last(dotted(node.func)) in LOGGING
    return isinstance(node, ast.Constant)


def _suppresses_all(code: Code, where: Definition, call: ast.expr) -> bool:
    return (
        isinstance(call, ast.Call)
        and code.name_of(call.func, where) == "contextlib.suppress"
        and any(dotted(each) in ANY for each in call.args)
    )


def _can_fail(code: Code, where: Definition, guards: list[Guard]) -> bool:
    """Whether a function raises, or calls more than a logger, where nothing is caught."""
    caught: list[ast.AST] = []
    for guard in guards:
        caught += guard.body
        if isinstance(guard, ast.With):
            caught += guard.items
        else:
            caught += [each for each in guard.handlers if _only_logs(each)]
    inside = {id(each) for part in caught for each in ast.walk(part)}
    raised = [each for each in where.scope.of(ast.Raise) if id(each) not in inside]
    names = [dotted(each.func) for each in where.scope.calls if id(each) not in inside]
    return bool(raised) or any(name not in HARMLESS and last(name) not in LOGGING for name in names)
