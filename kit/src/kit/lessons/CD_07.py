"""CD-07: A deployment is over when the live service answers well, and has failed if it does not.

Why: Pipelines were green while every request failed.

Here: `make smoke`, the end of each `make deploy`: the new version answers at its address, with CORS
headers.

Fix: Look at `make logs`, fix, and deploy again.

Defended by: deploy.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
