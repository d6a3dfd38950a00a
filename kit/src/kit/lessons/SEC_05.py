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
from kit.gate.parsers import dotted
from kit.gate.private import PEOPLE, WHOLE, is_private, private_part
from kit.gate.python_names import Code, Definition, assignments, constant, every_code, last
from kit.gate.secret_reads import secret_calls, secret_reads
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

LOGS = {"critical", "debug", "error", "exception", "info", "log", "warn", "warning"}
KEEPS = {"append_keys", "thread_safe_append_keys"}
LOGGER = re.compile(r"(?:^|[_.])log(?:ger|ging)?$", re.IGNORECASE)
# What passes a value on as it is.
PASSES = {
    *("copy", "decode", "dict", "dumps", "encode", "format", "items", "join", "json", "list"),
    *("loads", "lower", "pformat", "repr", "sorted", "str", "strip", "tuple", "upper", "values"),
}
# What shows every field of an object.
DUMPS = {"asdict", "astuple", "model_dump", "model_dump_json", "to_dict", "to_json", "vars"}
CONTAINERS = (
    *(ast.Await, ast.JoinedStr, ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.BinOp),
    *(ast.BoolOp, ast.IfExp, ast.Starred),
)
# Functions whose result does not show what they get.
MASKS = re.compile(r"(?<!un)mask|redact|hash|digest|anonymi|pseudonymi|scrub|^(?:bool|len)\b", re.I)
QUIET = 'Set the level of logging.getLogger("botocore") to INFO, as utils/aws.py does.'
# The logger of the SDK at DEBUG, by its name or by a variable that goes through names.
LOUD = re.compile(r"getLogger\((?:'boto\w*|[a-z]\w*)'?\)\.setLevel\(.*DEBUG")
LOG_EVENT = "POWERTOOLS_LOGGER_LOG_EVENT"


@dataclass(frozen=True)
class Known:
    """What is known of a function's code: the calls that return a secret, and of each of its
    classes the fields that are private."""

    code: Code
    secrets: set[int]
    classes: dict[str, list[str]]


@LESSON.check
def nothing_private_is_logged(service: Service) -> Iterator[Finding]:
    """No line of a log gets a secret, a whole event or what is personal."""
    for code in every_code(service):
        known = Known(code, {id(call) for _where, call in secret_calls(code)}, _classes(code))
        for where, call, _name in code.calls:
            if _is_log(call):
                problems = [_private(where, node, known) for node in call.args]
                problems += [_of_key(where, k.arg, k.value, known) for k in call.keywords]
                for what in filter(None, problems):
                    yield LESSON.finding(where.module.path, call.lineno, f"logs {what}")


def _classes(code: Code) -> dict[str, list[str]]:
    """The private fields of each class, but for those that its text leaves out."""
    fields: dict[str, list[str]] = {}
    for node in code.nodes(ast.ClassDef):
        inner = [part for part in ast.walk(node) if isinstance(part, ast.AnnAssign | ast.Assign)]
        targets = [
            last(dotted(target))
            for part in inner
            if not re.search(r"Secret(?:Str|Bytes)|repr=False", ast.unparse(part))
            for target in (part.targets if isinstance(part, ast.Assign) else [part.target])
        ]
        # Settings hold the names of secrets.
        is_settings = node.name.endswith(("Settings", "Config"))
        fields[node.name] = [] if is_settings else [name for name in targets if is_private(name)]
    return fields


def _is_log(call: ast.Call) -> bool:
    before, _, method = dotted(call.func).rpartition(".")
    is_logger = bool(LOGGER.search(before)) and method in LOGS
    return is_logger or method in KEEPS or dotted(call.func) in ("print", "pprint")


def _private(where: Definition, node: ast.AST, known: Known, depth: int = 0) -> str:
    """What of an expression nobody should read; empty if nothing is."""
    if depth > 9:
        return ""
    if id(node) in known.secrets:
        return "the value of a secret"
    problems: list[str] = []
    parts: list[ast.AST] = []
    match node:
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            problems = [_of_key(where, constant(k), value, known, depth + 1) for k, value in pairs]
        case ast.Call() if (name := last(dotted(node.func)) or getattr(node.func, "attr", "")) in (
            PASSES | DUMPS
        ):
            on = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            if name in DUMPS and [*node.args, *on]:
                problems = [_of_object(where, [*node.args, *on][0], known, is_dump=True)]
            problems += [_of_key(where, k.arg, k.value, known, depth + 1) for k in node.keywords]
            parts = [*node.args, *on]
        case ast.Attribute(attr="__dict__", value=value):
            problems = [_of_object(where, value, known, is_dump=True)]
        case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item) | ast.SetComp(elt=item):
            parts = [] if isinstance(item, ast.Name) else [item]
        case ast.Name():
            return _private_variable(where, node, known, depth)
        case ast.Attribute() | ast.Subscript() | ast.Call():
            name = private_part(node)
            return f"`{name}`" if name else ""
        case _ if isinstance(node, CONTAINERS):
            parts = [*ast.iter_child_nodes(node)]
    problems += [_private(where, part, known, depth + 1) for part in parts]
    return next(filter(None, problems), "")


def _of_key(where: Definition, key: object, value: ast.expr, known: Known, depth: int = 0) -> str:
    """What is private of a value with a name: what the name says, or what the value is."""
    if isinstance(key, str) and is_private(key) and not _is_harmless(where, value):
        return f"`{key}`"
    return _private(where, value, known, depth)


def _is_harmless(where: Definition, value: ast.expr) -> bool:
    """Whether a value under a private name shows nothing: it is masked, a part, yes or no."""
    if isinstance(value, ast.Name):
        value = where.scope.bindings.get(value.id, value)
    text = ast.unparse(value)
    is_part = isinstance(value, ast.Subscript) and not isinstance(constant(value.slice), str)
    is_plain = isinstance(value, ast.Constant | ast.Compare | ast.UnaryOp) or is_part
    return is_plain or bool(MASKS.search(text)) or "settings" in text or "*" in text


def _private_variable(where: Definition, node: ast.Name, known: Known, depth: int) -> str:
    """What a variable is, if its name says that it is private, or what it was assigned last."""
    loops = {dotted(loop.target): loop.iter for loop in where.scope.of(ast.For)}
    value = where.scope.bindings.get(node.id) or loops.get(node.id)
    if isinstance(value, ast.Call) and MASKS.search(dotted(value.func)):
        return ""
    # An item of something is not all of it, unless that is all that came; a mapping that is made
    # here is what it is made of.
    is_made = isinstance(value, ast.Dict) or (
        isinstance(value, ast.Call) and dotted(value.func) == "dict"
    )
    is_whole = node.id in WHOLE and node.id not in loops and not is_made
    if is_whole or is_private(node.id):
        return f"`{node.id}`"
    what = _private(where, value, known, depth + 1) if value else ""
    for target, part in assignments(where.scope.nodes):
        if isinstance(target, ast.Subscript) and dotted(target.value) == node.id:
            what = what or _of_key(where, constant(target.slice), part, known, depth + 1)
    what = what or _of_object(where, node, known)
    return f"`{node.id}`, which is {what}" if what else ""


def _of_object(where: Definition, node: ast.AST, known: Known, *, is_dump: bool = False) -> str:
    """What is private of an object as a whole, by the fields of its class or else by its name."""
    name = dotted(node)
    nodes = ast.walk(where.scope.node.args) if where.scope.node else ()
    types = {node.arg: node.annotation for node in nodes if isinstance(node, ast.arg)}
    value = where.scope.bindings.get(name)
    if isinstance(value, ast.Call):
        maker = known.code.definition(value.func, where)
        made_by = maker.scope.node.returns if maker and maker.scope.node else value.func
        types.setdefault(name, made_by)
    kind = types.get(name)
    text = where.scope.name.split(".")[0] if name == "self" else ast.unparse(kind) if kind else ""
    classes = re.findall(r"\w+", text)
    fields = [field for item in classes for field in known.classes.get(item, [])]
    if fields:
        return f"an object with `{fields[0]}`"
    kinds = [item for item in classes if item not in ("None", "Optional")][:1]
    is_known = {*kinds} & {*known.classes, "bool", "float", "int", "str", "UUID"}
    is_person = PEOPLE.fullmatch(name) and (text or isinstance(value, ast.Call | ast.Subscript))
    return f"all of `{name}`" if not is_known and (is_dump or is_person) else ""


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
                    message = "logs each event whole"
                    line, fix = keyword.value.lineno, "Delete `log_event`: it is off without."
                    yield LESSON.finding(module.path, line, message, fix=fix)
            is_loud = LOUD.search(ast.unparse(call)) and "boto" in service.text(module.path)
            if is_loud or last(dotted(call.func)) in ("set_stream_logger", "set_debug_logger"):
                message = "logs whole requests and responses of the SDK"
                fix = "Delete the call; what is needed of an answer is logged where it is used."
                fix = QUIET if is_loud else fix
                yield LESSON.finding(module.path, call.lineno, message, fix=fix)
    for function in service.functions:
        value = str(function.variables.get(LOG_EVENT, "")).lower()
        if value in ("true", "1", "yes", "on", "t", "y"):
            line = function.line_of("Environment", "Variables", LOG_EVENT)
            message = f"`{LOG_EVENT}` logs each event whole"
            fix = "Delete the variable here, and its row in the README of the function."
            yield LESSON.finding_in(function, line, message, fix)
