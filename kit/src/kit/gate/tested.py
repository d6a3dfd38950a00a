"""What tests there are, and how pytest runs them."""

from __future__ import annotations

import ast
import shlex
from pathlib import PurePosixPath

from kit.template import at

from .parsers import Module, dotted
from .python_names import FunctionNode, last
from .service import Service

UNIT = "tests/unit"
INTEGRATION = "tests/integration"
TESTS_README = f"{UNIT}/README.md"
PYPROJECT = "pyproject.toml"


def pytest_arguments(service: Service) -> list[str]:
    """The arguments that pytest always gets."""
    arguments = at(service.pyproject, "tool", "pytest", "ini_options", "addopts") or []
    return shlex.split(arguments) if isinstance(arguments, str) else list(map(str, arguments))


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


def is_skipped(test: FunctionNode) -> bool:
    """Whether a test does not run, or may fail: skip, skipif, xfail."""
    marks = (dotted(d.func if isinstance(d, ast.Call) else d) for d in test.decorator_list)
    return any(last(mark) in ("skip", "skipif", "xfail") for mark in marks)
