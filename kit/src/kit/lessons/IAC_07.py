"""IAC-07: What code needs to know reaches it as an environment variable: each one that it reads is
passed, and each that is passed is read.

Why: Code waited for parameters of the template, which only the deployment sees; other variables
were left over for years.

Here: `Environment` of each function in `template.yaml`, and `load_settings` in its `settings.py`.

Fix: Pass the variable under `Environment` → `Variables` of the function, read it in its
`settings.py`, and list it in its README; or delete it. What common libraries read is known; suppress
the rule for others.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.variables import is_known, packages, passed_stages, says_stage
from kit.layout import TEMPLATE
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)

SHARED = ("Globals", "Function", "Environment", "Variables")
ONLY_A_LIBRARY = "Suppress this where only a library reads it."


@LESSON.check
def what_is_read_is_passed(service: Service) -> Iterator[Finding]:
    """Code reads no variable that its functions don't get."""
    for package in packages(service):
        name = package.function.logical_id
        for read in package.reads:
            known = is_known(read.name) or says_stage(service, read.name)
            if not known and read.name not in package.function.variables:
                message = f"reads `{read.name}`, which `template.yaml` does not pass to `{name}`"
                fix = (
                    f"Pass `{read.name}` under `Environment` → `Variables` of `{name}` and list it"
                )
                fix += " in the function's README, or don't read it."
                yield LESSON.finding(read.path, read.line, message, resource=name, fix=fix)


@LESSON.check
def what_is_passed_is_read(service: Service) -> Iterator[Finding]:
    """No function gets a variable that its code does not read."""
    shared = set(at(service.template, *SHARED) or {})
    stages = passed_stages(service)
    unread = {name for name in shared - stages if not is_known(name)}
    for package in packages(service):
        function = package.function
        read = package.mentioned(shared | function.variables.keys())
        unread -= read
        for name in sorted(function.variables.keys() - read - shared - stages):
            if not is_known(name):
                line = function.line_of("Environment", "Variables", name)
                message = f"passes `{name}` to `{function.logical_id}`, whose code does not read it"
                fix = f"Read `{name}` in `{function.folder}/lambda_pkg/settings.py`, or delete it"
                fix += f" here and in the function's README. {ONLY_A_LIBRARY}"
                yield LESSON.finding_in(function, line, message, fix)
    for name in sorted(unread):
        message = f"passes `{name}` to all functions, and no code reads it"
        fix = f"Delete `{name}` here and in the functions' READMEs, or read it. {ONLY_A_LIBRARY}"
        yield LESSON.finding(TEMPLATE, line_of(service.template, *SHARED, name), message, fix=fix)
