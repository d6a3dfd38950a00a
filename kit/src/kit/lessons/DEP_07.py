"""DEP-07: CI runs the same commands as a developer, in the same environment.

Why: It worked on every machine but the one that deployed.

Here: Steps of `.github/workflows/` call `make setup`, `make check`, `make build`, `make deploy`.

Fix: Move the command into the `Makefile` (your own into `local.mk`), and call it from the workflow.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import steps
from kit.gate.service import Service
from kit.template import line_of

LESSON = Lesson.read(__doc__)

# The tools that `make` runs, by its targets. How services are built and deployed is for CD-02 and
# CD-09.
TOOLS = {
    "setup": {"pip", "pip3", "pipenv", "poetry", "uv", "virtualenv"},
    "lint": {
        *("black", "cfn-lint", "check-jsonschema", "flake8", "isort", "mypy", "pylint", "pyright"),
        *("ruff", "zizmor"),
    },
    "test": {"coverage", "nox", "py.test", "pytest", "tox", "unittest"},
}
# Actions that bring a tool in a version of their own.
ACTION = re.compile(r".*(ruff|black|flake8|mypy|pyright|cfn-lint|pre-commit|setup-sam).*", re.I)


@LESSON.check
def ci_runs_make(service: Service) -> Iterator[Finding]:
    """No step runs a tool that `make` runs: it would be another version, or other options."""
    for step in steps(service):
        if ACTION.fullmatch(step.uses):
            fix = "Run `make lint` in its place, after `make setup SETUP_ARGS=--own-sam`."
            message = f"a step uses `{step.uses}`, which brings its own version of a tool"
            yield LESSON.finding(step.path, line_of(step.body, "uses"), message, fix=fix)
        for command in step.commands:
            if target := _target(command):
                text = command.text[:60]
                message = f"a step runs `{text}`, where a developer runs `make {target}`"
                fix = f"Run `make {target}` in its place."
                yield LESSON.finding(step.path, command.line, message, fix=fix)


def _target(command: Command) -> str:
    """The target of make that runs the tool of a command; empty if none does."""
    tool = command.program
    if tool == "sam" and "validate" in command.arguments:
        return "lint"
    return next((target for target, tools in TOOLS.items() if tool in tools), "")
