"""RUN-08: What the service does is apart from its entry point, and can be imported without AWS.

Why: Handlers that did everything could be tested only in the cloud.

Here: `index.py` has routes or records, `services/` has the work.

Fix: Move the work into `services/`, and pass it what it needs.

Defended by: guide.

No check: where taking a request ends and the work begins is a matter of judgement
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
