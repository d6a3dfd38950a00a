"""CD-01: A stack is called `<service>-<env>`, never `sam-app`.

Why: There were six stacks called `sam-app-…`, and nobody knew whose.

Here: `stack_name` of both environments in `samconfig.toml`.

Fix: Set `stack_name = "<service>-<env>"` in `samconfig.toml`, and give commands `--config-env`
instead of a name.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import all_commands
from kit.gate.samconfig import SAMCONFIG, line_of_setting, sam_commands, setting_in, settings_in
from kit.gate.service import (
    ENVIRONMENTS,
    Service,
)

LESSON = Lesson.read(__doc__)


@LESSON.check
def stacks_are_named_in_samconfig(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        if setting_in(service, environment, "deploy", "stack_name")[0] is None:
            line = line_of_setting(service, f"{environment}.global.parameters", "stack_name")
            yield LESSON.finding(SAMCONFIG, line, f"{environment} has no stack_name")
    names = {f"{service.name}-{environment}" for environment in ENVIRONMENTS}
    for environment, command, name, value in settings_in(service):
        wanted = {f"{service.name}-{environment}"} if environment != "default" else names
        if name == "stack_name" and value not in wanted:
            line = line_of_setting(service, f"{environment}.{command}.parameters", name)
            found = f"{environment}'s stack is called {value}, not {' or '.join(sorted(wanted))}"
            yield LESSON.finding(SAMCONFIG, line, found)


@LESSON.check
def stacks_are_named_in_commands(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        deploys = sam_commands(command) in ("deploy", "sync")
        if command.program == "aws" and command.arguments[:1] == ("cloudformation",):
            deploys = command.arguments[1:2] in (("deploy",), ("create-stack",), ("update-stack",))
        name = command.option("--stack-name") if deploys else None
        if name and "$" not in name and not name.startswith(f"{service.name}-"):
            yield LESSON.finding(path, command.line, f"deploys a stack called {name}")
