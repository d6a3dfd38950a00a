"""Cases of DEP-07."""

from cases import fix, good, violation
from edits import Edit
from edits.dependencies import own_action, own_workflow, run_step
from kit.gate.findings import Finding


@violation("CI runs the linter by itself")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", ".venv/bin/ruff check src"))


@violation("CI installs the tools in its own way")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("# quicker", "python -m pip install -r requirements-dev.txt"))


@violation("CI validates with whatever SAM CLI is there")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", 'if test -n "$X"; then sam validate --lint; fi'))


@violation("CI uses an action that brings its own linter")
def _(edit: Edit) -> None:
    action = f"astral-sh/ruff-action@{'0123456789' * 4} # v3.0.0"
    own_workflow(edit, f"      - uses: {action}\n")


@violation("CI runs the tests with Poetry, for at most ten minutes")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", "timeout -k 10 600 poetry run pytest tests/unit"))


@violation("an own action runs type checks through uv")
def _(edit: Edit) -> None:
    step = "    - shell: bash\n      run: uv run --frozen mypy src\n"
    own_action(edit, ".github/actions/types", step)


@fix("Run `make")
def _(edit: Edit, finding: Finding) -> None:
    target = str(finding.fix).split("`")[1]
    edit.in_line(finding, r"(?<=run: ).*|(?<= {10})\S.*", target)


@fix("Run `make lint`", "CI uses an action that brings its own linter")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"uses: .*", "run: make setup lint SETUP_ARGS=--own-sam")


@good("CI runs commands of the Makefile, and scripts that speak of tools")
def _(edit: Edit) -> None:
    own_workflow(
        edit,
        run_step(
            "# pytest and ruff: see the Makefile",
            "make setup check # and not pytest",
            'echo "run pytest or pip install yourself; then mypy"',
            "cat <<EOF >> report.md",
            "it's the tests' report:",
            "pytest is well",
            "EOF",
            "uvx copier --version && git status | cat",
            ".venv/bin/python .kit facts",
        ),
    )
