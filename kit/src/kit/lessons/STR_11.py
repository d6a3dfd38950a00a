"""STR-11: Modules keep nothing between calls but clients and caches.

Why: A list at the top of a module kept its content on a laptop and in a warm container, and lost it
whenever Lambda chose to start another.

Here: Modules hold settings, clients and caches with an expiry; state is in a DynamoDB table, if the
service has any.

Fix: Keep it in a table or a bucket, or compute it for each call.

Defended by: guide.

No check: a cache and a state look alike; only their purpose tells them apart
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
