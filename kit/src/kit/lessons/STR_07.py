"""STR-07: A function imports no code of another function.

Why: Everything below `src` is there on a laptop. In Lambda a function has its own folder only, so
the import failed there and nowhere else.

Here: Code that several functions need is in the `utils/` of each, or in a package of its own among
their requirements.

Fix: Copy the few lines that are needed, put what is more into a package and its name into both
`requirements.in`, or publish an event that the other function takes.

Defended by: gate.
"""

from collections.abc import Iterator

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
