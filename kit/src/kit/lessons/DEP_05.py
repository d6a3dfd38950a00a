"""DEP-05: Functions run on a runtime that AWS supports, and its last day is known.

Why: Soon after its deprecation AWS refused to create functions with it, in the middle of a release.

Here: `Runtime` in `template.yaml`; the preflight warns months before the last day.

Fix: Take one that AWS supports with `make answer NAME=python_version VALUE=…`.

Defended by: prompt, gate.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kit.delivery.runtimes import SUPPORTED_UNTIL
from kit.gate.findings import Finding, and_more
from kit.gate.service import TEMPLATE, Service

if TYPE_CHECKING:
    pass
from kit.gate.folders import FUNCTIONS
from kit.gate.lesson import Lesson
from kit.gate.requirements import runtimes_of, wanted_python

LESSON = Lesson.read(__doc__)


@LESSON.check
def supported(service: Service) -> Iterator[Finding]:
    """AWS supports the Python of .python-version. That functions have another is DEP-04."""
    runtime = f"python{wanted_python(service)}"
    using = [
        each for each in service.of_type(*FUNCTIONS) if runtime in {*runtimes_of(service, each)}
    ]
    end = SUPPORTED_UNTIL.get(runtime)
    if not using or (end and end >= service.today):
        return
    who = and_more([each.logical_id for each in using])
    found = f"{who}: AWS supported {runtime} until {end}"
    if end is None:
        known = ", ".join(each.removeprefix("python") for each in SUPPORTED_UNTIL)
        found = f"{who}: {runtime} is none of the runtimes whose last day is known ({known})"
    yield LESSON.finding(TEMPLATE, using[0].line_of("Runtime"), found)
