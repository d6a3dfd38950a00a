"""RUN-01: Logs are JSON, with request id, service and stage, and their level is a parameter.

Why: Logs Insights can't ask questions of prose.

Here: Powertools' `Logger` in each `index.py`, `LoggingConfig` in `template.yaml`.

Fix: Log with `Logger(stage=settings.stage)` in `index.py` and `Logger(child=True)` elsewhere,
inject the context at the handler, and use neither `print`, `sys.stdout` nor loggers of `logging`.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    POWERTOOLS,
    Code,
    constant,
    every_code,
    handlers,
    is_open,
    keyword,
    last,
)
from kit.gate.service import Function, Service
from kit.layout import TEMPLATE
from kit.template import is_intrinsic

LESSON = Lesson.read(__doc__)

# Libraries that log JSON, or calls that let the standard library do so.
STRUCTURED = (
    *("aws_lambda_powertools.Logger", "aws_lambda_powertools.logging", "structlog", "loguru"),
    *("pythonjsonlogger", "json_log_formatter", "logging.config.dictConfig"),
)
# Where all lines get their keys, and where they get the request's id.
SETS_KEYS = {
    *("append_keys", "thread_safe_append_keys", "append_context_keys", "set_keys", "bind"),
    *("bind_contextvars", "structure_logs", "LambdaPowertoolsFormatter"),
}
SETS_REQUEST_ID = {"inject_lambda_context", "set_correlation_id", "aws_request_id"}
# What gives the loggers of the standard library the one format.
SETS_FORMAT = {
    *("copy_config_to_registered_loggers", "dictConfig", "setFormatter", "ProcessorFormatter"),
}
LOG_METHODS = ("debug", "info", "warning", "warn", "error", "exception", "critical", "log")
PROSE = {
    *("logging.basicConfig", "traceback.print_exc", "traceback.print_exception"),
    *("traceback.print_stack", "pprint.pp"),
    *(f"logging.{before}{method}" for method in LOG_METHODS for before in ("", "getLogger().")),
}
PRINTS = {
    f"sys.{stream}.{method}"
    for stream in ("stdout", "stderr", "__stdout__", "__stderr__", "stdout.buffer", "stderr.buffer")
    for method in ("write", "writelines")
}
# Where the level is set.
LEVELS = (
    ("LoggingConfig", "ApplicationLogLevel"),
    ("Environment", "Variables", "POWERTOOLS_LOG_LEVEL"),
    ("Environment", "Variables", "LOG_LEVEL"),
)
PRINTED = "prints: no request id, service or stage is in the log"
TO_LOG = "Write `logger.info(…)` with the `logger` of the module, or delete the line."
WAITS = "waits for a debugger, which Lambda has no terminal for"
# What ruff finds that was left over from looking for an error, with the message and the fix.
LEFT_OVER = {
    "T100": (WAITS, None, "Delete the line."),
    "T201": (PRINTED, None, TO_LOG),
    "T203": (PRINTED, None, TO_LOG),
}


@LESSON.check
def log_format(service: Service) -> Iterator[Finding]:
    """Lambda writes JSON, and a parameter says which levels."""
    for function in service.functions:
        if is_intrinsic(function.get("LoggingConfig")):
            continue
        written = function.get("LoggingConfig", "LogFormat")
        if written != "JSON" and not is_intrinsic(written):
            line = function.line_of("LoggingConfig", "LogFormat")
            message = "`LoggingConfig` has no `LogFormat: JSON`"
            yield LESSON.finding_in(function, line, message, "Write `LogFormat: JSON` there.")
        levels = {keys: function.get(*keys) for keys in LEVELS if function.get(*keys) is not None}
        for keys, level in levels.items():
            if not is_intrinsic(level):
                message = f"`{keys[-1]}` is `{level}` in every environment"
                fix = f"Write `{keys[-1]}: !Ref LogLevel`."
                yield LESSON.finding(TEMPLATE, function.line_of(*keys), message, fix=fix)
        if not levels:
            line = function.line_of("LoggingConfig")
            message = "`LoggingConfig` has no `ApplicationLogLevel: !Ref LogLevel`"
            yield LESSON.finding_in(function, line, message, "Write it there.")


@LESSON.check
def logged_prose(service: Service) -> Iterator[Finding]:
    """Nothing is printed, or logged past the logger that knows request, service and stage."""
    for result in service.tools.ruff:
        if result.rule in LEFT_OVER and "/lambda_pkg/" in result.path:
            yield LESSON.finding(result.path, result.line, *LEFT_OVER[result.rule])
    for code in every_code(service):
        is_formatted = bool(SETS_FORMAT & {*map(last, code.used)})
        prose: dict[str, list[tuple[int, str]]] = {}
        for where, call, name in code.calls:
            if name in PRINTS:
                yield LESSON.finding(where.module.path, call.lineno, PRINTED, fix=TO_LOG)
            elif name in PROSE and not is_formatted:
                written = f"`{dotted(call.func) or last(name)}`"
                prose.setdefault(where.module.path, []).append((call.lineno, written))
        for path, calls in prose.items():  # of one logger, mostly
            names = [written for _line, written in sorted(calls)]
            message = f"{and_more(names)} without service and stage in the log"
            fix = "Delete it, and let `logger` of the module be `Logger(child=True)` of Powertools."
            yield LESSON.finding(path, min(calls)[0], message, fix=fix)


@LESSON.check
def logger_of_each_function(service: Service) -> Iterator[Finding]:
    """Each function has a logger, whose lines have the request, the service and the stage."""
    for function, code, handler in handlers(service):
        if handler is None:
            continue  # that is STR-06's
        path, line = handler.module.path, handler.line
        if not any(name.startswith(STRUCTURED) for name in code.used):
            message = f"the code of `{function.name}` has no structured logger"
            fix = "Write `logger = Logger(stage=settings.stage)` of Powertools above the handler."
            yield LESSON.finding(path, line, message, fix=fix)
        elif not SETS_REQUEST_ID & {node.attr for node in code.nodes(ast.Attribute)}:
            message = f"no line that `{function.name}` logs has the request's id"
            fix = "Decorate the handler with `@logger.inject_lambda_context(clear_state=True)`."
            yield LESSON.finding(path, line, message, fix=fix)
        yield from _keys(function, code)
        yield from _levels(code)


def _keys(function: Function, code: Code) -> Iterator[Finding]:
    """Loggers without stage or service."""
    has_service = "POWERTOOLS_SERVICE_NAME" in function.variables
    has_stage = any(_has_stage(call) for _w, call, name in code.calls if last(name) in SETS_KEYS)
    for where, call, name in code.calls:
        if not _is_logger(name):
            continue
        path = where.module.path
        if not (has_stage or _has_stage(call) or constant(keyword(call, "child")) is True):
            message = "the lines of this logger have no stage"
            fix = "Write `Logger(stage=settings.stage)`, or `Logger(child=True)` beside such a one."
            yield LESSON.finding(path, call.lineno, message, fix=fix)
        if not (has_service or keyword(call, "service", 0) or is_open(call)):
            message = f"the lines of the logger of `{function.name}` have no service"
            fix = "Pass `POWERTOOLS_SERVICE_NAME` under `Globals: Function: Environment: Variables`"
            fix += f" in `{TEMPLATE}`, and list it in the function's README."
            yield LESSON.finding(path, call.lineno, message, fix=fix)


def _levels(code: Code) -> Iterator[Finding]:
    """Loggers of Powertools with a level of their own: "DEBUG", 10 or logging.DEBUG."""
    for where, call, name in code.calls:
        sets_level = _is_logger(name.removesuffix("().setLevel"))
        level = keyword(call, "level", 0 if name.endswith(".setLevel") else None)
        fixed = constant(level) is not None or dotted(level or call).startswith("logging.")
        if sets_level and level and fixed:
            message = f"the level of the logger is always `{ast.unparse(level)}`"
            fix = f"Delete that: `LoggingConfig` in `{TEMPLATE}` says which level."
            yield LESSON.finding(where.module.path, call.lineno, message, fix=fix)


def _is_logger(name: str) -> bool:
    return name.startswith(POWERTOOLS) and last(name) == "Logger"


def _has_stage(call: ast.Call) -> bool:
    return keyword(call, "stage") is not None or is_open(call)
