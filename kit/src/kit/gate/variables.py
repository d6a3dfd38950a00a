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
from .python_names import Code, Definition, code_in, constant, last
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
_STAGE = re.compile(
    r"(?:(\w+)_)?(?:ENV|ENVIRONMENT|STAGE)(?:_NAME)?|(?:IS_)?(?:DEV|PROD|PRODUCTION)(?:_MODE)?"
)
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
        code = code_in(self.modules)
        return [
            VariableRead(str(constant(node)), place.module.path, node.lineno, may_be_none)
            for key, where, may_be_none in _keys(code)
            for node, place in code.ways_to(key, where, lambda node: getattr(node, "elts", ()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
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


def _keys(code: Code) -> Iterator[tuple[ast.expr, Definition, bool]]:
    """What says which variable is read, where, and whether None comes of a missing one."""
    for where in code.definitions.values():
        for item in where.scope.of(ast.Subscript):
            if isinstance(item.ctx, ast.Load) and _is_environ(item.value):
                yield item.slice, where, False
        for call in where.scope.calls:
            name = last(dotted(call.func))
            of_environ = isinstance(call.func, ast.Attribute) and _is_environ(call.func.value)
            if call.args and (name == "getenv" or (of_environ and name in _METHODS)):
                is_none = all(constant(default) is None for default in call.args[1:])
                is_given = dotted(call.args[0]) in where.scope.parameters
                yield call.args[0], where, is_none and name in ("get", "getenv") and not is_given


def _is_environ(node: ast.AST) -> bool:
    """Whether it is os.environ, by whatever way it came here under its name."""
    return dotted(node).split(".")[-1] == "environ"
