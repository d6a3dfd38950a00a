"""Cases of TST-03."""

from cases import fix, good, violation
from edits import Edit
from edits.documents import module
from kit.gate.findings import Finding

README = "tests/unit/README.md"


@violation("the README of the tests is deleted")
def _(edit: Edit) -> None:
    edit.delete(README)


@violation("the section on CI is deleted")
def _(edit: Edit) -> None:
    edit.sub(README, r"^## What CI runs\n(.*\n)+", "")


@violation("the section on the path is deleted")
def _(edit: Edit) -> None:
    edit.sub(README, r"^## The path\n(.*\n)+?(?=^## )", "")


@violation("the README shows a function that is gone")
def _(edit: Edit) -> None:
    name = edit.functions[0].name
    edit.replace_all(README, f".{name}.lambda_pkg", f".{name}_of_old.lambda_pkg")


@fix("Write into `tests/unit/README.md`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(README) if edit.has(README) else "# Unit tests\n"
    path = (
        f"Tests import `{module(edit.function())}.index`: `pythonpath` in `pyproject.toml` puts"
        " `src` on the path.\n"
    )
    edit.write(README, f"{text}\n## The path\n\n{path}\n## What CI runs\n\n`make check`\n")


@fix("Name an existing function")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"_of_old\.", ".")


@good("the README has the same in other words, and more")
def _(edit: Edit) -> None:
    edit.write(
        README,
        "# How we test\n\nTests import\n\n```python\n"
        f"from {module(edit.function())}.services import things\n```\n\n"
        "because `pythonpath` in `pyproject.toml` is `src`.\n\n## As in CI\n\n`make check` is all of it.\n\n"
        "## Data\n\nFactories are in `conftest.py`.\n",
    )
