"""SEC-04: Values of secrets are cached, and for a limited time.

Why: A cache without an end used a revoked key until the next deployment; without a cache, each call
paid for one more.

Here: `MAX_AGE_SECONDS` in `services/secret_values.py` of each function that reads one.

Fix: Read secrets through Powertools' `SecretsProvider` with a `max_age` of minutes, where they are
used and not when the module is imported; keep them in no variable and behind no `cache` of your
own.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.secret_reads import (
    Read,
    Scope,
    argument_of,
    assigned_in,
    called_in,
    is_handler,
    last_name,
    readers_of_secrets,
    scopes_of,
    secret_reads,
)
from kit.gate.service import TEMPLATE, Service

LESSON = Lesson.read(__doc__)


LONGEST_SECONDS = 24 * 60 * 60


FOR_EVER = {"cache", "lru_cache", "cached_property"}


# What a module that keeps a cache of its own looks at, or what keeps one for it.
CLOCKS = {"monotonic", "time", "perf_counter", "now", "utcnow", "TTLCache", "ttl_cache"}


@LESSON.check
def cached_for_a_while(service: Service) -> Iterator[Finding]:
    """Secrets are read through a cache whose values end."""
    for folder in service.function_folders:
        modules = list(service.modules(folder))
        readers = readers_of_secrets(modules)
        for module in modules:
            scopes = scopes_of(module)
            for read in secret_reads(module):
                problem = _age_problem(module, read, scopes.get(read.call))
                if problem:
                    yield LESSON.finding(module.path, read.call.lineno, problem)
            for call in module.nodes(ast.Call):
                is_read = any(call is read.call for read in secret_reads(module))
                is_read = is_read or called_in(module, call) in readers
                problem = _for_ever(module, call, scopes.get(call)) if is_read else ""
                if problem:
                    yield LESSON.finding(module.path, call.lineno, problem)


@LESSON.check
def no_endless_variable(service: Service) -> Iterator[Finding]:
    """Powertools' variable for the age of values has no absurd value."""
    for each in service.functions:
        age = each.variables.get("POWERTOOLS_PARAMETERS_MAX_AGE")
        if str(age).lstrip("-").isdigit() and not 0 < int(str(age)) <= LONGEST_SECONDS:
            found = f"`{each.logical_id}` caches secrets for {age} seconds"
            line = each.line_of("Environment", "Variables", "POWERTOOLS_PARAMETERS_MAX_AGE")
            yield LESSON.finding(TEMPLATE, line, found, resource=each.logical_id)


def _for_ever(module: Module, read: ast.Call, scope: Scope | None) -> str:
    """How a value is kept without an end; empty if it is not."""
    if scope is None:
        return "reads a secret once, when it is imported"
    if not _looks_at_a_clock(module, scope) and _is_kept(read, scope):
        return f"`{scope.name}` keeps a secret for ever, in a variable of the module"
    for each in scope.decorator_list:
        name = last_name(each.func if isinstance(each, ast.Call) else each)
        if name in FOR_EVER:
            return f"`{scope.name}` keeps a secret for ever, by `{name}`"
    return ""


def _is_kept(read: ast.Call, scope: Scope) -> bool:
    """Whether a function puts what it reads into a global variable, or into a mapping of one."""
    shared = {
        name for each in ast.walk(scope) if isinstance(each, ast.Global) for name in each.names
    }
    for each in ast.walk(scope):
        if not isinstance(each, ast.Assign) or not any(
            node is read for node in ast.walk(each.value)
        ):
            continue
        for target in each.targets:
            of = target.value if isinstance(target, ast.Subscript) else target
            name = of.id if isinstance(of, ast.Name) else ""
            if name in shared or (isinstance(target, ast.Subscript) and name.isupper()):
                return True
    return False


def _looks_at_a_clock(module: Module, scope: Scope) -> bool:
    """Whether what reads a secret, or keeps it, does; what else the module does is not about it."""
    timed = {name for name, value in assigned_in(module).items() if _is_clock(value)}
    return any(
        _is_clock(node) or (isinstance(node, ast.Name) and node.id in timed)
        for each in _around(module, scope)
        for node in ast.walk(each)
    )


def _is_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in CLOCKS


def _around(module: Module, scope: Scope) -> list[ast.AST]:
    """A function with its class, the functions of its module that it calls, and those that call it."""
    found: list[ast.AST] = [scope]
    found += [each for each in module.nodes(ast.ClassDef) if scope in ast.walk(each)]
    found += [
        each
        for each in module.functions
        if not is_handler(each)
        and (each.name in _names_called(scope) or scope.name in _names_called(each))
    ]
    return found


def _names_called(scope: Scope) -> set[str]:
    return {last_name(node.func) for node in ast.walk(scope) if isinstance(node, ast.Call)}


def _age_problem(module: Module, read: Read, scope: Scope | None) -> str:
    """Why a read is not cached, or for too long."""
    if _for_ever(module, read.call, scope):
        return ""  # told already
    forced = argument_of(read.call, "force_fetch")
    if isinstance(forced, ast.Constant) and forced.value is True:
        return "reads a secret anew at each call: `force_fetch`"
    age = argument_of(read.call, "max_age")
    if read.caches and age is not None:
        seconds = _number(module, age)
        if seconds is not None and not 0 < seconds <= LONGEST_SECONDS:
            return f"caches a secret for {_shown(seconds)}"
    if not read.caches and not _keeps_itself(module, scope):
        return "reads a secret anew at each call"
    return ""


def _shown(seconds: float) -> str:
    return "ever" if seconds == float("inf") else f"{seconds:.0f} seconds"


def _number(module: Module, node: ast.expr) -> float | None:
    """What a number comes to: 300, MAX_AGE_SECONDS, 5 * 60."""
    if isinstance(node, ast.Name):
        known = assigned_in(module).get(node.id)
        return None if known is None or isinstance(known, ast.Name) else _number(module, known)
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(module, node.operand)
        return None if value is None else -value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = _number(module, node.left), _number(module, node.right)
        return None if left is None or right is None else left * right
    return float("inf") if dotted(node) in ("math.inf", "sys.maxsize") else None


def _keeps_itself(module: Module, scope: Scope | None) -> bool:
    """Whether there is a cache around it that ends: a decorator with a time, or a look at a clock."""
    for each in scope.decorator_list if scope else ():
        if any(
            isinstance(node, ast.keyword) and node.arg in ("ttl", "max_age")
            for node in ast.walk(each)
        ):
            return True
    return scope is not None and _looks_at_a_clock(module, scope)
