"""STR-05: Inside `lambda_pkg` a module imports its neighbours relatively: `from ..settings import
Settings`.

Why: Tests know a module by one name and Lambda by another, so an absolute import is right in only
one of them. A script that is run directly ends with "attempted relative import with no known parent
package".

Here: Every import in the `lambda_pkg` of a function that is not of a library.

Fix: Write the import relatively: `from .x import y` for the same folder, `from ..x import y` for
the one above.

Defended by: gate.

See: docs/decisions/0002-lambda-pkg.md, tests/unit/README.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.imports import function_of, is_own, own_imports
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def relative_imports(service: Service) -> Iterator[Finding]:
    """Nothing in a lambda_pkg is imported by a name that only tests know, or only Lambda."""
    for folder, imported in own_imports(service):
        package = folder.removeprefix("src/").replace("/", ".") + ".lambda_pkg."
        if function_of(service, imported.absolute) not in ("", folder):
            continue  # STR-07
        if imported.level and not f"{imported.absolute}.".startswith(package):
            message = f"imports {imported.written}, which is above its lambda_pkg"
            yield LESSON.finding(imported.path, imported.line, message)
        elif not imported.level and is_own(service, folder, imported):
            message = f"imports {imported.written} absolutely"
            yield LESSON.finding(imported.path, imported.line, message)
