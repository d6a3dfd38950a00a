"""RUN-06: JSON for people is indented, JSON in logs is on one line.

Why: Dumps could not be read, and logs cost more.

Here: Example events are indented; Powertools logs one line per entry.

Fix: Pass `indent=2` where a person reads, and nothing where a log does.

Defended by: guide.

No check: code does not say who reads what it writes
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
