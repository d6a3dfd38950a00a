"""CD-09: Deployments ask nothing, and having nothing to change is no failure.

Why: A pipeline waited for a yes until it was cancelled; another failed as nothing had changed.

Here: `confirm_changeset = false` and `fail_on_empty_changeset = false` in `samconfig.toml`.

Fix: Set both to `false` under `[<env>.deploy.parameters]`, and call `sam deploy` with
`--config-env`, if at all.

Defended by: gate.
"""

from collections.abc import Iterator

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
            section = f"[{environment}.deploy.parameters]"
            fix = f"Write `fail_on_empty_changeset = false` under `{section}`."
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)
    for environment, name, value, line in settings_in(service):
        if name == "confirm_changeset" and value is not False:
            message = f"`confirm_changeset` of {environment} is {str(value).lower()}"
            fix = "Write `confirm_changeset = false` here."
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)


@LESSON.check
def commands_ask_nothing(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if sam_command(command) != "deploy":
            continue
        for option in PROBLEMS.keys() & {*command.words}:
            message = f"`{command.text}` {PROBLEMS[option]}"
            yield LESSON.finding(path, command.line, message, fix=f"Delete `{option}`.")
        if not uses_samconfig(command) and "--no-fail-on-empty-changeset" not in command.words:
            message = f"`{command.text}` fails when there is nothing to change"
            fix = "Give it `--config-env <env>`, whose settings in `samconfig.toml` ask nothing."
            yield LESSON.finding(path, command.line, message, fix=fix)
