"""STR-05: Inside `lambda_pkg` a module imports its neighbours relatively: `from ..settings import
Settings`.

Why: Tests know a module by one name and Lambda by another, so an absolute import is right in only
one of them, and a script that is run directly ends with "attempted relative import with no known
parent package".

Here: Every import in `lambda_pkg` of each function that is not of a library.

Fix: Write the import relatively: `from .x import y` for the same folder, `from ..x import y` for
the one above.

Defended by: gate.

See: docs/decisions/0002-lambda-pkg.md, tests/unit/README.md.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import PurePosixPath

from kit.gate.findings import Finding
from kit.gate.imports import LAYOUT, function_of, imported_name
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def relative_imports(service: Service) -> Iterator[Finding]:
    """Nothing in a lambda_pkg is imported by a name that only one of tests and Lambda knows."""
    for folder, module, imported, name in imported_name(service):
        if function_of(service, name) not in ("", folder):
            continue  # STR-07
        path, line = module.path, imported.line
        top = f"{service.package}.{PurePosixPath(folder).name}.lambda_pkg"
        if imported.level and not f"{name}.".startswith(f"{top}."):
            found = f"imports {imported.written}, which is above its lambda_pkg"
            yield LESSON.finding(path, line, found)
        elif not imported.level and _is_own(service, folder, path, name):
            yield LESSON.finding(path, line, f"imports {imported.written} absolutely")


def _is_own(service: Service, folder: str, path: str, name: str) -> bool:
    """Whether an absolute name is of the function's own code, and of no library in .venv."""
    top = name.split(".")[0]
    if top in LAYOUT or function_of(service, name) == folder:
        return top not in LAYOUT or top == "lambda_pkg" or _is_neighbour(service, folder, path, top)
    if top in ("src", service.package):
        return True
    return _is_neighbour(service, folder, path, top) and not _is_installed(top)


def _is_neighbour(service: Service, folder: str, path: str, name: str) -> bool:
    """Whether a module or folder of that name is in the lambda_pkg, or beside the module."""
    places = {f"{folder}/lambda_pkg", path.rpartition("/")[0]}
    return any(service.has(f"{p}/{name}") or service.has(f"{p}/{name}.py") for p in places)


def _is_installed(name: str) -> bool:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return bool(spec and spec.origin and "site-packages" in spec.origin)
