"""IAC-08: The variable `STAGE` says where code runs, and no other does.

Why: `ENV`, `STAGE` and `ENVIRONMENT` were three answers to one question, and one of them was wrong.

Here: `Globals` of `template.yaml` pass `STAGE`; every `settings.py` reads it.

Fix: Use `settings.stage`, and drop the other variable. What a library wants to read (`DD_ENV`) may
be passed as well.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.environments import environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import TEMPLATE, Service
from kit.gate.stages import code_with_reads, is_stage, stages_named

LESSON = Lesson.read(__doc__)


@LESSON.check
def stage_is_the_only_word(service: Service) -> Iterator[Finding]:
    for code in code_with_reads(service):
        for read in code.reads:
            if is_stage(service, read.name):
                found = f"reads `{read.name}`, not `STAGE`"
                yield LESSON.finding(read.path, read.line, found)
    stages = stages_named(service)
    for function in service.functions:
        for name in function.variables:
            if name in stages:
                line = function.line_of("Environment", "Variables", name)
                found = f"passes `{name}` to say where the code runs, beside `STAGE`"
                yield LESSON.finding(TEMPLATE, line, found)


@LESSON.check
def stage_is_the_environment(service: Service) -> Iterator[Finding]:
    for environment, template in environments(service).items():
        for function in service.functions:
            if "STAGE" not in function.variables:
                continue
            found = resolved(template, function.variables["STAGE"])
            if found != environment:
                line = function.line_of("Environment", "Variables", "STAGE")
                comes = "can't be told" if found is None else f"comes to {found}"
                what = f"`STAGE` {comes} in {environment}"
                fix = "Pass `STAGE: !Ref EnvironmentName`, in `Globals`."
                yield LESSON.finding(TEMPLATE, line, what, fix=fix)
