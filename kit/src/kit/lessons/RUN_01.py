"""RUN-01: Logs are JSON, with request id, service and stage, and their level is a parameter.

Why: Logs Insights can't ask questions of prose.

Here: Powertools' `Logger` in each `index.py`, `LoggingConfig` in `template.yaml`.

Fix: Log with `Logger(stage=settings.stage)` in `index.py` and `Logger(child=True)` elsewhere,
inject the context at the handler, and use neither `print`, `sys.stdout` nor loggers of `logging`.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding, and_more
from kit.gate.handlers import every_code
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import (
    POWERTOOLS,
    Code,
    Definition,
    constant,
    handlers,
    is_open,
    keyword,
    last,
)
from kit.gate.service import TEMPLATE, Function, Resource, Service
from kit.template import at, is_intrinsic

LESSON = Lesson.read(__doc__)


# Libraries that log JSON, or calls that let the standard library do so.
STRUCTURED: tuple[str, ...] = (
    "aws_lambda_powertools.Logger",
    "aws_lambda_powertools.logging",
    "structlog",
)


STRUCTURED += ("pythonjsonlogger", "json_log_formatter", "logging.config.dictConfig", "loguru")


# Where lines get the keys that all of them have.
KEYS_ARE_GIVEN_BY = {"append_keys", "bind", "bind_contextvars", "structure_logs", "set_keys"}


KEYS_ARE_GIVEN_BY |= {"thread_safe_append_keys", "append_context_keys", "LambdaPowertoolsFormatter"}


# Where lines get the request's id.
REQUEST_IDS = {"inject_lambda_context", "set_correlation_id", "aws_request_id"}


LOG_METHODS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}


PROSE = {"logging.basicConfig", "traceback.print_exc", "traceback.print_exception"}


PROSE |= {"traceback.print_stack", "pprint.pp"} | {f"logging.{each}" for each in LOG_METHODS}


# What print does, without its name.
PRINTS = {
    f"sys.{stream}.{method}"
    for stream in ("stdout", "stderr", "__stdout__", "__stderr__", "stdout.buffer", "stderr.buffer")
    for method in ("write", "writelines")
}


@LESSON.check
def log_format(service: Service) -> Iterator[Finding]:
    """Lambda writes JSON, and a parameter says which levels."""
    found: dict[tuple[int, str, str, str | None], list[str]] = {}
    for function in (*service.functions, *service.of_type("AWS::Lambda::Function")):
        for problem in _log_format(function, function.get("LoggingConfig")):
            found.setdefault(problem, []).append(function.logical_id)
    # What Globals say is one edit, however many functions have it.
    for (line, key, said, fix), names in found.items():
        told = f"`{key}` of {and_more([f'`{name}`' for name in names])} {said}"
        yield LESSON.finding(TEMPLATE, line, told, resource=names[0], fix=fix)


def _log_format(function: Resource, config: Any) -> Iterator[tuple[int, str, str, str | None]]:
    """What is wrong: the line, the key, what is said of it, and what to do."""
    if is_intrinsic(config):
        return
    written = at(config, "LogFormat")
    if written != "JSON" and not is_intrinsic(written):
        line = function.line_of("LoggingConfig", "LogFormat")
        yield line, "LoggingConfig", "has no `LogFormat: JSON`", None
    levels: list[tuple[str, ...]] = [("LoggingConfig", "ApplicationLogLevel")]
    levels += [("Environment", "Variables", each) for each in ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL")]
    given = [keys for keys in levels if function.get(*keys) is not None]
    for keys in given:
        level = function.get(*keys)
        if not is_intrinsic(level):
            said, fix = f"is `{level}` in every environment", f"Write `{keys[-1]}: !Ref LogLevel`."
            yield function.line_of(*keys), keys[-1], said, fix
    if not given:
        line, fix = (
            function.line_of("LoggingConfig"),
            "Write `ApplicationLogLevel: !Ref LogLevel`.",
        )
        yield line, "LoggingConfig", "has no `ApplicationLogLevel`", fix


@LESSON.check
def logged_prose(service: Service) -> Iterator[Finding]:
    """Nothing is printed, and nothing is logged past the logger that knows request, service and stage."""
    for told in service.tools.ruff:
        if told.rule in ("T201", "T203") and "/lambda_pkg/" in told.path:
            found = "prints, and logs without request id, service and stage"
            yield LESSON.finding(told.path, told.line, found)
    for code in every_code(service):
        are_formatted = _formats_all_loggers(code)
        for where, call, name in code.calls:
            if name in PRINTS:
                found = f"`{dotted(call.func) or last(name)}` prints, and logs without request id, service and stage"
                yield LESSON.finding(where.module.path, call.lineno, found)
            elif are_formatted:
                continue
            elif name in PROSE or _logs_by_a_plain_logger(call, name):
                found = f"`{dotted(call.func) or last(name)}` logs without service and stage"
                yield LESSON.finding(where.module.path, call.lineno, found)


def _logs_by_a_plain_logger(call: ast.Call, name: str) -> bool:
    """logging.getLogger(…).info(…), also by a variable."""
    return name.startswith("logging.getLogger().") and last(name) in LOG_METHODS and bool(call.args)


def _formats_all_loggers(code: Code) -> bool:
    """Whether the loggers of the standard library are given the one format."""
    known = {
        "copy_config_to_registered_loggers",
        "dictConfig",
        "setFormatter",
        "ProcessorFormatter",
    }
    return any(last(name) in known for _where, _call, name in code.calls)


@LESSON.check
def logger_of_each_function(service: Service) -> Iterator[Finding]:
    """Each function has a logger, whose lines know the request, the service and the stage."""
    for function, code, handler in handlers(service):
        if handler is None:
            continue  # STR-06 tells
        loggers = [each for each in code.calls if _makes_logger(each[2])]
        path, line = handler.module.path, handler.scope.node.lineno if handler.scope.node else 1
        if not loggers and not _mentions(code, STRUCTURED):
            found = f"the code of `{function.name}` has no structured logger"
            yield LESSON.finding(path, line, found)
            continue
        if not _has_request_id(code):
            found = f"no line that `{function.name}` logs has the request's id"
            fix = "Decorate the handler with `@logger.inject_lambda_context(clear_state=True)`."
            yield LESSON.finding(path, line, found, fix=fix)
        yield from _loggers(function, code, loggers)


def _makes_logger(name: str) -> bool:
    return name.startswith(POWERTOOLS) and last(name) == "Logger"


def _mentions(code: Code, names: tuple[str, ...]) -> bool:
    return any(
        used.startswith(names)
        for where in code.definitions.values()
        for used in code.used_by(where)
    )


def _has_request_id(code: Code) -> bool:
    attributes = (node for each in code.modules.values() for node in each.nodes(ast.Attribute))
    return any(node.attr in REQUEST_IDS for node in attributes)


def _loggers(
    function: Function, code: Code, loggers: list[tuple[Definition, ast.Call, str]]
) -> Iterator[Finding]:
    """Loggers without stage or service, or with a level of their own."""
    keyed = [call for _w, call, name in code.calls if last(name) in KEYS_ARE_GIVEN_BY]
    staged = any(_says_stage(call) for call in keyed)
    for where, call, _name in loggers:
        path = where.module.path
        if not (staged or _says_stage(call) or constant(keyword(call, "child")) is True):
            found = "the logger that is made here does not know the stage"
            fix = "Write `Logger(stage=settings.stage, …)`, or `Logger(child=True)` beside one that has it."
            yield LESSON.finding(path, call.lineno, found, fix=fix)
        named = "POWERTOOLS_SERVICE_NAME" in function.variables
        if not (named or call.args or keyword(call, "service") or is_open(call)):
            found = f"the logger of `{function.name}` does not know the service"
            fix = f"Pass `POWERTOOLS_SERVICE_NAME` to `{function.logical_id}` in {TEMPLATE}."
            yield LESSON.finding(path, call.lineno, found, fix=fix)
    for where, call, name in code.calls:
        own = _makes_logger(name) or (
            last(name) == "setLevel" and _makes_logger(name.removesuffix("().setLevel"))
        )
        level = keyword(call, "level") or (
            call.args[0] if last(name) == "setLevel" and call.args else None
        )
        if own and level is not None and _is_fixed(level):
            found = f"the level of the logger is always `{ast.unparse(level)}`"
            fix = "Leave the level to `LoggingConfig` in `template.yaml`."
            yield LESSON.finding(where.module.path, call.lineno, found, fix=fix)


def _says_stage(call: ast.Call) -> bool:
    return keyword(call, "stage") is not None or is_open(call)


def _is_fixed(level: ast.expr) -> bool:
    """ "DEBUG", 10 or logging.DEBUG."""
    return isinstance(level, ast.Constant) or dotted(level).startswith("logging.")
