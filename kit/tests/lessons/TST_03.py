"""Cases of TST-03."""

from cases import good, violation
from edits import Edit
from edits.documents import module

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


@good("the README has the same in other words, and more")
def _(edit: Edit) -> None:
    edit.write(
        README,
        "# How we test\n\nTests import\n\n```python\n"
        f"from {module(edit.function())}.services import things\n```\n\n"
        "because `pythonpath` in `pyproject.toml` is `src`.\n\n## As in CI\n\n`make check` is all of it.\n\n"
        "## Data\n\nFactories are in `conftest.py`.\n",
    )
