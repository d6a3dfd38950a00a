"""Cases of DEP-07."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.dependencies import own_workflow, run_step


@violation("CI runs the linter by itself")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", ".venv/bin/ruff check src"))


@violation("CI installs the tools in its own way")
def _(edit: Edit) -> None:
    own_workflow(
        edit,
        run_step("# quicker than make setup", "python -m pip install -r requirements-dev.txt"),
    )


@violation("CI validates with whatever SAM CLI is there")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", 'if test -n "$X"; then sam validate --lint; fi'))


@violation("CI uses an action that brings its own linter")
def _(edit: Edit) -> None:
    commit = "0123456789012345678901234567890123456789"
    own_workflow(edit, f"      - uses: astral-sh/ruff-action@{commit} # v3.0.0\n")


@violation("CI gives the tests ten minutes, and runs them with Poetry")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", "timeout -k 10 600 poetry run pytest tests/unit"))


@violation("an action of one's own runs type checks through uv")
def _(edit: Edit) -> None:
    edit.write(
        ".github/actions/types/action.yml",
        "name: types\ndescription: Check types\nruns:\n  using: composite\n  steps:\n"
        "    - shell: bash\n      run: uv run --frozen mypy src\n",
    )


@good("CI runs commands of the Makefile, and scripts that speak of tools")
def _(edit: Edit) -> None:
    own_workflow(
        edit,
        run_step(
            "# pytest and ruff: see the Makefile",
            "make setup check # and not pytest",
            'echo "run pytest or pip install yourself; then mypy"',
            "cat <<EOF >> report.md",
            "it's what the tests say:",
            "pytest is well",
            "EOF",
            "uvx copier --version && git status | cat",
            ".venv/bin/python .kit facts",
        ),
    )
