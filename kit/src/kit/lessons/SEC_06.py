"""SEC-06: A secret that is missing is found by the preflight, and not by the first request.

Why: The first user got the first error.

Here: `make preflight` looks for every secret that `template.yaml` names.

Fix: `make secrets ENV=dev SET=<name> < value.txt`

Defended by: preflight.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
