"""CD-09: Deployments ask nothing, and having nothing to change is no failure.

Why: A pipeline waited for a yes until it was cancelled; another failed as nothing had changed.

Here: `confirm_changeset = false` and `fail_on_empty_changeset = false` in `samconfig.toml`.

Fix: Set both to `false` under `[<env>.deploy.parameters]`, and call `sam deploy` with
`--config-env`, if at all.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import all_commands
from kit.gate.samconfig import (
    SAMCONFIG,
    line_of_setting,
    sam_commands,
    setting_in,
    settings_in,
    uses_samconfig,
)
from kit.gate.service import (
    ENVIRONMENTS,
    Service,
)

LESSON = Lesson.read(__doc__)


@LESSON.check
def samconfig_asks_nothing(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        found, line = setting_in(service, environment, "deploy", "fail_on_empty_changeset")
        if found is not False:
            said = "true" if found is None else str(found).lower()
            unset = ", as it is not set" if found is None else ""
            text = f"`fail_on_empty_changeset` of {environment} is {said}{unset}"
            yield LESSON.finding(SAMCONFIG, line, text)
    for environment, command, name, value in settings_in(service):
        if name == "confirm_changeset" and value is not False:
            line = line_of_setting(service, f"{environment}.{command}.parameters", name)
            found = f"`{name}` of {environment} is {str(value).lower()}"
            yield LESSON.finding(SAMCONFIG, line, found)


@LESSON.check
def commands_ask_nothing(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if how := _asks(command):
            yield LESSON.finding(path, command.line, f"`{command.text[:100]}` {how}")


ASKING = {
    "--guided": "asks for everything",
    "-g": "asks for everything",
    "--confirm-changeset": "asks",
    "--fail-on-empty-changeset": "fails when there is nothing to change",
}


def _asks(command: Command) -> str:
    """How a command that deploys waits for an answer, or fails where nothing changes."""
    is_aws = command.program == "aws" and command.arguments[:2] == ("cloudformation", "deploy")
    if sam_commands(command) != "deploy" and not is_aws:
        return ""
    if found := next((word for word in command.words if word in ASKING), None):
        return ASKING[found]
    lacks = "--no-fail-on-empty-changeset" not in command.words
    if lacks and not is_aws and not uses_samconfig(command):
        return "has neither `--config-env` nor `--no-fail-on-empty-changeset`"
    return ""
