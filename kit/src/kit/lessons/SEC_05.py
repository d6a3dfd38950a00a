"""SEC-05: Neither secrets nor personal data reach a log.

Why: Keys were found by a search in the logs.

Here: Functions log ids; `utils/aws.py` keeps botocore from logging requests; `log_event` is off.

Fix: Log an id in place of the value, and never a whole event, request or environment.

Defended by: gate, run time.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.python_names import Definition, called, constant, every_code, last
from kit.gate.secret_reads import secret_calls, secret_reads, words
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

LOGS = {"critical", "debug", "error", "exception", "info", "log", "warn", "warning"}
KEEPS = {"append_keys", "thread_safe_append_keys"}
LOGGER = re.compile(r"(?:^|[_.])log(?:ger|ging)?$", re.IGNORECASE)
# What passes a value on as it is.
PASSES = {
    *("asdict", "copy", "dict", "dumps", "format", "json", "loads", "model_dump", "repr", "str"),
    *("strip", "vars"),
}
CONTAINERS = (
    *(ast.Await, ast.JoinedStr, ast.FormattedValue, ast.Dict, ast.Tuple, ast.List, ast.BinOp),
)
# What holds everything that a caller sent, or every variable; and its parts.
WHOLE = {
    *("body", "current_event", "decoded_body", "environ", "event", "headers", "json_body"),
    *("lambda_event", "payload", "raw_event", "request"),
}
PARTS = {
    *("authorizer", "body", "cookies", "detail", "headers", "multiValueHeaders", "Records"),
    "requestContext",
}
# Names of what is secret or personal.
PRIVATE = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|PRIVATE_KEY|AUTHORIZATION|CREDENTIALS|"
    r"TOKEN|E_?MAIL(?:_ADDRESS)?|PHONE(?:_NUMBER)?|MOBILE(?:_NUMBER)?|BIRTH_?DA(?:Y|TE)|"
    r"DATE_OF_BIRTH|IBAN|SSN|CARD_NUMBER|CREDIT_CARD|(?:FIRST|LAST|FULL)_NAME|STREET(?:_ADDRESS)?)$"
)
# Names that say whether there is something, and not what; and places in lists.
HARMLESS = re.compile(
    r"(?:CAN|HAS|IS|NEEDS|SHOULD|WAS|WITH|WITHOUT)_"
    r"|.*(?:NEXT|PAGE|CLIENT|CONTINUATION|PAGINATION)_TOKEN$"
)
# Functions whose result does not show what they get.
MASKS = re.compile(r"(?<!un)mask|redact|hash|digest|anonymi|pseudonymi|scrub|^(?:bool|len)$", re.I)
QUIET = 'Set the level of logging.getLogger("botocore") to INFO, as utils/aws.py does.'
LOG_EVENT = "POWERTOOLS_LOGGER_LOG_EVENT"


@LESSON.check
def nothing_private_is_logged(service: Service) -> Iterator[Finding]:
    """No line of a log gets a secret, a whole event or what is personal."""
    for code in every_code(service):
        secrets = {id(call) for _where, call in secret_calls(code)}
        for where, call, _name in code.calls:
            if _is_log(call):
                for node in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    if what := _private(where, node, secrets):
                        yield LESSON.finding(where.module.path, call.lineno, f"logs {what}")


def _is_log(call: ast.Call) -> bool:
    before, _, method = dotted(call.func).rpartition(".")
    is_logger = bool(LOGGER.search(before)) and method in LOGS
    return is_logger or method in KEEPS or dotted(call.func) == "print"


def _private(where: Definition, node: ast.AST, secrets: set[int], depth: int = 0) -> str:
    """What of an expression nobody should read; empty if nothing is."""
    if depth > 9:
        return ""
    if id(node) in secrets:
        return "the value of a secret"
    parts: list[ast.AST] = []
    match node:
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in PASSES:
            parts = [*node.args, value]
        case ast.Call(func=ast.Name(id=name)) if name in PASSES:
            parts = [*node.args]
        case ast.Name():
            return _private_variable(where, node, secrets, depth)
        case ast.Attribute() | ast.Subscript() | ast.Call():
            name = _private_part(node)
            return f"`{name}`" if name else ""
        case _ if isinstance(node, CONTAINERS):
            parts = [*ast.iter_child_nodes(node)]
    problems = (_private(where, part, secrets, depth + 1) for part in parts)
    return next(filter(None, problems), "")


def _private_variable(where: Definition, node: ast.Name, secrets: set[int], depth: int) -> str:
    """What a variable is, if its name says that it is private, or what it was assigned last."""
    loops = {dotted(loop.target): loop.iter for loop in where.scope.of(ast.For)}
    value = where.scope.bindings.get(node.id) or loops.get(node.id)
    if isinstance(value, ast.Call) and MASKS.search(dotted(value.func)):
        return ""
    # An item of something is not all of it, unless that is all that came.
    is_whole = node.id in WHOLE and node.id not in loops
    if is_whole or _is_private(node.id):
        return f"`{node.id}`"
    what = _private(where, value, secrets, depth + 1) if value else ""
    return f"`{node.id}`, which is {what}" if what else ""


def _private_part(node: ast.Attribute | ast.Subscript | ast.Call) -> str:
    """The name of an attribute, or the key of item["email"], event.get("body") and
    os.getenv("API_KEY"), if it is private."""
    if isinstance(node, ast.Attribute):
        # Settings hold the names of secrets.
        is_name = "settings" in dotted(node.value) and node.attr.endswith("_secret")
        is_private = node.attr in WHOLE or _is_private(node.attr)
        return node.attr if is_private and not is_name else ""
    is_get = isinstance(node, ast.Call) and last(dotted(called(node))) in ("get", "getenv")
    keys = [node.slice] if isinstance(node, ast.Subscript) else node.args[:1] if is_get else []
    names = [str(constant(key)) for key in keys]
    return next((name for name in names if name in PARTS or _is_private(name)), "")


def _is_private(name: str) -> bool:
    return bool(PRIVATE.search(words(name))) and not HARMLESS.match(words(name))


@LESSON.check
def sdks_are_quiet(service: Service) -> Iterator[Finding]:
    """Where secrets are read, LogLevel DEBUG does not make botocore log them."""
    for code in every_code(service):
        names_botocore = any(text.value == "botocore" for text in code.nodes(ast.Constant))
        sets_level = any(last(name) == "setLevel" for _where, _call, name in code.calls)
        for read in secret_reads(code)[:1]:
            if not (names_botocore and sets_level):
                message = "reads a secret, which botocore logs at DEBUG"
                yield LESSON.finding(read.where.module.path, read.call.lineno, message, fix=QUIET)


@LESSON.check
def events_are_not_logged(service: Service) -> Iterator[Finding]:
    """Neither Powertools nor an SDK logs whole events, requests and responses."""
    for module in service.modules("src"):
        for call in module.nodes(ast.Call):
            for keyword in call.keywords:
                if keyword.arg == "log_event" and constant(keyword.value) is not False:
                    yield LESSON.finding(module.path, keyword.value.lineno, "logs each event whole")
            if last(dotted(call.func)) in ("set_stream_logger", "set_debug_logger"):
                message = "logs whole requests and responses of the SDK"
                yield LESSON.finding(module.path, call.lineno, message)
    for function in service.functions:
        value = str(function.variables.get(LOG_EVENT, "")).lower()
        if value in ("true", "1", "yes", "on", "t", "y"):
            line = function.line_of("Environment", "Variables", LOG_EVENT)
            yield LESSON.finding_in(function, line, f"`{LOG_EVENT}` logs each event whole")
