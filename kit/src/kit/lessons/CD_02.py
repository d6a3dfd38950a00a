"""CD-02: Functions are built in the Lambda container.

Why: Wheels that were compiled for the laptop did not load in Lambda.

Here: `use_container = true` of both environments in `samconfig.toml`, and `make build
CONTAINER=yes` in the workflows.

Fix: Set `use_container = true` under `[<env>.build.parameters]`, and build by `make build
CONTAINER=yes` or `sam build --config-env <env>`.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import commands_of, made
from kit.gate.samconfig import SAMCONFIG, sam_commands, setting_in, uses_samconfig
from kit.gate.service import (
    ENVIRONMENTS,
    Service,
)
from kit.template import at

LESSON = Lesson.read(__doc__)


@LESSON.check
def samconfig_builds_in_the_container(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        found, line = setting_in(service, environment, "build", "use_container")
        if found is not True:
            unset = "does not set `use_container`"
            said = unset if found is None else f"sets `use_container = {str(found).lower()}`"
            yield LESSON.finding(SAMCONFIG, line, f"{environment} {said}")


OUTSIDE = "builds outside the Lambda container"


def _leaves_the_container(command: Command) -> str:
    """How a command builds without the container, or may."""
    words = set(command.words)
    if command.program == "make" and "CONTAINER=no" in words:
        return OUTSIDE
    if sam_commands(command) != "build":
        return ""
    if "--no-use-container" in words:
        return OUTSIDE
    if not uses_samconfig(command) and not {"--use-container", "-u"} & words:
        return "has neither `--config-env` nor `--use-container`"
    return ""


def _may_leave_the_container(command: Command, variable: Any) -> str:
    """How a call of make builds without the container, or may: with CONTAINER as a variable."""
    targets = {"build", "deploy"} & set(command.arguments)
    said = any(word.startswith("CONTAINER=") for word in command.words)
    value = command.variables.get("CONTAINER", variable)
    if command.program != "make" or not targets or said:
        return ""
    if value in ("no", False):
        return f"{OUTSIDE}, as `CONTAINER` is no"
    if "build" in targets and value != "yes":
        return f"has no `CONTAINER=yes`: without Docker on the runner it {OUTSIDE}"
    return ""


@LESSON.check
def workflows_build_in_the_container(service: Service) -> Iterator[Finding]:
    for job in service.jobs:
        for step in job.steps:
            bodies = (step, job.body, service.workflows[job.path])
            variable = next((v for body in bodies if (v := at(body, "env", "CONTAINER"))), None)
            for command in commands_of(step, job.line):
                how = _leaves_the_container(command) or _may_leave_the_container(command, variable)
                if how:
                    yield LESSON.finding(job.path, command.line, f"`{command.text}` {how}")


@LESSON.check
def make_builds_in_the_container(service: Service) -> Iterator[Finding]:
    """`make build` has a way through the container; its other way is for laptops without Docker."""
    rule = made(service).rules.get("build")
    builds = [each for each in rule.commands if sam_commands(each) == "build"] if rule else []
    if rule and builds and all(map(_leaves_the_container, builds)):
        found = f"`make build` {_leaves_the_container(builds[0])}"
        yield LESSON.finding(rule.path, builds[0].line, found)
