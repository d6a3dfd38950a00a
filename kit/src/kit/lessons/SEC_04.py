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
from kit.gate.python_names import (
    Code,
    Definition,
    assignments,
    constant,
    every_code,
    keyword,
    last,
)
from kit.gate.secret_reads import SecretRead, is_handler, secret_calls, secret_reads
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

LONGEST_SECONDS = 24 * 60 * 60
FOR_EVER = {"cache", "lru_cache", "cached_property"}
# What code looks at that keeps a value for a time, or what does that for it.
CLOCKS = ("monotonic", "time", "perf_counter", "now", "utcnow", "TTLCache")
# What to do, by a word of what is wrong.
FIXES = {
    "import": "Move the call into the function that uses the value: what it reads is cached.",
    ", by `": "Delete that decorator: the provider that reads the value caches it for a time.",
    "variable": "Return what is read, and keep it in no variable: the provider caches it for a time.",
    "force_fetch": "Delete `force_fetch`.",
    "each call": "Make `SecretsProvider(boto_config=CONFIG)` at the top of the module, and read by its"
    " `get(name, max_age=300)`.",
    "seconds": "Set `max_age` to minutes, like 300 seconds.",
}
MAX_AGE = "POWERTOOLS_PARAMETERS_MAX_AGE"


@LESSON.check
def cached_for_a_while(service: Service) -> Iterator[Finding]:
    """Secrets are read through a cache whose values end."""
    for code in every_code(service):
        reads = {id(read.call): read for read in secret_reads(code)}
        for where, call in secret_calls(code):
            problem = _kept_for_ever(code, where, call)
            if not problem and id(call) in reads:
                problem = _age_problem(code, reads[id(call)])
            if problem:
                advice = next((FIXES[word] for word in FIXES if word in problem), None)
                yield LESSON.finding(where.module.path, call.lineno, problem, fix=advice)


@LESSON.check
def no_endless_variable(service: Service) -> Iterator[Finding]:
    """Powertools' variable for the age of values has no absurd value."""
    for function in service.functions:
        age = str(function.variables.get(MAX_AGE))
        if age.isdigit() and not 0 < int(age) <= LONGEST_SECONDS:
            message = f"`{function.logical_id}` caches secrets for {age} seconds"
            line = function.line_of("Environment", "Variables", MAX_AGE)
            yield LESSON.finding_in(function, line, message)


def _kept_for_ever(code: Code, where: Definition, call: ast.Call) -> str:
    """How the result of a call is kept without an end; empty if it is not."""
    if not where.scope.node:
        return "reads a secret once, when it is imported"
    for name in where.scope.decorator_names:
        if name in FOR_EVER:
            return f"`{where.place}` keeps a secret for ever, by `{name}`"
    if _is_assigned_globally(where, call) and not _has_clock(code, where):
        return f"`{where.place}` keeps a secret for ever, in a variable of the module"
    return ""


def _is_assigned_globally(where: Definition, call: ast.Call) -> bool:
    """Whether a function puts a result into a global variable, or a mapping in a constant."""
    shared = {name for node in where.scope.of(ast.Global) for name in node.names}
    for target, value in assignments(where.scope.nodes):
        if call in ast.walk(value):
            base = target.value if isinstance(target, ast.Subscript) else target
            name = base.id if isinstance(base, ast.Name) else ""
            if name in shared or (base is not target and name.isupper()):
                return True
    return False


def _has_clock(code: Code, where: Definition) -> bool:
    """Whether a function looks at a clock, or those that it calls, or those that call it."""
    near = [where, *code.named_by(where)]
    near += [
        definition
        for definition in code.definitions.values()
        if where in code.named_by(definition) and not is_handler(definition)
    ]
    names = {last(name).removesuffix("()") for item in near for name in code.used_by(item)}
    decorators = (ast.unparse(decorator).lower() for decorator in where.scope.decorators)
    return bool(names & {*CLOCKS}) or any("ttl" in decorator for decorator in decorators)


def _age_problem(code: Code, read: SecretRead) -> str:
    """Why a read is not cached, or for too long; empty if nothing is wrong."""
    if constant(keyword(read.call, "force_fetch")) is True:
        return "reads a secret anew at each call: `force_fetch`"
    if not read.caches:
        return "" if _has_clock(code, read.where) else "reads a secret anew at each call"
    age = code.number(keyword(read.call, "max_age"), read.where)
    is_right = age is None or 0 < age <= LONGEST_SECONDS
    return "" if is_right else f"caches a secret for {age:.0f} seconds"
