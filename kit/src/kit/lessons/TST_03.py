"""TST-03: `tests/unit/README.md` explains the path, and how to run what CI runs.

Why: Weeks were lost to what two paragraphs explain.

Here: `tests/unit/README.md`.

Fix: Write into `tests/unit/README.md` how tests import a function
(`orders.app.lambda_pkg.index`), that `pythonpath` puts `src` on the path, and that CI runs
`make check`, each in backticks.

Defended by: gate.

See: tests/unit/README.md.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.tested import TESTS_README

LESSON = Lesson.read(__doc__)


@LESSON.check
def tests_are_explained(service: Service) -> Iterator[Finding]:
    """tests/unit/README.md has the path by which tests import, and what CI runs, as code."""
    if TESTS_README not in service.files:
        yield LESSON.finding(TESTS_README, 0, "is missing")
        return
    sections = service.document(TESTS_README)
    code = [text for s in sections for text in (*s.code, *(f.content for f in s.fences))]
    imports = re.findall(rf"\b({re.escape(service.package)}\.(\w+)\.lambda_pkg)", "\n".join(code))
    if not imports:
        yield LESSON.finding(TESTS_README, 1, "shows no import of a function's `lambda_pkg`")
    for path, name in dict.fromkeys(imports):
        if f"src/{service.package}/{name}" not in service.function_folders:
            line = service.line_with(TESTS_README, path)
            message = f"shows an import of the function {name}, which does not exist"
            yield LESSON.finding(TESTS_README, line, message, fix="Name an existing function.")
    words = {word.strip("/") for text in code for word in re.split(r"[^\w./-]+", text)}
    if not {"pythonpath", "src"} <= words:
        message = "does not say what puts `src` on the path: `pythonpath`"
        yield LESSON.finding(TESTS_README, 1, message)
    if not any(re.search(r"\bmake check\b", text) for text in code):
        yield LESSON.finding(TESTS_README, 1, "does not say how to run what CI runs: `make check`")
