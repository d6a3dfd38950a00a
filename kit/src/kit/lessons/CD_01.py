"""CD-01: A stack is called `<service>-<env>`, never `sam-app`.

Why: There were six stacks called `sam-app-…`, and nobody knew whose.

Here: `stack_name` of both environments in `samconfig.toml`.

Fix: Set `stack_name = "<service>-<env>"` in `samconfig.toml`, and give commands `--config-env`
instead of a name.

Defended by: gate, preflight.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import all_commands
from kit.gate.samconfig import SAMCONFIG, line_of_setting, sam_command, setting_in, settings_in
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS

LESSON = Lesson.read(__doc__)


@LESSON.check
def stacks_are_named_in_samconfig(service: Service) -> Iterator[Finding]:
    names = {environment: f"{service.name}-{environment}" for environment in ENVIRONMENTS}
    for environment, name in names.items():
        if setting_in(service, environment, "deploy", "stack_name")[0] is None:
            line = line_of_setting(service, environment, "global", "stack_name")
            fix = f'Write `stack_name = "{name}"` under `[{environment}.global.parameters]`.'
            yield LESSON.finding(SAMCONFIG, line, f"{environment} has no `stack_name`", fix=fix)
    for environment, setting, value, line in settings_in(service):
        wanted = [names[environment]] if environment in names else [*names.values()]
        if setting == "stack_name" and value not in wanted:
            message = f"the stack of {environment} is called {value}, not {' or '.join(wanted)}"
            fix = f'Write `stack_name = "{wanted[0]}"` here.'
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)


@LESSON.check
def stacks_are_named_in_commands(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        name = command.option("--stack-name") or ""
        deploys = sam_command(command) in ("deploy", "sync")
        if deploys and name and "$" not in name and not name.startswith(f"{service.name}-"):
            fix = f"Delete `--stack-name {name}`: `--config-env` chooses the stack."
            yield LESSON.finding(path, command.line, f"deploys a stack called {name}", fix=fix)
