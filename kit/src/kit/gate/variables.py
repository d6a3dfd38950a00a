"""Which environment variables Python code reads, however it does."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .parsers import Module, dotted

# Where a variable's name is the first argument: os.environ.get("STAGE").
_METHODS = ("get", "pop", "setdefault", "__getitem__")
# Where names come from that a loop goes through.
_LITERALS = (ast.Tuple, ast.List, ast.Set)
# Stands for the part of a name that only a run knows.
COMPUTED = "*"


@dataclass(frozen=True)
class Read:
    """A variable that code reads."""

    name: str
    path: str
    line: int
    may_be_none: bool = False
    """Whether a variable that is missing is None: os.environ.get("STAGE")."""


def reads(modules: Iterable[Module]) -> list[Read]:
    """The variables that these modules read, directly or by a helper like required("STAGE")."""
    modules = list(modules)
    found = [read for read in _reads(modules) if COMPUTED not in read.name]
    return found + [read for module in modules for read in _of_settings_classes(module)]


def read_among(names: Iterable[str], modules: Iterable[Module]) -> set[str]:
    """Those of these variables that the modules read, as far as can be told: that stand in them
    as texts, or are like a name that is computed: f"LIMIT_{side}" may be any that begins so."""
    modules = list(modules)
    said = _mentions(modules) | {read.name for read in reads(modules)}
    computed = {read.name for read in _reads(modules) if COMPUTED in read.name}
    computed = {name for name in computed if not name.startswith(COMPUTED)}
    return {
        name
        for name in names
        if name in said or any(fnmatchcase(str(name), each) for each in computed)
    }


def _reads(modules: list[Module]) -> Iterator[Read]:
    """What is read by its name, with COMPUTED for the parts of names that can't be told."""
    helpers: dict[str, str] = {}
    sources = [(module, _Source(module)) for module in modules]
    for module, source in sources:
        for node, line, may_be_none in source.keys:
            for name in source.texts(node):
                yield Read(name, module.path, line, may_be_none)
        helpers |= source.helpers
    for module, source in sources:
        if not helpers:
            break
        for call in module.nodes(ast.Call):
            before, _, called = dotted(call.func).rpartition(".")
            parameter = helpers.get(called)
            # A helper that is called like a method of mappings is none of every mapping.
            if parameter and (called not in _METHODS or before in ("", "self", "cls")):
                given = [each.value for each in call.keywords if each.arg == parameter]
                for node in [*call.args[:1], *given]:
                    for name in source.texts(node):
                        yield Read(name, module.path, call.lineno)


def _mentions(modules: Iterable[Module]) -> set[str]:
    """Every text in these modules that could be the name of a variable that is read."""
    found: set[str] = set()
    for module in modules:
        constants = module.nodes(ast.Constant)
        found |= {each.value for each in constants if isinstance(each.value, str)}
        for each in module.nodes(ast.ClassDef):
            if _is_settings_class(each):
                found |= {name for name, _line, _needed in _fields(each)}
    return found


class _Source:
    """What of a module is about the environment."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._aliases = {"os.environ", *self._bound_to_environ()}
        self._getenv = {"getenv", *self._imported_from_os("getenv")}
        self.keys = list(self._keys())
        """The nodes that say which variable is read, their lines, and whether None comes of it."""
        self.helpers = dict(self._helpers()) if self.keys else {}
        """Functions that read the variable that is their first argument: its parameter."""

    def texts(self, node: ast.AST, depth: int = 3) -> Iterator[str]:
        """The texts that a node can be: itself, a constant of the module, items of a loop, what is
        put together of these."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, _LITERALS):
            for item in node.elts:
                yield from self.texts(item, depth)
        elif isinstance(node, ast.Name) and depth:
            for value in self._values_of(node.id):
                yield from self.texts(value, depth - 1)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(self._part(each, depth) for each in node.values)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield self._part(node.left, depth) + self._part(node.right, depth)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "upper":
            written = getattr(node.func, "value", node.func)  # "limit_min".upper()
            yield from (text.upper() for text in self.texts(written, depth))

    def _part(self, node: ast.AST, depth: int) -> str:
        """What a part of a name is, if it can be one thing only."""
        inner = node.value if isinstance(node, ast.FormattedValue) else node
        if isinstance(inner, ast.Name):
            values = list(self._values_of(inner.id))
            given = any(each.arg == inner.id for each in self._module.nodes(ast.arg))
            if given or len(values) != 1 or not depth:
                return COMPUTED
            inner, depth = values[0], depth - 1
        found = set(self.texts(inner, depth))
        return found.pop() if len(found) == 1 else COMPUTED

    def _values_of(self, name: str) -> Iterator[ast.AST]:
        """What is assigned to a name, and what loops let it be."""
        for assign in self._module.nodes(ast.Assign):
            if any(dotted(target) == name for target in assign.targets):
                yield assign.value
        for annotated in self._module.nodes(ast.AnnAssign):
            if annotated.value and dotted(annotated.target) == name:
                yield annotated.value
        loops = [(each.target, each.iter) for each in self._module.nodes(ast.For)]
        loops += [(each.target, each.iter) for each in self._module.nodes(ast.comprehension)]
        yield from (values for target, values in loops if dotted(target) == name)

    def _imported_from_os(self, name: str) -> Iterator[str]:
        """How a name of the module os is called here."""
        for each in self._module.nodes(ast.ImportFrom):
            names = [alias for alias in each.names if alias.name == name]
            yield from (alias.asname or alias.name for alias in names if each.module == "os")

    def _bound_to_environ(self) -> Iterator[str]:
        """Other names of os.environ: assigned, or parameters that are it by default."""
        yield from self._imported_from_os("environ")
        for assign in self._module.nodes(ast.Assign):
            value = assign.value  # environ = environ or os.environ
            parts = value.values if isinstance(value, ast.BoolOp) else [value]
            if any(dotted(part) == "os.environ" for part in parts):
                yield from map(dotted, assign.targets)
        for function in self._module.functions:
            given = function.args
            plain = [*given.posonlyargs, *given.args]
            pairs = [*zip(reversed(plain), reversed(given.defaults), strict=False)]
            pairs += [(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
            yield from (argument.arg for argument, default in pairs if "environ" in dotted(default))

    def _keys(self) -> Iterator[tuple[ast.AST, int, bool]]:
        for item in self._module.nodes(ast.Subscript):
            if isinstance(item.ctx, ast.Load) and dotted(item.value) in self._aliases:
                yield item.slice, item.lineno, False
        for call in self._module.nodes(ast.Call):
            before, _, method = dotted(call.func).rpartition(".")
            is_read = (method in _METHODS and before in self._aliases) or method in self._getenv
            if is_read and call.args:
                others = [*call.args[1:], *(each.value for each in call.keywords)]
                is_none = all(getattr(each, "value", 0) is None for each in others)
                yield call.args[0], call.lineno, is_none and method in ("get", *self._getenv)
        for compare in self._module.nodes(ast.Compare):
            if any(dotted(each) in self._aliases for each in compare.comparators):
                yield compare.left, compare.lineno, False

    def _helpers(self) -> Iterator[tuple[str, str]]:
        keys = {id(node): node.id for node, _, _ in self.keys if isinstance(node, ast.Name)}
        for function in self._module.functions:
            arguments = [each.arg for each in [*function.args.posonlyargs, *function.args.args]]
            own = [name for name in arguments if name not in ("self", "cls")]
            inside = {keys[id(each)] for each in ast.walk(function) if id(each) in keys}
            if own and own[0] in inside:
                yield function.name, own[0]


# ── Classes of pydantic-settings ─────────────────────────────────────────────


def _of_settings_classes(module: Module) -> Iterator[Read]:
    for each in module.nodes(ast.ClassDef):
        if _is_settings_class(each):
            for name, line, needed in _fields(each):
                if needed:
                    yield Read(name, module.path, line)


def _is_settings_class(node: ast.ClassDef) -> bool:
    return any(dotted(base).rpartition(".")[2] == "BaseSettings" for base in node.bases)


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, int, bool]]:
    """The variable of each field, its line, and whether the field has no other value."""
    prefix = ""
    for each in ast.walk(node):
        if isinstance(each, ast.keyword) and each.arg == "env_prefix":
            prefix = str(getattr(each.value, "value", ""))
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = f"{prefix}{statement.target.id}".upper()
            yield name, statement.lineno, statement.value is None
