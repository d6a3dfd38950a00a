"""CD-09: Deployments ask nothing, and having nothing to change is no failure.

Why: A pipeline waited for a yes until it was cancelled; another failed as nothing had changed.

Here: `confirm_changeset = false` and `fail_on_empty_changeset = false` in `samconfig.toml`.

Fix: Set both to `false` under `[<env>.deploy.parameters]`, and call `sam deploy` with
`--config-env`, if at all.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import all_commands
from kit.gate.samconfig import SAMCONFIG, sam_command, setting_in, settings_in, uses_samconfig
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS

LESSON = Lesson.read(__doc__)

# Options of `sam deploy`.
PROBLEMS = {
    "--guided": "asks for everything",
    "-g": "asks for everything",
    "--confirm-changeset": "asks before it changes anything",
    "--fail-on-empty-changeset": "fails when there is nothing to change",
}


@LESSON.check
def samconfig_asks_nothing(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        value, line = setting_in(service, environment, "deploy", "fail_on_empty_changeset")
        if value is not False:
            message = f"{environment} has no `fail_on_empty_changeset = false`"
            yield LESSON.finding(SAMCONFIG, line, message)
    for environment, name, value, line in settings_in(service):
        if name == "confirm_changeset" and value is not False:
            message = f"`confirm_changeset` of {environment} is {str(value).lower()}"
            yield LESSON.finding(SAMCONFIG, line, message)


@LESSON.check
def commands_ask_nothing(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if sam_command(command) == "deploy" and (problem := _problem(command)):
            yield LESSON.finding(path, command.line, f"`{command.text}` {problem}")


def _problem(command: Command) -> str:
    """How `sam deploy` waits for an answer, or fails where nothing changes; empty otherwise."""
    if uses_samconfig(command) or "--no-fail-on-empty-changeset" in command.words:
        return next((PROBLEMS[word] for word in command.words if word in PROBLEMS), "")
    return "has neither `--config-env` nor `--no-fail-on-empty-changeset`"
