"""DEP-05: Functions run on a runtime that AWS supports, and its last day is known.

Why: Soon after a runtime's deprecation AWS refused to create functions with it, in the middle of a
release.

Here: `Runtime` in `template.yaml`; the preflight warns months before the last day.

Fix: Choose one that AWS supports: `make answer NAME=python_version VALUE=…`.

Defended by: prompt, gate, preflight.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.requirements import runtimes_of, wanted_python
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.runtimes import SUPPORTED_UNTIL

LESSON = Lesson.read(__doc__)


@LESSON.check
def supported(service: Service) -> Iterator[Finding]:
    """AWS supports the Python of .python-version. Functions with another are for DEP-04."""
    runtime = f"python{wanted_python(service)}"
    functions = [f for f in service.functions if runtime in runtimes_of(service, f)]
    end = SUPPORTED_UNTIL.get(runtime)
    if not functions or (end and end >= service.today):
        return
    problem = f"AWS supported {runtime} until {end}"
    if end is None:
        known = ", ".join(name.removeprefix("python") for name in SUPPORTED_UNTIL)
        problem = f"{runtime} is none of the runtimes whose last day is known ({known})"
    message = f"{and_more([function.logical_id for function in functions])}: {problem}"
    yield LESSON.finding(TEMPLATE, functions[0].line_of("Runtime"), message)
