"""TST-03: `tests/unit/README.md` explains the path, and how to run what CI runs.

Why: Weeks went into what two paragraphs say.

Here: `tests/unit/README.md`.

Fix: Bring the sections on the path and on CI back.

Defended by: gate.

See: tests/unit/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Section
from kit.gate.pytest_config import TESTS_README
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def tests_are_explained(service: Service) -> Iterator[Finding]:
    """tests/unit/README.md says by which path tests import, and how to run what CI runs."""
    if TESTS_README not in service.files:
        yield LESSON.finding(TESTS_README, 0, "is not there")
        return
    sections = service.document(TESTS_README)
    spoken = [*_code(sections), *(fence.content for each in sections for fence in each.fences)]
    functions = {folder.rpartition("/")[2] for folder in service.function_folders}
    named = {
        (found[1], service.line_with(TESTS_README, found[0]))
        for text in spoken
        for found in re.finditer(rf"\b{re.escape(service.package)}\.(\w+)\.lambda_pkg", text)
    }
    if not named:
        yield LESSON.finding(TESTS_README, 1, "shows no import of a function's lambda_pkg")
    words = {word.strip("/") for text in spoken for word in re.split(r"[^\w./-]+", text)}
    if not {"pythonpath", "src"} <= words:
        yield LESSON.finding(TESTS_README, 1, "does not say what puts src on the path (pythonpath)")
    for name, line in sorted(named):
        if name not in functions:
            found = f"shows an import of the function {name}, which is not there"
            yield LESSON.finding(TESTS_README, line, found, fix="Name a function that there is.")
    if not any(re.search(r"\bmake check\b", text) for text in spoken):
        yield LESSON.finding(TESTS_README, 1, "does not say how to run what CI runs (make check)")


def _code(sections: tuple[Section, ...]) -> list[str]:
    """What stands in backticks; in tables as well."""
    return [text for each in sections for text in each.code]
