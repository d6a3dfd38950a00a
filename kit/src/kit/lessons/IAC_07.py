"""IAC-07: What code needs to know reaches it as an environment variable: each one that it reads is
passed, and each that is passed is read.

Why: Code waited for parameters of the template, which only the deployment sees; other variables
were left over for years.

Here: `Environment` of each function in `template.yaml`, and `load_settings` in its `settings.py`.

Fix: Pass the variable under `Environment` → `Variables` of the function, read it in its
`settings.py`, and list it in its README; or take it out. What common libraries read is known; opt
out for another one.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import TEMPLATE, Service
from kit.gate.stages import code_with_reads, is_of_others, is_stage, stages_named
from kit.gate.variables import read_among
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


ONLY_A_LIBRARY = "Opt out where only a library reads it."


@LESSON.check
def what_is_read_is_passed(service: Service) -> Iterator[Finding]:
    for code in code_with_reads(service):
        passed = {name for function in code.functions for name in function.variables}
        for read in code.reads:
            if read.name in passed or is_stage(service, read.name) or is_of_others(read.name):
                continue
            named = ", ".join(f"`{function.logical_id}`" for function in code.functions)
            found = f"reads `{read.name}`, which `template.yaml` does not pass to {named}"
            about = code.functions[0].logical_id
            fix = f"Pass `{read.name}` under `Environment` → `Variables` of {named} and list it in the"
            fix += " README there, or read it no more."
            yield LESSON.finding(read.path, read.line, found, resource=about, fix=fix)


@LESSON.check
def what_is_passed_is_read(service: Service) -> Iterator[Finding]:
    stages = stages_named(service)
    shared = set(at(service.template, "Globals", "Function", "Environment", "Variables") or {})
    read_somewhere: set[str] = set()
    codes = list(code_with_reads(service))
    for code in codes:
        passed = {name for function in code.functions for name in function.variables}
        known = read_among(passed | shared, code.modules)
        read_somewhere |= known
        for function in code.functions:
            for name in function.variables:
                if name in known or name in shared or is_of_others(name) or name in stages:
                    continue
                line = function.line_of("Environment", "Variables", name)
                found = f"passes `{name}` to `{function.logical_id}`, whose code does not read it"
                fix = f"Read `{name}` in `{function.folder}/lambda_pkg/settings.py`, or take it"
                fix += f" out here and in the function's README. {ONLY_A_LIBRARY}"
                yield function.finding(LESSON.id, line, found, fix)
    for name in sorted(shared - read_somewhere - stages) if codes else ():
        if not is_of_others(name):
            line = line_of(
                service.template, "Globals", "Function", "Environment", "Variables", name
            )
            found = f"passes `{name}` to all functions, and no code reads it"
            fix = f"Take `{name}` out here and in the functions' READMEs, or read it."
            fix += f" {ONLY_A_LIBRARY}"
            yield LESSON.finding(TEMPLATE, line, found, fix=fix)
