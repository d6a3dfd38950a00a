"""EVT-01: A function has one trigger, of seven that are done well.

Why: Every function was wired in another way, and each had its own mistakes.

Here: `functions` in `.copier-answers.yml`; `make add-function NAME=… TRIGGER=…`.

Fix: Make a function for each trigger.

Defended by: prompt.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
