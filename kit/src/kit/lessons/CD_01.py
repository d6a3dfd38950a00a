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
from kit.gate.samconfig import SAMCONFIG, sam_command, setting_in, settings_in
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS

LESSON = Lesson.read(__doc__)


@LESSON.check
def stacks_are_named_in_samconfig(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        name, line = setting_in(service, environment, "global", "stack_name")
        if name is None:
            name, line = setting_in(service, environment, "deploy", "stack_name")
        if name is None:
            yield LESSON.finding(SAMCONFIG, line, f"{environment} has no `stack_name`")
    names = [f"{service.name}-{environment}" for environment in ENVIRONMENTS]
    for environment, setting, value, line in settings_in(service):
        wanted = [name for name in names if name.endswith(f"-{environment}")] or names
        if setting == "stack_name" and value not in wanted:
            message = f"the stack of {environment} is called {value}, not {' or '.join(wanted)}"
            yield LESSON.finding(SAMCONFIG, line, message)


@LESSON.check
def stacks_are_named_in_commands(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        name = command.option("--stack-name") or ""
        deploys = sam_command(command) in ("deploy", "sync")
        if deploys and name and "$" not in name and not name.startswith(f"{service.name}-"):
            yield LESSON.finding(path, command.line, f"deploys a stack called {name}")
