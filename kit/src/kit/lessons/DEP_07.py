"""DEP-07: CI runs the same commands as a developer, in the same environment.

Why: It worked on every machine but the one that deployed.

Here: Steps of `.github/workflows/` call `make setup`, `make check`, `make build`, `make deploy`.

Fix: Move the command into the `Makefile` (your own into `local.mk`) and call it from the workflow.

Defended by: gate.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.runs import steps
from kit.gate.service import Service
from kit.template import line_of

if TYPE_CHECKING:
    pass
from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)


# What `make` calls, with its target.
WRAPPED = {
    **dict.fromkeys(("pip", "pip3", "pipenv", "poetry", "uv", "virtualenv"), "setup"),
    **dict.fromkeys(("black", "cfn-lint", "check-jsonschema", "flake8", "isort"), "lint"),
    **dict.fromkeys(("mypy", "pylint", "pyright", "ruff", "zizmor"), "lint"),
    **dict.fromkeys(("coverage", "nox", "py.test", "pytest", "tox", "unittest"), "test"),
    "sam": "lint",
}


# Commands of sam that check; how services are built and deployed is for CD-02 and CD-09.
OF_SAM = {"validate"}


# Actions that bring a tool in a version of their own.
TOOL_ACTIONS = {
    "astral-sh/ruff-action": "lint",
    "aws-actions/setup-sam": "setup SETUP_ARGS=--own-sam",
    "chartboost/ruff-action": "lint",
    "jakebailey/pyright-action": "lint",
    "pre-commit/action": "lint",
    "psf/black": "lint",
    "py-actions/flake8": "lint",
    "scottbrenner/cfn-lint-action": "lint",
    "tsuyoshicho/action-mypy": "lint",
}


@LESSON.check
def ci_runs_make(service: Service) -> Iterator[Finding]:
    """No step calls a tool that `make` calls: it would be another version, or other options."""
    for step in steps(service):
        if target := TOOL_ACTIONS.get(step.uses.lower()):
            line = line_of(step.body, "uses")
            found = f"a step uses `{step.uses}`, where a developer runs `make {target}`"
            yield LESSON.finding(step.path, line, found)
        for command in step.commands:
            if tool := _tool(command):
                text = command.text[:60]
                found = f"a step runs `{text}`, where a developer runs `make {WRAPPED[tool]}`"
                yield LESSON.finding(step.path, command.line, found)


def _tool(command: Command) -> str:
    """The tool that a command runs, if `make` has it: pytest, of .venv/bin/python -m pytest."""
    name = command.program
    if name == "sam" and not OF_SAM & {*command.arguments}:
        return ""
    return name if name in WRAPPED else ""
