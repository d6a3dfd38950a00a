"""DOC-03: A changelog says what came with each version, and what comes next.

Why: Nobody dared to update.

Here: `CHANGELOG.md`.

Fix: Write what changes into `CHANGELOG.md`, under Unreleased.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.documents import chapter
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

CHANGELOG = "CHANGELOG.md"


@LESSON.check
def changes_are_written_down(service: Service) -> Iterator[Finding]:
    """CHANGELOG.md begins with what comes, and says what came with each version."""
    if CHANGELOG not in service.files:
        fix = "Write it, with a section `## Unreleased`."
        yield LESSON.finding(CHANGELOG, 0, "is missing", fix=fix)
        return
    sections = service.document(CHANGELOG)
    coming = [s for s in sections if s.title.strip("[] ").lower().startswith("unreleased")]
    versions = [s for s in sections if s.level <= 2 and re.search(r"\d", s.title)]
    if not coming:
        message = "has no section Unreleased for what comes next"
        fix = "Write `## Unreleased` above the newest version."
        yield LESSON.finding(CHANGELOG, 1, message, fix=fix)
    elif versions and versions[0].line < coming[0].line:
        fix = "Move the section Unreleased to the top."
        message = f"has Unreleased below {versions[0].title}: the newest comes first"
        yield LESSON.finding(CHANGELOG, coming[0].line, message, fix=fix)
    for version in versions:
        is_empty = all(section.is_empty for section in chapter(sections, version))
        if is_empty and "yanked" not in version.title.lower():
            fix = "Write what a caller or an operator notices, or delete the version."
            message = f"does not say what {version.title} brought"
            yield LESSON.finding(CHANGELOG, version.line, message, fix=fix)
