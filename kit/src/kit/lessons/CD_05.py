"""CD-05: A resource that has a name which the stack needs, and belongs to no stack, is found before
CloudFormation refuses it.

Why: "Early validation … ResourceExistenceCheck" does not say what is in the way, nor what to do
with it.

Here: The preflight looks every name up, and offers to import, rename or delete.

Fix: Do what the preflight offers.

Defended by: preflight.

See: docs/troubleshooting.md.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)
