"""What tests there are, and how pytest runs them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from kit.template import at

from .parsers import Module, dotted
from .python_names import FunctionNode, called, last, scopes
from .runs import make_rules
from .service import Service

UNIT = "tests/unit"
INTEGRATION = "tests/integration"
TESTS_README = f"{UNIT}/README.md"
PYPROJECT = "pyproject.toml"
ADDOPTS = re.compile(r"\bPYTEST_ADDOPTS\b *[:?+]*[=:] *(.*)")
# Marks and calls with which a test does not run, or may fail.
SKIPS = {"skip", "skipIf", "skipUnless", "skipif", "xfail"}


def pytest_settings(service: Service) -> dict[str, Any]:
    """The settings of pytest in pyproject.toml."""
    settings = at(service.pyproject, "tool", "pytest") or {}
    return settings.get("ini_options") or settings


def words(setting: Any) -> list[str]:
    """The words of a setting, which is a text or a list."""
    return (
        shlex.split(setting) if isinstance(setting, str) else [str(word) for word in setting or []]
    )


@dataclass(frozen=True)
class Argument:
    """An argument of pytest: where it is written, and the one after it."""

    path: str
    line: int
    text: str
    following: str


def pytest_arguments(service: Service) -> Iterator[Argument]:
    """The arguments that pytest always gets, and those of `make check` and `make test`."""
    addopts = words(pytest_settings(service).get("addopts"))
    for text, following in pairwise((*addopts, "")):
        yield Argument(PYPROJECT, service.line_with(PYPROJECT, text), text, following)
    calls: list[tuple[str, int, Sequence[str]]] = []
    rules = make_rules(service)
    for rule in (rules[target] for target in ("check", "test") if target in rules):
        calls += [(rule.path, c.line, c.arguments) for c in rule.commands if c.program == "pytest"]
    for path in (*service.workflows, *service.actions, *service.files_in("", "Makefile", ".mk")):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            if "PYTEST_ADDOPTS" in line and (match := ADDOPTS.search(line)):
                calls.append((path, number, match[1].strip("\"'").split()))
    for path, number, arguments in calls:
        for text, following in pairwise((*arguments, "")):
            yield Argument(path, number, text, following)


def tests_in(module: Module) -> list[FunctionNode]:
    """The tests that pytest takes from a module, those in classes too."""
    name = PurePosixPath(module.path).name
    if not name.startswith("test_") and not name.endswith("_test.py"):
        return []
    return [function for function in module.functions if function.name.startswith("test")]


def tests_of(service: Service, folder: str) -> list[Module]:
    """The unit tests of the function in that folder, with their fixtures: those in a folder that
    is called like it, those that name its package, and those whose conftest.py does."""
    name = folder.rpartition("/")[2]
    package = f"{service.package}.{name}."
    modules = list(service.modules(UNIT))
    naming = {module.path for module in modules if package in service.text(module.path)}
    starts = {path.removesuffix("conftest.py") for path in naming if path.endswith("/conftest.py")}
    starts = {f"{UNIT}/{name}/", *starts} - {f"{UNIT}/"}
    return [m for m in modules if m.path in naming or m.path.startswith(tuple(starts))]


def covers(pattern: str, path: str) -> bool:
    """Whether a file is what a setting names, or below it: tests/unit, ./src, */app/*, test_*.py."""
    pattern = pattern.partition("::")[0].removeprefix("./").rstrip("/")
    return pattern in ("", ".") or fnmatch(path, pattern) or fnmatch(path, f"{pattern}/*")


def skip_of(module: Module, test: FunctionNode, marks: frozenset[str] = frozenset()) -> int:
    """The line of what keeps a test from running, or lets it fail: a mark of it, of its class or of
    its module, or a call of pytest.skip; 0 if nothing does.

    Args:
        marks: other marks with which tests are left out, too.
    """
    names = scopes(module.parsed)[0].bindings
    holders: list[Any] = [c for c in module.nodes(ast.ClassDef) if test in c.body]
    expressions = [node for holder in (test, *holders) for node in holder.decorator_list]
    for holder in (*holders, module.tree):
        for node in holder.body:
            if isinstance(node, ast.Assign) and dotted(node.targets[0]) == "pytestmark":
                expressions += node.value.elts if isinstance(node.value, ast.List) else [node.value]
    calls = [n.value for n in (*test.body, *module.tree.body) if isinstance(n, ast.Expr)]
    expressions += [node for node in calls if isinstance(node, ast.Call)]
    for node in expressions:
        mark = names.get(node.id, node) if isinstance(node, ast.Name) else node
        name = last(dotted(called(mark)))
        is_elsewhere = name == "skipif" and re.search(r"\b(sys|platform)\.", ast.unparse(mark))
        if name in SKIPS | marks and not is_elsewhere:
            return int(node.lineno)
    return 0


def running_tests(module: Module) -> list[FunctionNode]:
    """The tests of a module that nothing in it skips or excuses."""
    return [test for test in tests_in(module) if not skip_of(module, test)]
