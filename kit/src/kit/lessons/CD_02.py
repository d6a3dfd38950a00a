"""CD-02: Functions are built in the Lambda container.

Why: Wheels that were compiled for the laptop did not load in Lambda.

Here: `use_container = true` of both environments in `samconfig.toml`, and `make build
CONTAINER=yes` in the workflows.

Fix: Set `use_container = true` under `[<env>.build.parameters]`, and build by `make build
CONTAINER=yes` or `sam build --config-env <env>`.

Defended by: gate, preflight.
"""

from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import Step, make_rules, steps
from kit.gate.samconfig import SAMCONFIG, sam_command, setting_in, uses_samconfig
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS
from kit.template import at

LESSON = Lesson.read(__doc__)


@LESSON.check
def samconfig_builds_in_the_container(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        value, line = setting_in(service, environment, "build", "use_container")
        if value is not True:
            message = f"{environment} has no `use_container = true`"
            fix = f"Write `use_container = true` under `[{environment}.build.parameters]`."
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)


@LESSON.check
def workflows_build_in_the_container(service: Service) -> Iterator[Finding]:
    for step in steps(service):
        for command in step.commands:
            if _sam_leaves_the_container(command) or _make_may_leave_it(command, step):
                message = f"`{command.text}` does not say that it builds in the Lambda container"
                option = "CONTAINER=yes" if command.program == "make" else "--use-container"
                fix = f"Give it `{option}`, in place of what says otherwise."
                yield LESSON.finding(step.path, command.line, message, fix=fix)


@LESSON.check
def make_builds_in_the_container(service: Service) -> Iterator[Finding]:
    """One way of `make build` uses the container; the other is for laptops without Docker."""
    rule = make_rules(service).get("build")
    builds = [c for c in rule.commands if sam_command(c) == "build"] if rule else []
    if rule and builds and all(map(_sam_leaves_the_container, builds)):
        message = "`make build` never builds in the Lambda container"
        fix = "Give it `--use-container`, in place of what says otherwise."
        yield LESSON.finding(rule.path, builds[0].line, message, fix=fix)


def _sam_leaves_the_container(command: Command) -> bool:
    words = set(command.words)
    uses = uses_samconfig(command) or {"--use-container", "-u"} & words
    return sam_command(command) == "build" and (not uses or "--no-use-container" in words)


def _make_may_leave_it(command: Command, step: Step) -> bool:
    """Whether `make` builds without `CONTAINER=yes`, as a word or a variable."""
    if command.program != "make" or "build" not in command.arguments:
        return False
    bodies = (step.body, step.job.body if step.job else None)
    variables = [command.variables.get("CONTAINER"), *(at(b, "env", "CONTAINER") for b in bodies)]
    return "CONTAINER=yes" not in command.words and "yes" not in variables
