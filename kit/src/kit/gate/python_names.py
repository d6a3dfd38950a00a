"""What the names in a function's code stand for, and what uses what.

Names of the code itself begin with a dot, like `.services.jobs.do`; names of libraries don't: `boto3.client`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .parsers import KEPT, Module, Node, Parsed, dotted
from .service import Function, Service

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
POWERTOOLS = "aws_lambda_powertools."
# A chain of names that leads back to itself is followed no further.
LONGEST_CHAIN = 6


@dataclass(frozen=True, eq=False)
class Scope:
    """What runs when a function is called, or when a module is imported.

    Args:
        name: its name in its module, `Publisher.publish`; empty for the module.
        node: its definition; None for the module.
        nodes: all that runs, without what is in functions within.
    """

    name: str
    node: FunctionNode | None
    nodes: list[ast.AST] = field(default_factory=list)

    def of(self, kind: type[Node]) -> list[Node]:
        """All of exactly that kind that run there."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[type[ast.AST], list[Any]]:
        found = defaultdict(list)
        for node in self.nodes:
            found[type(node)].append(node)
        return found

    @property
    def calls(self) -> list[ast.Call]:
        return self.of(ast.Call)

    @property
    def decorators(self) -> list[ast.expr]:
        return self.node.decorator_list if self.node else []

    @cached_property
    def parameters(self) -> set[str]:
        return (
            {each.arg for each in ast.walk(self.node.args) if isinstance(each, ast.arg)}
            if self.node
            else set()
        )

    @cached_property
    def bindings(self) -> dict[str, ast.expr]:
        """What is assigned to its names; of several values the last."""
        found: dict[str, ast.expr] = {}
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                found |= {t.id: node.value for t in node.targets if isinstance(t, ast.Name)}
            elif isinstance(node, ast.AnnAssign):
                if node.value and isinstance(node.target, ast.Name):
                    found[node.target.id] = node.value
            elif isinstance(node, ast.NamedExpr):
                found[node.target.id] = node.value
            elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
                found[node.optional_vars.id] = node.context_expr
        return found


@KEPT
def scopes(parsed: Parsed) -> tuple[Scope, ...]:
    """The module itself, and each of its functions and methods."""
    found = [Scope("", None)]
    _visit(parsed.tree.body, found[0], "", found)
    return tuple(found)


def _visit(nodes: Iterable[ast.AST], scope: Scope, prefix: str, found: list[Scope]) -> None:
    for node in nodes:
        if isinstance(node, FunctionNode):
            inner = Scope(prefix + node.name, node)
            found.append(inner)
            # Decorators, defaults and annotations run where the function is defined.
            _visit([*node.decorator_list, node.args], scope, prefix, found)
            _visit(node.body, inner, f"{inner.name}.", found)
        elif isinstance(node, ast.ClassDef):
            _visit([*node.decorator_list, *node.bases], scope, prefix, found)
            _visit(node.body, scope, f"{prefix}{node.name}.", found)
        else:
            scope.nodes.append(node)
            _visit(ast.iter_child_nodes(node), scope, prefix, found)


@dataclass(frozen=True, eq=False)
class Definition:
    """A function, a method, or the body of a module, with the name that all others know it by."""

    name: str
    module: Module
    scope: Scope

    @property
    def place(self) -> str:
        """How a person calls it."""
        return self.scope.name or "the module"


class Code:
    """All Python of a lambda_pkg.

    Args:
        modules: its modules by their names: `.index`, `.utils.aws`, and an empty one for the package.
    """

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules
        self._used: dict[str, set[str]] = {}

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Everything that can run, by name; a module's body by the module's."""
        return {
            definition.name: definition
            for name, module in self.modules.items()
            for definition in (
                Definition(f"{name}.{scope.name}" if scope.name else name, module, scope)
                for scope in scopes(module.parsed)
            )
        }

    @cached_property
    def classes(self) -> set[str]:
        return {
            f"{name}.{node.name}"
            for name, module in self.modules.items()
            for node in module.nodes(ast.ClassDef)
        }

    def name_of(self, node: ast.AST, where: Definition) -> str:
        """What an expression there stands for; empty if it has no name. What a call gives is called
        after what it calls, `boto3.Session().client`; methods after their classes."""
        module = self._module_of(where.name)
        name = self._followed(self._said(node, where.scope, module), 0)
        return name.replace("().", ".") if name.startswith(".") else name

    def _said(self, node: ast.AST, scope: Scope, module: str, depth: int = 0) -> str:
        if isinstance(node, ast.Call):
            before = self._said(node.func, scope, module, depth)
            return f"{before}()" if before else ""
        name = dotted(node)
        if not name and isinstance(node, ast.Attribute):
            before = self._said(node.value, scope, module, depth)
            return f"{before}.{node.attr}" if before else ""
        first, dot, rest = name.partition(".")
        if first in ("self", "cls") and "." in scope.name:
            return f"{module}.{scope.name.rsplit('.', 1)[0]}{dot}{rest}"
        if scope.node and first in scope.bindings and depth < LONGEST_CHAIN:
            before = self._said(scope.bindings[first], scope, module, depth + 1)
            return f"{before}{dot}{rest}" if before else ""
        if first in scope.parameters:
            return ""
        if first in self._imports(module):
            return f"{self._imports(module)[first]}{dot}{rest}"
        return f"{module}.{name}" if first in self._own(module) else name

    def _followed(self, name: str, depth: int) -> str:
        """That name, through imports that hand names on and through variables of modules."""
        if not name.startswith(".") or name in self.definitions or depth == LONGEST_CHAIN:
            return name
        module = self._module_of(name)
        first, dot, rest = name.removeprefix(module).lstrip(".").partition(".")
        if not first or f"{module}.{first}" in self.classes:
            return name
        if first in self._imports(module):
            return self._followed(f"{self._imports(module)[first]}{dot}{rest}", depth + 1)
        scope = scopes(self.modules[module].parsed)[0] if module in self.modules else None
        if scope and first in scope.bindings:
            before = self._said(scope.bindings[first], scope, module)
            if before and before != f"{module}.{first}":
                return self._followed(f"{before}{dot}{rest}", depth + 1)
        return name

    def _module_of(self, name: str) -> str:
        """The module in which something is."""
        while name not in self.modules and name:
            name = name.rpartition(".")[0]
        return name

    def _imports(self, module: str) -> dict[str, str]:
        if module not in self.modules:
            return {}
        found = self.modules[module]
        return imported(found.parsed, module, found.path.endswith("__init__.py"))

    def _own(self, module: str) -> set[str]:
        if module not in self.modules:
            return set()
        return _own_names(self.modules[module].parsed)

    def used_by(self, where: Definition) -> set[str]:
        """The names of all that a definition mentions: what it calls, and what it hands on."""
        if where.name not in self._used:
            nodes = [*where.scope.of(ast.Name), *where.scope.of(ast.Attribute)]
            self._used[where.name] = {self.name_of(node, where) for node in nodes} - {""}
        return self._used[where.name]

    @cached_property
    def calls(self) -> list[tuple[Definition, ast.Call, str]]:
        """All calls, with where they are and what they call."""
        return [
            (where, call, self.name_of(call.func, where))
            for where in self.definitions.values()
            for call in where.scope.calls
        ]

    def reached_from(self, start: Definition) -> list[Definition]:
        """What may run when that runs, itself included. A method also counts when only its name
        is known, as of an object that came as an argument."""
        found, ahead = {start.name: start}, [start]
        while ahead:
            here = ahead.pop()
            used = self.named_by(here)
            used += [
                each
                for node in here.scope.of(ast.Attribute)
                if node.attr in self._methods and not self.name_of(node, here).startswith(".")
                for each in self._methods[node.attr]
            ]
            for each in used:
                if each.name not in found:
                    found[each.name] = each
                    ahead.append(each)
        return list(found.values())

    def named_by(self, where: Definition) -> list[Definition]:
        """The functions that a definition names, the constructors of its classes, and what is
        defined within it."""
        names = self.used_by(where)
        wanted = [*sorted(names), *(f"{name}.__init__" for name in sorted(names))]
        used = [self.definitions[name] for name in wanted if name in self.definitions]
        used += [
            each
            for name, each in self.definitions.items()
            if where.scope.name and name.startswith(f"{where.name}.")
        ]
        return [each for each in used if each.scope.name]

    @cached_property
    def _methods(self) -> dict[str, list[Definition]]:
        found = defaultdict(list)
        for each in self.definitions.values():
            if "." in each.scope.name:
                found[last(each.scope.name)].append(each)
        return found


@KEPT
def imported(parsed: Parsed, module: str, is_package: bool) -> dict[str, str]:
    """What each imported name of a module stands for."""
    found: dict[str, str] = {}
    for plain in parsed.by_kind.get(ast.Import, []):
        for alias in plain.names:
            first = alias.name.split(".")[0]
            found[alias.asname or first] = alias.name if alias.asname else first
    for each in parsed.by_kind.get(ast.ImportFrom, []):
        start = ""
        if each.level:
            parts = module.split(".")
            start = ".".join(parts[: len(parts) - each.level + is_package])
        base = f"{start}.{each.module}" if each.level and each.module else each.module or start
        for alias in each.names:
            found[alias.asname or alias.name] = f"{base}.{alias.name}"
    return found


@KEPT
def _own_names(parsed: Parsed) -> set[str]:
    """The names that a module defines at its top."""
    module = scopes(parsed)[0]
    names = set(module.bindings)
    names |= {scope.name.split(".")[0] for scope in scopes(parsed) if scope.name}
    return names | {node.name for node in parsed.by_kind.get(ast.ClassDef, [])}


@KEPT
def _code(modules: tuple[tuple[str, str, Parsed], ...]) -> Code:
    return Code({name: Module(path, parsed) for name, path, parsed in modules})


def code_of(service: Service, folder: str) -> Code:
    """The code in a function's folder."""
    start = f"{folder}/lambda_pkg"
    return _code(
        tuple(
            (_module_name(module.path.removeprefix(start)), module.path, module.parsed)
            for module in service.modules(start)
        )
    )


def _module_name(path: str) -> str:
    """`/utils/aws.py` → `.utils.aws`; the package itself is an empty name."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def last(name: str) -> str:
    """The last part: `app.get` → `get`."""
    return name.rpartition(".")[2]


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword of a call, if it is given."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def is_open(call: ast.Call) -> bool:
    """Whether it has **keywords, which can be anything."""
    return any(each.arg is None for each in call.keywords)


def constant(node: ast.AST | None) -> object:
    """The value of a literal; otherwise None."""
    return node.value if isinstance(node, ast.Constant) else None


def handler_of(code: Code, handler: object) -> Definition | None:
    """What `lambda_pkg.index.lambda_handler` is, wherever it is defined."""
    if not isinstance(handler, str) or not handler.startswith("lambda_pkg."):
        return None
    module, _, name = handler.removeprefix("lambda_pkg").rpartition(".")
    if module not in code.modules:
        return None
    where = code.definitions[module]
    return code.definitions.get(code.name_of(ast.Name(name), where))


def handlers(service: Service) -> Iterator[tuple[Function, Code, Definition | None]]:
    """Each function of template.yaml whose code is here, with its code and its handler."""
    for function in service.functions:
        if function.folder in service.function_folders:
            code = code_of(service, function.folder)
            yield function, code, handler_of(code, function.get("Handler"))
