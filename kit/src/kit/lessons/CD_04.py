"""CD-04: Before each deployment a preflight looks for everything that would stop it.

Why: Deployments failed half-way and left things behind that stopped the next one.

Here: `make preflight ENV=dev`, which `make deploy` runs first, also in CI.

Fix: Fix what the preflight says; it gives the command.

Defended by: preflight.

See: docs/troubleshooting.md.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
