"""Environment variables: which of them functions get, and which their code reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from kit.template import is_intrinsic

from .environments import environments, resolved
from .parsers import Module, dotted
from .python_names import constant, last
from .service import Function, Service

# How the variables begin that Lambda sets, and those that libraries and extensions read.
_PLATFORM = "AWS_ LAMBDA_ _HANDLER _X_AMZN_ LANG LC_ LD_LIBRARY_PATH HOME PATH PYTHON TMPDIR TZ"
_LIBRARIES = (
    "DATADOG_ DD_ DT_ ELASTIC_ HONEYCOMB_ HTTPS_PROXY HTTP_PROXY LOG_LEVEL LUMIGO_ MPLCONFIGDIR"
    " NEW_RELIC_ NO_PROXY OPENTELEMETRY_ OTEL_ PARAMETERS_SECRETS_EXTENSION_ POWERTOOLS_"
    " REQUESTS_CA_BUNDLE SECRETS_MANAGER_TTL SENTRY_ SSL_CERT_ SSM_PARAMETER_STORE_TTL XRAY_"
)
_KNOWN = tuple(f"{_PLATFORM} {_LIBRARIES}".split())
# How variables end that say where code runs, and how they begin if that is all that they say:
# APPCONFIG_ENVIRONMENT says something else.
_STAGE = re.compile(r"(?:(\w+)_)?(?:ENV|ENVIRONMENT|STAGE)(?:_NAME)?")
_OWN = {None, "APP", "APPLICATION", "AWS", "CURRENT", "DEPLOY", "FLASK", "LAMBDA", "SERVICE"}
# Where a variable's name is the first argument: os.environ.get("STAGE").
_METHODS = ("get", "pop", "setdefault")


@dataclass(frozen=True)
class VariableRead:
    """A variable that code reads.

    Args:
        may_be_none: whether the code gets None when it is missing: os.environ.get("STAGE").
    """

    name: str
    path: str
    line: int
    may_be_none: bool = False


@dataclass(frozen=True, eq=False)
class Package:
    """A function of template.yaml, with its Python."""

    function: Function
    modules: list[Module]

    @cached_property
    def reads(self) -> list[VariableRead]:
        """The variables that the code reads by names that are written out, also as the argument of
        a function that reads what it is given: required("STAGE")."""
        keys = [(module, *key) for module in self.modules for key in _keys(module)]
        helpers = {helper for module, key, _, _ in keys for helper in _helpers(module, key)}
        keys += [
            (module, call.args[0], call.lineno, False)
            for module in self.modules
            for call in module.nodes(ast.Call)
            if call.args and dotted(call.func).removeprefix("self.") in helpers
        ]
        return [
            VariableRead(name, module.path, line, may_be_none)
            for module, key, line, may_be_none in keys
            for name in _texts(module, key)
        ]

    def mentioned(self, names: Iterable[str]) -> set[str]:
        """Those of these variables that the code may read: it has the name as a text, a text in
        capitals that ends in `_` with which the name begins, or a field that is called like it."""
        texts: set[str] = set()
        for module in self.modules:
            texts |= {str(node.value) for node in module.nodes(ast.Constant)}
            texts |= {dotted(node.target).upper() for node in module.nodes(ast.AnnAssign)}
        starts = tuple(text for text in texts if re.fullmatch(r"[A-Z_]+_", text))
        return {name for name in names if name in texts or name.startswith(starts)}


def packages(service: Service) -> Iterator[Package]:
    """The functions with code here and with variables that can be told."""
    for function in service.functions:
        modules = list(service.modules(function.folder)) if function.folder else []
        is_unknown = is_intrinsic(function.get("Environment")) or is_intrinsic(function.variables)
        if modules and not is_unknown:
            yield Package(function, modules)


def is_known(name: str) -> bool:
    """Whether Lambda sets a variable, or a common library reads it."""
    return name.startswith(_KNOWN)


def says_stage(service: Service, name: str) -> bool:
    """Whether a variable other than STAGE says by its name where code runs: ENV, APP_STAGE."""
    match = _STAGE.fullmatch(name)
    is_own = match and match[1] in {*_OWN, service.package.upper()}
    return bool(is_own) and name != "STAGE" and not is_known(name)


def passed_stages(service: Service) -> set[str]:
    """The variables beside STAGE that say to functions where they run, by name or by value."""
    templates = environments(service)
    return {
        name
        for function in service.functions
        for name, node in function.variables.items()
        if says_stage(service, name)
        or (
            not (is_known(name) or _STAGE.fullmatch(name))
            and all(resolved(each, node) == stage for stage, each in templates.items())
        )
    }


def _keys(module: Module) -> Iterator[tuple[ast.expr, int, bool]]:
    """What says which variable is read, its line, and whether None comes of a missing one."""
    for item in module.nodes(ast.Subscript):
        if isinstance(item.ctx, ast.Load) and _is_environ(item.value):
            yield item.slice, item.lineno, False
    for call in module.nodes(ast.Call):
        name = last(dotted(call.func))
        of_environ = isinstance(call.func, ast.Attribute) and _is_environ(call.func.value)
        if call.args and (name == "getenv" or (of_environ and name in _METHODS)):
            is_none = all(constant(default) is None for default in call.args[1:])
            yield call.args[0], call.lineno, is_none and name in ("get", "getenv")


def _is_environ(node: ast.AST) -> bool:
    """Whether it is os.environ, by whatever way it came here under its name."""
    return dotted(node).split(".")[-1] == "environ"


def _helpers(module: Module, key: ast.expr) -> Iterator[str]:
    """The functions that read the variable which is their first argument."""
    for function in module.functions:
        names = [
            argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")
        ]
        if names and names[0] == dotted(key) and key in ast.walk(function):
            yield function.name


def _texts(module: Module, node: ast.AST, depth: int = 3) -> Iterator[str]:
    """The texts that a name in code stands for: itself, a constant, what a loop goes over."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for item in node.elts:
            yield from _texts(module, item, depth)
    elif isinstance(node, ast.Name) and depth:
        for target, value in _bound(module):
            if dotted(target) == node.id:
                yield from _texts(module, value, depth - 1)


def _bound(module: Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What is bound to what: by assignments and by loops."""
    yield from ((node.targets[0], node.value) for node in module.nodes(ast.Assign))
    yield from ((node.target, node.iter) for node in module.nodes(ast.For))
    yield from ((node.target, node.iter) for node in module.nodes(ast.comprehension))
