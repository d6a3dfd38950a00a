"""CD-06: A failed deployment says for each resource why, and what is known to help.

Why: SAM ends with one line, and the reason was in the console, under the events of a nested
resource.

Here: `make deploy` prints it, and CI puts it on the page of the run.

Fix: Follow the printed advice.

Defended by: deploy.

See: docs/troubleshooting.md.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
