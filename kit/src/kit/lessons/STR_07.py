"""STR-07: A function imports no code of another function.

Why: Everything below `src` is there on a laptop; in Lambda a function has its own folder only, so
the import failed there and nowhere else.

Here: What several functions need is in the `utils/` of each, or in a package of its own among their
requirements.

Fix: Copy the few lines that are needed, put what is more into a package and its name into both
`requirements.in`, or publish an event that the other function takes.

Defended by: gate.
"""

from collections.abc import Iterator
from dataclasses import replace

from kit.gate.findings import Finding
from kit.gate.imports import function_of, imported_name, is_absolute
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def functions_alone(service: Service) -> Iterator[Finding]:
    """No function imports what is in the folder of another."""
    for folder, module, imported, name in imported_name(service):
        other = function_of(service, name)
        if other not in ("", folder):
            # `from orders import app` names the function only behind `import`.
            bare = replace(imported, name=imported.module)
            above = is_absolute(module, bare) if imported.level else imported.module
            short = function_of(service, above) == other
            written = imported.written if short else "." * imported.level + imported.name
            found = f"imports `{written}`, which is code of `{other}`"
            yield LESSON.finding(module.path, imported.line, found)
