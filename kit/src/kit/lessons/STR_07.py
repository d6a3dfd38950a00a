"""STR-07: A function has no code of another function, neither by an import nor by a symbolic link.

Why: Everything below `src` is there on a laptop. In Lambda a function has its own folder only, so
the import failed there and nowhere else.

Here: Code that several functions need is in the `utils/` of each, or in a package of its own among
their requirements.

Fix: Copy the few lines that are needed, move more than a few lines into a package, listed in both
`requirements.in`, or publish an event that the other function takes.

Defended by: gate.
"""

from collections.abc import Iterator
from pathlib import Path

from kit.gate.findings import Finding
from kit.gate.imports import function_of, own_imports
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def functions_alone(service: Service) -> Iterator[Finding]:
    """No function imports from the folder of another."""
    for folder, imported in own_imports(service):
        other = function_of(service, imported.absolute)
        if other not in ("", folder):
            message = f"imports `{imported.absolute}`, which is code of `{other}`"
            yield LESSON.finding(imported.path, imported.line, message)


@LESSON.check
def links_stay_inside(service: Service) -> Iterator[Finding]:
    """No symbolic link leads out of a function's folder: other machines lack what is outside."""
    package = service.root.resolve() / "src" / service.package
    for path in filter(Path.is_symlink, package.rglob("*")):
        folder = package / path.relative_to(package).parts[0]
        if path == folder or not path.resolve().is_relative_to(folder):
            message = f"is a symbolic link to `{path.readlink()}`, outside of the function's folder"
            fix = "Replace the link by a copy of what is needed, or put that into a package."
            yield LESSON.finding(str(path.relative_to(service.root.resolve())), 0, message, fix=fix)
