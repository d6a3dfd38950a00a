"""Cases of DOC-03."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding

CHANGELOG = "CHANGELOG.md"


@violation("the changelog is deleted")
def _(edit: Edit) -> None:
    edit.delete(CHANGELOG)


@violation("a version takes the place of Unreleased")
def _(edit: Edit) -> None:
    edit.replace(CHANGELOG, "## Unreleased", "## 1.0.0")


@violation("a version is released without a word")
def _(edit: Edit) -> None:
    edit.replace(CHANGELOG, "## Unreleased", "## Unreleased\n\n## 1.1.0 - 2027-01-31\n\n## 1.0.0")


@good("two versions have entries, and nothing is to come yet")
def _(edit: Edit) -> None:
    new = "## How to read this\n\nFrom the top.\n\n## [Unreleased]\n\n## [1.1.0] - 2027-01-31\n\n### Added\n\n- Refunds.\n\n"
    fixed = "### Fixed\n\n- Rounding.\n\n## [1.0.0] - 2027-01-01"
    edit.replace(CHANGELOG, "## Unreleased", f"{new}{fixed}")


@fix("Write it, with a section `## Unreleased`")
def _(edit: Edit, finding: Finding) -> None:
    edit.write(CHANGELOG, "# Changelog\n\n## Unreleased\n")


@fix("Write `## Unreleased` above")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(CHANGELOG, "## 1.0.0", "## Unreleased\n\n## 1.0.0")


@fix("Write what a caller or an operator notices")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "$", "\n- Refunds.\n")
