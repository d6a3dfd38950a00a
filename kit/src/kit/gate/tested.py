"""What tests there are."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from .parsers import Module, dotted
from .python_names import FunctionNode
from .service import Service

UNIT = "tests/unit"


def is_collected(path: str) -> bool:
    """Whether pytest takes a file for one with tests."""
    name = PurePosixPath(path).name
    return name.startswith("test_") or name.endswith("_test.py")


def tests_in(module: Module) -> list[FunctionNode]:
    """The tests of a module, those in classes too."""
    if not is_collected(module.path):
        return []
    return [each for each in module.functions if each.name.startswith("test")]


def tests_of(service: Service, folder: str) -> list[Module]:
    """The unit tests of the function in that folder, with their fixtures: those in a folder that is called like
    it, those that name its package, and those whose conftest.py does."""
    name = folder.rpartition("/")[2]
    package = f"{service.package}.{name}."
    modules = list(service.modules(UNIT))
    naming = {each.path for each in modules if package in service.text(each.path)}
    starts = [path.removesuffix("conftest.py") for path in naming if path.endswith("/conftest.py")]
    starts = [f"{UNIT}/{name}/", *(start for start in starts if start != f"{UNIT}/")]
    return [each for each in modules if each.path in naming or each.path.startswith(tuple(starts))]


def is_skipped(test: FunctionNode) -> bool:
    """Whether it does not run, or may fail: skip, skipif, xfail."""
    names = (dotted(d.func if isinstance(d, ast.Call) else d) for d in test.decorator_list)
    return any(name.rpartition(".")[2] in ("skip", "skipif", "xfail") for name in names)
