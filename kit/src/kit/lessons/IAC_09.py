"""IAC-09: Code checks its variables once, as it starts, and the error names all that are missing.

Why: A `None` travelled through three layers and failed far from its cause.

Here: `load_settings` of each function runs at import; what is missing stops the start, with a
`SettingsError`.

Fix: Read the variable with `required(…)` in `settings.py`, and nowhere else.

Defended by: gate, run time.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.variables import packages

LESSON = Lesson.read(__doc__)

# Modules that check what they read.
SETTINGS = ("settings.py", "config.py", "configuration.py")


@LESSON.check
def variables_are_checked(service: Service) -> Iterator[Finding]:
    """No other module may get None for a variable that its functions should get."""
    for package in packages(service):
        for read in package.reads:
            is_passed = read.name in package.function.variables
            if read.may_be_none and is_passed and not read.path.endswith(SETTINGS):
                message = f"reads `{read.name}`, which is `None` here when it is missing"
                fix = f'Read it by `required("{read.name}")` in `settings.py`, and take it from there.'
                yield LESSON.finding(read.path, read.line, message, fix=fix)
