"""STR-04: `lambda_pkg` and every folder with Python below it has an `__init__.py`.

Why: Without one a folder is a namespace package, which pytest and Lambda look up in different ways:
the same import worked in one and failed in the other.

Here: `lambda_pkg`, `services` and `utils` of every function have one; the folders above
`lambda_pkg` have none.

Fix: Add an empty `__init__.py` to the folder.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.folders import python_folders, stray, with_folders
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def packages(service: Service) -> Iterator[Finding]:
    """Every folder with Python in a lambda_pkg is a package."""
    for function in python_folders(service):
        modules = service.files_in(f"{function}/lambda_pkg", ".py")
        for folder in with_folders([path for path in modules if not stray(service, path)]):
            is_package = f"{folder}/__init__.py" in service.files or folder.endswith(".py")
            if folder.startswith(f"{function}/") and not is_package:
                yield LESSON.finding(folder, 0, "has Python and no `__init__.py`")
