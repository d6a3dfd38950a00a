"""TST-02: Tests import code by the path of the deployed package, and the built artifact is imported
and called as Lambda does.

Why: "Passed locally, import error in Lambda".

Here: `tests/unit/<function>/` imports `<package>.<function>.lambda_pkg`.

Fix: Import and patch `<package>.<function>.lambda_pkg.…`, never `src.…` or `lambda_pkg.…`, and
change no path.

Defended by: gate.

See: tests/unit/README.md.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.pytest_config import INTEGRATION, PYPROJECT, pytest_arguments
from kit.gate.python_names import Code, Definition, constant, last, scopes
from kit.gate.service import Service
from kit.gate.tested import UNIT
from kit.template import at

LESSON = Lesson.read(__doc__)


# What changes where Python looks for modules, or reads a module by its file.
PATH_CALLS = {"site.addsitedir", "runpy.run_path", "importlib.util.spec_from_file_location"}


PATH_CALLS |= {"importlib.machinery.SourceFileLoader", "imp.load_source"}


PATH_CALLS |= {f"sys.path.{each}" for each in ("append", "extend", "insert")}


PATH_METHODS = {"syspath_prepend"}


# What takes the name of a module, or of something in one, as text.
NAMED_BY_TEXT = {"import_module", "__import__", "patch", "setattr", "delattr", "run_module"}


NAMED_BY_TEXT |= {"importorskip"}


@LESSON.check
def tests_import_the_deployed_package(service: Service) -> Iterator[Finding]:
    """Tests import <package>.<function>.lambda_pkg, and leave the path alone.

    That src is on it, and that nothing outside the tests changes it, is for CI-03.
    """
    for folder in (UNIT, INTEGRATION):
        for module in service.modules(folder):
            if module.path == f"{UNIT}/test_template.py":
                continue  # the template's: it speaks of Handler, which is lambda_pkg.index.…
            yield from _imports(module, service.package)
            yield from _paths(module)
    if pytest_arguments(service)[0] != PYPROJECT:
        return
    paths = at(service.pyproject, "tool", "pytest", "ini_options", "pythonpath")
    paths = paths.split() if isinstance(paths, str) else paths or []
    line = service.line_with(PYPROJECT, "pythonpath")
    for path in paths:
        if os.path.normpath(str(path)).startswith("src/"):
            found = f"pythonpath has {path}, so that tests can import what Lambda calls otherwise"
            yield LESSON.finding(PYPROJECT, line, found, fix="Leave only src and scripts.")


def _imports(module: Module, package: str) -> Iterator[Finding]:
    for name, line in _imported(module, package):
        if name.split(".")[0] in ("src", "lambda_pkg"):
            found = f"imports {name}, which is not how the deployed package is called"
            yield LESSON.finding(module.path, line, found)


def _imported(module: Module, package: str) -> Iterator[tuple[str, int]]:
    for plain in module.nodes(ast.Import):
        for alias in plain.names:
            yield alias.name, plain.lineno
    for each in module.nodes(ast.ImportFrom):
        if not each.level and each.module:
            yield each.module, each.lineno
    for call in module.nodes(ast.Call):
        name = last(dotted(call.func)) or getattr(call.func, "attr", "")
        given = _text(call.args[0]) if call.args else ""
        if name in NAMED_BY_TEXT and re.match(r"(src|lambda_pkg)\.\w", given):
            yield given, call.lineno
    for node in module.nodes(ast.Constant):
        if isinstance(node.value, str) and node.value.startswith(f"src.{package}."):
            yield node.value, node.lineno


def _text(node: ast.AST) -> str:
    """A text, or how an f-string begins."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    value = constant(node)
    return value if isinstance(value, str) else ""


def _is_of_a_script(call: ast.Call, where: Definition) -> bool:
    """Whether it runs a script, which is no part of a package."""
    ahead: list[ast.AST] = [call]
    parts = set()
    for node in ahead:
        for each in ast.walk(node):
            parts.add(constant(each))
            if isinstance(each, ast.Name):
                bound = where.scope.bindings.get(each.id) or scopes(where.module.parsed)[
                    0
                ].bindings.get(each.id)
                if bound is not None and bound not in ahead:
                    ahead.append(bound)
    return "scripts" in parts


def _paths(module: Module) -> Iterator[Finding]:
    names = {each.rpartition(".")[2] for each in PATH_CALLS} | PATH_METHODS
    written = (
        last(dotted(call.func)) or getattr(call.func, "attr", "") for call in module.nodes(ast.Call)
    )
    # What follows takes longer, and hardly any test needs it.
    code = Code({"": module}) if names & set(written) else Code({})
    for where, call, name in code.calls:
        runs_script = not name.startswith("sys.path") and _is_of_a_script(call, where)
        if (name in PATH_CALLS or last(name) in PATH_METHODS) and not runs_script:
            found = f"{dotted(call.func) or last(name)} changes where modules are looked for"
            yield LESSON.finding(where.module.path, call.lineno, found)
    targets = [target for node in module.nodes(ast.Assign) for target in node.targets]
    targets += [node.target for node in module.nodes(ast.AugAssign)]
    for target in targets:
        if dotted(target.value if isinstance(target, ast.Subscript) else target) == "sys.path":
            found = "sys.path is changed, where modules are looked for"
            yield LESSON.finding(module.path, target.lineno, found)
