"""IAC-09: Code checks its variables once, as it starts, and the error names all that are missing.

Why: A `None` travelled through three layers and failed far from its cause.

Here: `load_settings` of each function runs at import; what is missing stops the start, with a
`SettingsError`.

Fix: Read the variable with `required(…)` in `settings.py`, and nowhere else.

Defended by: gate, run time.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.variables import reads

LESSON = Lesson.read(__doc__)


# Modules whose business it is: what they get may be None, as they look at it.
SETTINGS = ("settings.py", "config.py", "configuration.py")


@LESSON.check
def variables_are_checked(service: Service) -> Iterator[Finding]:
    """No module but the settings gets None for a variable that is passed and came to be missing."""
    for folder in service.function_folders:
        passed = {
            name
            for function in service.functions
            if function.folder == folder
            for name in function.variables
        }
        for read in reads(service.modules(f"{folder}/lambda_pkg")):
            if read.may_be_none and read.name in passed and not read.path.endswith(SETTINGS):
                found = f"reads `{read.name}`, which is `None` here when it is missing"
                yield LESSON.finding(read.path, read.line, found)
