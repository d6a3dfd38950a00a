"""DEP-03: Each service has its own virtual environment, and nothing is installed into the system's
Python.

Why: Two services wanted two versions of one package, and whoever installed last broke the other.

Here: `make setup` makes `.venv`, and every command of the `Makefile` runs what is in it.

Fix: `make setup`; uninstall what was installed into the system's Python.

Defended by: hook.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
