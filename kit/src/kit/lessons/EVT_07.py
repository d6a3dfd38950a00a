"""EVT-07: A schedule is a minute or longer; what must come more often reads a queue that a schedule
fills.

Why: EventBridge has nothing below a minute, and says so only when it is deployed.

Here: Each schedule in `template.yaml`, if the service has any.

Fix: Let a schedule put messages with a delay into a queue, and a function take them.

Defended by: prompt, gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.template import leaves

LESSON = Lesson.read(__doc__)

# rate(30 seconds), rate(0.5 minutes), or a cron(…) with a seventh field, for seconds.
BELOW_A_MINUTE = re.compile(r"rate\(.* seconds?\)|rate\(0?\.\d+ minutes?\)|cron\((\S+ ){6}\S+\)")


@LESSON.check
def schedules_are_of_minutes(service: Service) -> Iterator[Finding]:
    """No schedule comes more often than EventBridge can."""
    for key, text, line in leaves(service.template):
        if BELOW_A_MINUTE.fullmatch(text.strip()):
            message = f"`{key}` is `{text}`, and EventBridge has nothing below a minute"
            yield LESSON.finding(TEMPLATE, line, message)
