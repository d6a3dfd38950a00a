"""DOC-03: There is a changelog, which says what came with each version and what comes next.

Why: Nobody dared to update.

Here: `CHANGELOG.md`.

Fix: Write what changes into `CHANGELOG.md`, under Unreleased.

Defended by: gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Section
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


CHANGELOG = "CHANGELOG.md"


@LESSON.check
def changes_are_written_down(service: Service) -> Iterator[Finding]:
    """CHANGELOG.md has a place for what comes, and tells what came with each version."""
    if CHANGELOG not in service.files:
        yield LESSON.finding(CHANGELOG, 0, "is not there")
        return
    sections = service.document(CHANGELOG)
    coming = [each for each in sections if _title(each).startswith("unreleased")]
    versions = [each for each in sections if each.level <= 2 and re.search(r"\d", each.title)]
    if not coming:
        yield LESSON.finding(CHANGELOG, 1, "has no section Unreleased for what comes next")
    elif versions and versions[0].line < coming[0].line:
        found = f"has Unreleased below {versions[0].title}: the newest comes first"
        fix = "Move the section Unreleased to the top."
        yield LESSON.finding(CHANGELOG, coming[0].line, found, fix=fix)
    titles = [_title(each) for each in (*coming, *versions)]
    for place, section in enumerate([*coming, *versions]):
        if titles[place] in titles[:place]:
            found = f"has {section.title} twice"
            fix = "Merge the two sections."
            yield LESSON.finding(CHANGELOG, section.line, found, fix=fix)
    for section in versions:
        if not _says(service, section) and "yanked" not in _title(section):
            found = f"does not say what {section.title} brought"
            fix = "Write what a caller or an operator would notice, or take the version out."
            yield LESSON.finding(CHANGELOG, section.line, found, fix=fix)


def _title(section: Section) -> str:
    return section.title.strip("[] ").lower()


def _says(service: Service, section: Section) -> bool:
    """Whether something is told in a section, or in those below it: Added, Fixed."""
    after = [each for each in service.document(CHANGELOG) if each.line >= section.line]
    for each in after[1:]:
        if each.level <= section.level:
            break
        if not each.is_empty:
            return True
    return not section.is_empty
