"""SEC-05: Neither secrets nor personal data reach a log.

Why: Keys were found by a search in the logs.

Here: Functions log ids; `utils/aws.py` keeps botocore from logging requests; `log_event` is off.

Fix: Log an id in place of the value, and never a whole event, request or environment.

Defended by: gate, run time.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.secret_reads import (
    Scope,
    called_in,
    last_name,
    readers_of_secrets,
    scopes_of,
    secret_reads,
    words_of_name,
)
from kit.gate.service import TEMPLATE, Service

LESSON = Lesson.read(__doc__)


LOGS = {"critical", "debug", "error", "exception", "info", "log", "warn", "warning"}


KEEPS = {"append_keys", "thread_safe_append_keys"}


LOGGER = re.compile(r"(?:^|_)log(?:ger|ging)?$", re.IGNORECASE)


# What passes a value on as it is.
PASSES = {
    "asdict",
    "copy",
    "dict",
    "dumps",
    "format",
    "json",
    "loads",
    "model_dump",
    "repr",
    "str",
    "strip",
    "vars",
}


# What holds everything that a caller sent, or every variable.
WHOLE = {
    *("body", "current_event", "decoded_body", "environ", "event", "headers", "json_body"),
    *("lambda_event", "payload", "raw_event", "request"),
}


PARTS = {
    "authorizer",
    "body",
    "cookies",
    "detail",
    "headers",
    "multiValueHeaders",
    "Records",
    "requestContext",
}


SECRETS = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|api_?key|private_key|authorization|credentials|"
    r"(?<!next_)(?<!page_)(?<!client_)(?<!continuation_)(?<!pagination_)token)$"
)


PERSONAL = re.compile(
    r"(?:^|_)(?:e_?mail(?:_address)?|phone(?:_number)?|mobile(?:_number)?|birth_?da(?:y|te)|"
    r"date_of_birth|iban|ssn|card_number|credit_card|first_name|last_name|full_name|street(?:_address)?)$"
)  # fmt: skip


# How names begin that say whether there is something, and not what.
ANSWERS = ("can_", "has_", "is_", "needs_", "should_", "was_", "with_", "without_")


# Functions whose result does not show what they get.
MASKS = re.compile(
    r"(?<!un)mask|redact|hash|digest|anonymi|pseudonymi|obfuscat|scrub|^(?:bool|len)$",
    re.IGNORECASE,
)


@LESSON.check
def nothing_secret_is_logged(service: Service) -> Iterator[Finding]:
    """No line of a log gets a secret, a whole event or what is personal."""
    for folder in service.function_folders:
        modules = list(service.modules(folder))
        readers = readers_of_secrets(modules)
        for module in modules:
            values = _values(module, readers)
            for call in module.nodes(ast.Call):
                if not _is_log(call):
                    continue
                for each in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    for name in _exposed(module, each, readers, values):
                        yield LESSON.finding(module.path, call.lineno, f"logs {name}")


def _is_log(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOGS | KEEPS:
        return False
    return bool(LOGGER.search(last_name(call.func.value))) or call.func.attr in KEEPS


def _values(module: Module, readers: set[tuple[str, str]]) -> set[str]:
    """The names of variables that get the value of a secret."""
    reads = [read.call for read in secret_reads(module)]
    return {
        target.id
        for each in module.nodes(ast.Assign)
        for node in [_unwrapped(each.value)]
        if isinstance(node, ast.Call)
        and (any(node is read for read in reads) or called_in(module, node) in readers)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _unwrapped(node: ast.expr) -> ast.expr:
    """What str(…), json.dumps(…) and the like are about."""
    while isinstance(node, (ast.Await, ast.Call)):
        if isinstance(node, ast.Await):
            node = node.value
        elif last_name(node.func) in PASSES and node.args:
            node = node.args[0]
        elif last_name(node.func) in PASSES and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            break
    return node


def _exposed(
    module: Module, node: ast.expr, readers: set[tuple[str, str]], values: set[str]
) -> Iterator[str]:
    """What of an argument nobody should read."""
    node = _unwrapped(node)
    parts: list[ast.expr] = []
    match node:
        case ast.JoinedStr():
            parts = [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
        case ast.Dict():
            parts = list(node.values)
        case ast.Tuple() | ast.List():
            parts = list(node.elts)
        case ast.BinOp():
            parts = [node.left, node.right]
        case ast.Call() if any(node is read.call for read in secret_reads(module)):
            yield "the value of a secret"
        case ast.Call() if called_in(module, node) in readers:
            yield "the value of a secret"
        case ast.Name() if node.id in values:
            yield f"`{node.id}`, the value of a secret"
        case ast.Name():
            if name := _private_variable(module, node, scopes_of(module).get(node)):
                yield name
        case ast.Attribute() | ast.Subscript() | ast.Call():
            if name := _private(node):
                yield f"`{name}`"
    for each in parts:
        yield from _exposed(module, each, readers, values)


def _private_variable(module: Module, node: ast.Name, scope: Scope | None) -> str:
    """How to call a variable, if its name or what it was assigned last is private or everything."""
    bound = _bound(module, node, scope)
    if bound is None:
        return f"`{node.id}`" if _private(node) else ""
    value = _unwrapped(bound.value)
    if isinstance(value, ast.Call) and MASKS.search(last_name(value.func)):
        return ""
    if node.id in WHOLE and (bound.is_loop or isinstance(value, ast.Constant)):
        # An item of something is not all of it, unless that is all that came.
        return f"`{node.id}`" if bound.is_loop and _is_whole(value) else ""
    if _private(node):
        return f"`{node.id}`"
    if bound.is_loop:
        return ""
    if isinstance(value, ast.Name):
        return _as(node, _private_variable(module, value, scope))
    if isinstance(value, (ast.Attribute, ast.Call, ast.Subscript)) and (name := _private(value)):
        return _as(node, f"`{name}`")
    return ""


def _as(node: ast.Name, what: str) -> str:
    return f"`{node.id}`, which is {what}" if what else ""


def _is_whole(node: ast.expr) -> bool:
    """Whether it is all that came, or a part of it."""
    return any(
        isinstance(each, (ast.Name, ast.Attribute)) and _private(each) in WHOLE
        for each in ast.walk(node)
    )


@dataclass(frozen=True)
class Bound:
    """What a variable is assigned, or what a loop takes it from."""

    value: ast.expr
    is_loop: bool


def _bound(module: Module, node: ast.Name, scope: Scope | None) -> Bound | None:
    """What gave a variable its value: the last place in its function above it that does."""
    place = (node.lineno, node.col_offset)
    found: list[tuple[tuple[int, int], Bound]] = []
    for each in ast.walk(scope or module.tree):
        for target, value, is_loop in _bindings(each, node):
            start = (value.lineno, value.col_offset)
            is_above = start < place or isinstance(each, COMPREHENSIONS)
            if is_above and any(item.id == node.id for item in _items(target)):
                found.append((start, Bound(value, is_loop)))
    return max(found, key=lambda pair: pair[0])[1] if found else None


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _bindings(statement: ast.AST, node: ast.Name) -> list[tuple[ast.expr, ast.expr, bool]]:
    """What a statement gives variables, and whether it is a loop; comprehensions only inside."""
    match statement:
        case ast.Assign():
            found = [(target, statement.value, False) for target in statement.targets]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            found = [(target, value, False)]
        case ast.NamedExpr():
            found = [(statement.target, statement.value, False)]
        case ast.For() | ast.AsyncFor():
            found = [(statement.target, statement.iter, True)]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            is_inside = _holds(statement, node)
            found = [(each.target, each.iter, True) for each in statement.generators if is_inside]
        case _:
            found = []
    return [each for each in found if not _holds(each[1], node)]


def _items(target: ast.expr) -> list[ast.Name]:
    """The variables of a target: of a loop over pairs, both."""
    found = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    return [each for each in found if isinstance(each, ast.Name)]


def _holds(value: ast.AST, node: ast.Name) -> bool:
    return any(each is node for each in ast.walk(value))


def _private(node: ast.Name | ast.Attribute | ast.Subscript | ast.Call) -> str:
    """How it is called, if that says that it is secret, personal or everything."""
    if isinstance(node, (ast.Subscript, ast.Call)):
        key = _key(node)
        return key if key in PARTS or _tells(key) else ""
    name = node.id if isinstance(node, ast.Name) else node.attr
    # Settings hold the names of secrets.
    if isinstance(node, ast.Attribute) and "settings" in dotted(node.value):
        return "" if name.endswith("_secret") else name if _tells(name) else ""
    return name if name in WHOLE or _tells(name) else ""


def _key(node: ast.Subscript | ast.Call) -> str:
    """The key of item["email"], event.get("body") and os.getenv("API_KEY")."""
    if isinstance(node, ast.Subscript):
        key: ast.expr | None = node.slice
    else:
        key = node.args[0] if last_name(node.func) in ("get", "getenv") and node.args else None
    return str(key.value) if isinstance(key, ast.Constant) else ""


def _tells(name: str) -> bool:
    words = words_of_name(name).lower()
    return not words.startswith(ANSWERS) and bool(SECRETS.search(words) or PERSONAL.search(words))


@LESSON.check
def sdks_are_quiet(service: Service) -> Iterator[Finding]:
    """Where secrets are read, LogLevel DEBUG does not make botocore log them."""
    for folder in service.function_folders:
        modules = list(service.modules(folder))
        reading = [(module, read) for module in modules for read in secret_reads(module)]
        if reading and not any(map(_quiets_botocore, modules)):
            module, read = reading[0]
            found = "reads a secret, which botocore logs at DEBUG"
            fix = 'Set the level of logging.getLogger("botocore") to INFO, as utils/aws.py does.'
            yield LESSON.finding(module.path, read.call.lineno, found, fix=fix)


def _quiets_botocore(module: Module) -> bool:
    named = any(each.value == "botocore" for each in module.nodes(ast.Constant))
    return named and any(last_name(call.func) == "setLevel" for call in module.nodes(ast.Call))


@LESSON.check
def events_are_not_logged(service: Service) -> Iterator[Finding]:
    """Powertools and SDKs are not told to log whole events, requests and responses."""
    for module in service.modules("src"):
        for call in module.nodes(ast.Call):
            for each in call.keywords:
                is_on = not (isinstance(each.value, ast.Constant) and each.value.value is False)
                if each.arg == "log_event" and is_on:
                    yield LESSON.finding(module.path, each.value.lineno, "logs each event whole")
            if last_name(call.func) in ("set_stream_logger", "set_debug_logger"):
                found = "logs whole requests and responses of the SDK"
                yield LESSON.finding(module.path, call.lineno, found)
    for function in service.functions:
        name = "POWERTOOLS_LOGGER_LOG_EVENT"
        if str(function.variables.get(name, "")).lower() in ("true", "1", "yes", "on", "t", "y"):
            line = function.line_of("Environment", "Variables", name)
            found = f"{function.logical_id} logs each event whole"
            yield LESSON.finding(TEMPLATE, line, found, resource=function.logical_id)
