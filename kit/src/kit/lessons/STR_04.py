"""STR-04: `lambda_pkg` and every folder with Python below it has an `__init__.py`.

Why: Without one a folder is a namespace package, which pytest and Lambda look up in different ways:
the same import worked in one and failed in the other.

Here: `lambda_pkg`, `services` and `utils` of every function have one; what is above `lambda_pkg`
has none.

Fix: Add an empty `__init__.py` to the folder.

Defended by: gate.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from kit.gate.findings import Finding
from kit.gate.folders import is_stray, python_folders
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def packages(service: Service) -> Iterator[Finding]:
    """Every folder with Python in a lambda_pkg is a package."""
    for folder in python_folders(service):
        needed = {
            str(parent)
            for path in service.files_in(f"{folder}/lambda_pkg", ".py")
            if not is_stray(service, path)
            for parent in PurePosixPath(path).parents
            if parent.is_relative_to(f"{folder}/lambda_pkg")
        }
        for package in sorted(needed):
            if f"{package}/__init__.py" not in service.files:
                yield LESSON.finding(package, 0, "has Python and no __init__.py")
