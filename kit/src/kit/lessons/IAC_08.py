"""IAC-08: The variable `STAGE` says where code runs, and no other does.

Why: `ENV`, `STAGE` and `ENVIRONMENT` were three answers to one question, and one of them was wrong.

Here: `Globals` of `template.yaml` pass `STAGE`; every `settings.py` reads it.

Fix: Use `settings.stage`, and delete the other variable. What a library wants to read (`DD_ENV`) may
be passed as well.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.environments import environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.variables import packages, passed_stages, says_stage

LESSON = Lesson.read(__doc__)


@LESSON.check
def stage_is_the_only_word(service: Service) -> Iterator[Finding]:
    """Neither code nor template.yaml has another variable for the environment."""
    for package in packages(service):
        for read in package.reads:
            if says_stage(service, read.name):
                message = f"reads `{read.name}`, not `STAGE`"
                fix = "Read `STAGE`, whose values are dev and prod: `settings.stage`."
                yield LESSON.finding(read.path, read.line, message, fix=fix)
    stages = passed_stages(service)
    for function in service.functions:
        for name in sorted(function.variables.keys() & stages):
            line = function.line_of("Environment", "Variables", name)
            message = f"passes `{name}` to say where the code runs, beside `STAGE`"
            fix = f"Delete `{name}` here and in the README, and let the code read `STAGE`."
            yield LESSON.finding_in(function, line, message, fix)


@LESSON.check
def stage_is_the_environment(service: Service) -> Iterator[Finding]:
    """STAGE is dev in dev, and prod in prod."""
    lines = set()  # in Globals it is wrong once
    for environment, template in environments(service).items():
        for function in service.functions:
            stage = resolved(template, function.variables.get("STAGE", environment))
            line = function.line_of("Environment", "Variables", "STAGE")
            if stage != environment and line not in lines:
                lines.add(line)
                message = f"`STAGE` is {stage or 'not known'} in {environment}"
                fix = "Pass `STAGE: !Ref EnvironmentName`, best in `Globals`."
                yield LESSON.finding_in(function, line, message, fix)
