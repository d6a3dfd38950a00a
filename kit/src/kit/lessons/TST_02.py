"""TST-02: Tests import code by the path of the deployed package, and the built artifact is imported
and called as Lambda does.

Why: "Passed locally, import error in Lambda".

Here: `tests/unit/<function>/` imports `<package>.<function>.lambda_pkg`.

Fix: Delete this, and import `<package>.<function>.lambda_pkg.…`, which `pythonpath` in
`pyproject.toml` lets every test find.

Defended by: gate.

See: tests/unit/README.md.
"""

import ast
import os
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.imports import imports_of
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.python_names import constant, last
from kit.gate.service import Service
from kit.gate.tested import INTEGRATION, PYPROJECT, UNIT
from kit.template import at

LESSON = Lesson.read(__doc__)

# Functions that change where Python looks for modules, or read a module by its file.
PATH_FUNCTIONS = {"addsitedir", "load_source", "spec_from_file_location", "SourceFileLoader"}


@LESSON.check
def tests_import_the_deployed_package(service: Service) -> Iterator[Finding]:
    """Tests import and patch <package>.<function>.lambda_pkg."""
    for module in (*service.modules(UNIT), *service.modules(INTEGRATION)):
        for name, line in _names(module):
            if re.match(rf"lambda_pkg\.\w|src\.{re.escape(service.package)}\b", f"{name}."):
                message = f"names {name}, which is not the name of the deployed package"
                fix = f"Write `{service.package}.<function>.lambda_pkg` in its place."
                yield LESSON.finding(module.path, line, message, fix=fix)


def _names(module: Module) -> Iterator[tuple[str, int]]:
    """What a module imports, and texts that calls start with: patch("orders.app...")."""
    yield from ((i.absolute, i.line) for i in imports_of(module) if not i.level)
    for call in module.nodes(ast.Call):
        text = constant(call.args[0]) if call.args else None
        if isinstance(text, str):
            yield text, call.lineno


@LESSON.check
def tests_leave_the_path_alone(service: Service) -> Iterator[Finding]:
    """Tests have src on their path. CI-03 checks that nothing outside the tests changes it."""
    for module in (*service.modules(UNIT), *service.modules(INTEGRATION)):
        nodes = [*module.nodes(ast.Attribute), *module.nodes(ast.Name)]
        for node in nodes:
            name = dotted(node)
            if name == "sys.path" or last(name) in PATH_FUNCTIONS:
                message = f"`{name}` changes where modules are looked for"
                yield LESSON.finding(module.path, node.lineno, message)
    paths = at(service.pyproject, "tool", "pytest", "ini_options", "pythonpath")
    for path in paths.split() if isinstance(paths, str) else paths or []:
        if os.path.normpath(str(path)).startswith("src/"):
            message = f"pythonpath has {path}: tests import by names that Lambda does not know"
            line = service.line_with(PYPROJECT, "pythonpath")
            yield LESSON.finding(PYPROJECT, line, message, fix='Set `pythonpath = ["src"]`.')
