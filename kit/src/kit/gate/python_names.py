"""What the names in a function's code stand for, and what uses what.

Names of the code itself begin with a dot, like `.services.jobs.do`; those of libraries don't:
`boto3.client`.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .parsers import KEPT, Module, Node, Parsed, dotted
from .service import Function, Service

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
POWERTOOLS = "aws_lambda_powertools."
STANDARD = sys.stdlib_module_names | {""}
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
        by_kind = defaultdict(list)
        for node in self.nodes:
            by_kind[type(node)].append(node)
        return by_kind

    @property
    def calls(self) -> list[ast.Call]:
        return self.of(ast.Call)

    @property
    def decorators(self) -> list[ast.expr]:
        return self.node.decorator_list if self.node else []

    @property
    def decorator_names(self) -> list[str]:
        """The last parts of their names: @app.get("/x") is get."""
        return [last(dotted(called(node))) for node in self.decorators]

    @cached_property
    def parameters(self) -> set[str]:
        nodes = ast.walk(self.node.args) if self.node else ()
        return {node.arg for node in nodes if isinstance(node, ast.arg)}

    @property
    def placed(self) -> list[ast.arg]:
        """Its parameters that callers may give by their place."""
        placed = [*self.node.args.posonlyargs, *self.node.args.args] if self.node else []
        return [item for item in placed if item.arg not in ("self", "cls")]

    @cached_property
    def bindings(self) -> dict[str, ast.expr]:
        """What is assigned to its names; of several values the last."""
        return {
            target.id: value
            for target, value in assignments(self.nodes)
            if isinstance(target, ast.Name)
        }


def assignments(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Every target with what it is assigned: by `=`, by `:=` and by `with`."""
    for node in nodes:
        match node:
            case ast.Assign():
                yield from ((target, node.value) for target in node.targets)
            case ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
                yield node.target, value
            case ast.withitem(optional_vars=ast.expr() as target):
                yield target, node.context_expr


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

    @property
    def line(self) -> int:
        return self.scope.node.lineno if self.scope.node else 1


# An expression, and where it is written.
Origin = tuple[ast.expr, Definition]


class Code:
    """All Python of a lambda_pkg.

    Args:
        modules: its modules by their names: `.index`, `.utils.aws`; that of the package is empty.
    """

    def __init__(self, modules: dict[str, Module]) -> None:
        # The package has a module even without an __init__.py.
        self.modules = {"": Module("", Parsed(ast.Module([], [])))} | modules
        self._used: dict[str, set[str]] = {}
        self._known_imports: dict[str, dict[str, str]] = {}

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
        """What an expression there stands for; empty if it has no name. What a call returns is
        named after what it calls, `boto3.Session().client`; methods after their classes."""
        module = self._module_of(where.name)
        name = self._followed(self._name_in(where.scope, node, module))
        return name.replace("().", ".") if name.startswith(".") else name

    def _name_in(self, scope: Scope, node: ast.AST, module: str, depth: int = 0) -> str:
        if isinstance(node, ast.Call):
            before = self._name_in(scope, node.func, module, depth)
            return f"{before}()" if before else ""
        name = dotted(node)
        if not name and isinstance(node, ast.Attribute):
            before = self._name_in(scope, node.value, module, depth)
            return f"{before}.{node.attr}" if before else ""
        first, dot, rest = name.partition(".")
        if first in ("self", "cls") and "." in scope.name:
            return f"{module}.{scope.name.rsplit('.', 1)[0]}{dot}{rest}"
        if scope.node and first in scope.bindings and depth < LONGEST_CHAIN:
            before = self._name_in(scope, scope.bindings[first], module, depth + 1)
            return f"{before}{dot}{rest}" if before else ""
        if first in scope.parameters:
            return ""
        if scope.name and f"{module}.{scope.name}.{first}" in self.definitions:
            return f"{module}.{scope.name}.{name}"
        if first in self._imports(module):
            return f"{self._imports(module)[first]}{dot}{rest}"
        is_own = first in _own_names(self.modules[module].parsed)
        return f"{module}.{name}" if is_own else name

    def _followed(self, name: str, depth: int = 0) -> str:
        """That name, through imports that pass names on and through variables of modules."""
        if not name.startswith(".") or name in self.definitions or depth == LONGEST_CHAIN:
            return name
        module = self._module_of(name)
        first, dot, rest = name.removeprefix(module).lstrip(".").partition(".")
        if not first or f"{module}.{first}" in self.classes:
            return name
        before = self._imports(module).get(first)
        if before is None and first in self._body(module).bindings:
            value = self._body(module).bindings[first]
            before = self._name_in(self._body(module), value, module)
        if not before or before == f"{module}.{first}":
            return name
        return self._followed(f"{before}{dot}{rest}", depth + 1)

    def _module_of(self, name: str) -> str:
        """The module in which something is."""
        while name not in self.modules and name:
            name = name.rpartition(".")[0]
        return name

    def _body(self, module: str) -> Scope:
        return scopes(self.modules[module].parsed)[0]

    def _imports(self, module: str) -> dict[str, str]:
        if module not in self._known_imports:
            is_package = self.modules[module].path.endswith("__init__.py")
            names = _imported(self.modules[module].parsed, module, is_package)
            known = {alias: self._own(name, module) for alias, name in names.items()}
            self._known_imports[module] = known
        return self._known_imports[module]

    def _own(self, name: str, module: str) -> str:
        """An imported name; one of this code by its name here, also where the import is absolute,
        which STR-05 finds."""
        first = name.partition(".")[0]
        if "lambda_pkg." in name:
            return f".{name.rpartition('lambda_pkg.')[2]}"
        for folder in ("", module.rpartition(".")[0]) if first not in STANDARD else ():
            if any(f"{other}.".startswith(f"{folder}.{first}.") for other in self.modules):
                return f"{folder}.{name}"
        return name

    def value_of(self, node: ast.expr, where: Definition) -> ast.expr:
        """What is assigned to a variable, in any module; other expressions as they are."""
        if isinstance(node, ast.Name) and node.id in where.scope.bindings:
            return where.scope.bindings[node.id]
        module, _, variable = self.name_of(node, where).rpartition(".")
        return self._body(module).bindings.get(variable, node) if module in self.modules else node

    def origins(self, node: ast.AST, where: Definition) -> Iterator[Origin]:
        """What an expression may be, one step back, with where that is written: what a variable or an
        attribute is assigned, what a loop goes over, what a parameter gets, what a function of this
        code returns, and what each of these is declared as."""
        match node:
            case ast.BoolOp(values=values):
                yield from ((value, where) for value in values)
            case ast.IfExp(body=body, orelse=orelse):
                yield from ((body, where), (orelse, where))
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                yield value, where
            case ast.Call():
                yield from self._returned(self.definition(node.func, where))
            case ast.Name(id=name):
                yield from self.arguments(where, name)
                loops: list[ast.For | ast.comprehension] = [*where.scope.of(ast.For)]
                loops += where.scope.of(ast.comprehension)
                yield from ((loop.iter, where) for loop in loops if dotted(loop.target) == name)
                around = self.definitions.get(where.name.rpartition(".")[0])
                if name in where.scope.bindings:
                    yield where.scope.bindings[name], where
                elif name not in where.scope.parameters and around and around.scope.name:
                    yield from self.origins(node, around)
                elif name not in where.scope.parameters:
                    yield from self._in_modules(node, where)
            case ast.Attribute(attr=attr):
                own = where.name.rpartition(".")[0] if dotted(node.value) in ("self", "cls") else ""
                known = self._attributes[attr]
                mine = [item for item in known if item[0] == own] or known
                yield from self._returned(self.definition(node, where))  # a property
                yield from ((value, place) for _, value, place in mine)
                yield from self._in_modules(node, where) if not mine else ()

    def ways_to(
        self, node: ast.AST, where: Definition, parts: Callable[[ast.AST], Iterable[ast.AST]]
    ) -> Iterator[tuple[ast.AST, Definition]]:
        """An expression and its parts, and all that these may come from."""
        seen: set[int] = set()
        ahead: list[tuple[ast.AST, Definition]] = [(node, where)]
        for part, place in ahead:  # which grows
            if id(part) not in seen:
                seen.add(id(part))
                yield part, place
                ahead += [*self.origins(part, place), *((inner, place) for inner in parts(part))]

    def _returned(self, definition: Definition | None) -> Iterator[Origin]:
        if definition and definition.scope.node:
            values = [item.value for item in definition.scope.of(ast.Return)]
            values.append(definition.scope.node.returns)
            yield from ((value, definition) for value in values if value)

    def _in_modules(self, node: ast.expr, where: Definition) -> Iterator[Origin]:
        """What a variable of a module may be, also by `global`."""
        name = self._name_in(where.scope, node, self._module_of(where.name))
        for _ in range(LONGEST_CHAIN):
            module = self._module_of(name)
            variable = name.removeprefix(module).lstrip(".")
            if not name.startswith(".") or variable not in self._imports(module):
                break
            name = self._imports(module)[variable]
        for scope in scopes(self.modules[module].parsed) if name.startswith(".") else ():
            is_here = not scope.node or any(variable in item.names for item in scope.of(ast.Global))
            if is_here and variable in scope.bindings:
                holder = f"{module}.{scope.name}" if scope.name else module
                yield scope.bindings[variable], self.definitions[holder]

    @cached_property
    def _attributes(self) -> dict[str, list[tuple[str, ast.expr, Definition]]]:
        """What attributes are assigned, get by constructors and are declared as, by their names."""
        values = defaultdict(list)
        for where in self.definitions.values():
            for target, value in assignments(where.scope.nodes):
                if isinstance(target, ast.Attribute):
                    values[target.attr].append((where.name.rpartition(".")[0], value, where))
        for where, call, name in self.calls:
            for item in call.keywords if name in self.classes else ():
                values[str(item.arg)].append((name, item.value, where))
        for name, module in self.modules.items():
            for owner in module.nodes(ast.ClassDef):
                pairs = [*assignments(owner.body)]
                pairs += [
                    (i.target, i.annotation) for i in owner.body if isinstance(i, ast.AnnAssign)
                ]
                for target, value in pairs:
                    declared = (f"{name}.{owner.name}", value, self.definitions[name])
                    values[dotted(target)].append(declared)
        return values

    def number(self, node: ast.AST | None, where: Definition) -> float | None:
        """What an expression comes to, if it is a number: 300, MAX_AGE_SECONDS, 5 * 60."""
        if isinstance(node, ast.Name | ast.Attribute):
            node = self.value_of(node, where)
        match node:
            case ast.Constant(value=int() | float() as value):
                return float(value)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                first, second = self.number(left, where), self.number(right, where)
                return None if first is None or second is None else first * second
        return None

    def arguments(self, where: Definition, name: str) -> Iterator[Origin]:
        """What a function gets as its parameter of that name: what it is declared as, its default,
        and what callers pass."""
        if not where.scope.node or name not in where.scope.parameters:
            return
        written = where.scope.node.args
        placed = [*written.posonlyargs, *written.args]
        defaults = [None] * (len(placed) - len(written.defaults)) + written.defaults
        named = zip([*placed, *written.kwonlyargs], [*defaults, *written.kw_defaults], strict=True)
        own = [
            node for item, value in named if item.arg == name for node in (item.annotation, value)
        ]
        yield from ((node, where) for node in own if node)
        names = [item.arg for item in where.scope.placed]
        place = names.index(name) if name in names else None
        for caller, call in self._calls_of[where.name.removesuffix(".__init__")]:
            if value := keyword(call, name, place):
                yield value, caller

    @cached_property
    def _calls_of(self) -> dict[str, list[tuple[Definition, ast.Call]]]:
        calls = defaultdict(list)
        for where, call, name in self.calls:
            calls[name].append((where, call))
        return calls

    def used_by(self, where: Definition) -> set[str]:
        """The names of all that a definition mentions: what it calls, and what it passes on."""
        if where.name not in self._used:
            nodes = [*where.scope.of(ast.Name), *where.scope.of(ast.Attribute)]
            self._used[where.name] = {self.name_of(node, where) for node in nodes} - {""}
        return self._used[where.name]

    @cached_property
    def used(self) -> set[str]:
        """The names of all that any definition mentions."""
        return {name for where in self.definitions.values() for name in self.used_by(where)}

    @cached_property
    def calls(self) -> list[tuple[Definition, ast.Call, str]]:
        """All calls, with where they are and what they call."""
        return [
            (where, call, self.name_of(call.func, where))
            for where in self.definitions.values()
            for call in where.scope.calls
        ]

    def definition(self, node: ast.AST, where: Definition) -> Definition | None:
        """The function of this code that an expression names."""
        return self.definitions.get(self.name_of(node, where))

    def nodes(self, kind: type[Node]) -> list[Node]:
        """All nodes of exactly that kind, in every module."""
        return [node for module in self.modules.values() for node in module.nodes(kind)]

    def reached_from(self, start: Definition) -> list[Definition]:
        """What may run when that runs, itself included. A method also counts when only its name
        is known, as of an object that is an argument."""
        reached, ahead = {start.name: start}, [start]
        while ahead:
            where = ahead.pop()
            used = self.named_by(where)
            for node in where.scope.of(ast.Attribute):
                if node.attr in self._methods and not self.name_of(node, where).startswith("."):
                    used += self._methods[node.attr]
            new = {item.name: item for item in used if item.name not in reached}
            reached |= new
            ahead += new.values()
        return list(reached.values())

    def named_by(self, where: Definition) -> list[Definition]:
        """The functions that a definition names, the constructors of its classes, and what is
        defined within it."""
        names = sorted(self.used_by(where))
        names += [f"{name}.__init__" for name in names]
        if where.scope.name:
            names += [name for name in self.definitions if name.startswith(f"{where.name}.")]
        used = (self.definitions[name] for name in names if name in self.definitions)
        return [item for item in used if item.scope.name]

    @cached_property
    def _methods(self) -> dict[str, list[Definition]]:
        methods = defaultdict(list)
        for item in self.definitions.values():
            if "." in item.scope.name:
                methods[last(item.scope.name)].append(item)
        return methods


@KEPT
def _imported(parsed: Parsed, module: str, is_package: bool) -> dict[str, str]:
    """What each imported name of a module stands for."""
    names: dict[str, str] = {}
    for plain in parsed.by_kind.get(ast.Import, []):
        for alias in plain.names:
            first = alias.name.split(".")[0]
            names[alias.asname or first] = alias.name if alias.asname else first
    for statement in parsed.by_kind.get(ast.ImportFrom, []):
        base = statement.module or ""
        if statement.level:
            parts = module.split(".")
            start = ".".join(parts[: len(parts) - statement.level + is_package])
            base = f"{start}.{base}" if base else start
        for alias in statement.names:
            names[alias.asname or alias.name] = f"{base}.{alias.name}"
    return names


@KEPT
def _own_names(parsed: Parsed) -> set[str]:
    """The names that a module defines at its top."""
    names = {*scopes(parsed)[0].bindings}
    names |= {scope.name.split(".")[0] for scope in scopes(parsed) if scope.name}
    return names | {node.name for node in parsed.by_kind.get(ast.ClassDef, [])}


@KEPT
def _code(modules: tuple[tuple[str, str, Parsed], ...]) -> Code:
    return Code({name: Module(path, parsed) for name, path, parsed in modules})


def code_in(modules: Iterable[Module]) -> Code:
    """The code of these modules of one function."""
    return _code(
        tuple((_module_name(module.path), module.path, module.parsed) for module in modules)
    )


def _module_name(path: str) -> str:
    """`src/orders/app/lambda_pkg/utils/aws.py` → `.utils.aws`; that of the package is empty."""
    name = path.rpartition("/lambda_pkg")[2].removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def code_of(service: Service, folder: str) -> Code:
    """The code in a function's folder."""
    return code_in(service.modules(f"{folder}/lambda_pkg"))


def every_code(service: Service) -> Iterator[Code]:
    """The code of each function."""
    return (code_of(service, folder) for folder in service.function_folders)


def last(name: str) -> str:
    """The last part: `app.get` → `get`."""
    return name.rpartition(".")[2]


def called(node: ast.expr) -> ast.expr:
    """What a call calls; what is none as it is. Decorators may be either."""
    return node.func if isinstance(node, ast.Call) else node


def keyword(call: ast.Call, name: str, place: int | None = None) -> ast.expr | None:
    """The value of an argument of a call, by its name or, if it may have one, its place."""
    value = next((item.value for item in call.keywords if item.arg == name), None)
    is_placed = value is None and place is not None and len(call.args) > place
    return call.args[place] if is_placed and place is not None else value


def is_open(call: ast.Call) -> bool:
    """Whether it has *arguments or **keywords, which can be anything."""
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    return starred or any(item.arg is None for item in call.keywords)


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
    return code.definition(ast.Name(name), code.definitions[module])


def handlers(service: Service) -> Iterator[tuple[Function, Code, Definition | None]]:
    """Each function of template.yaml whose code is here, with its code and its handler."""
    for function in service.functions:
        if function.folder in service.function_folders:
            code = code_of(service, function.folder)
            yield function, code, handler_of(code, function.get("Handler"))
