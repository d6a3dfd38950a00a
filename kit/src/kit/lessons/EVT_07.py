"""EVT-07: A schedule is a minute or longer; what must come more often reads a queue that a schedule
fills.

Why: EventBridge has nothing below a minute, and says so only when it is deployed.

Here: Each schedule in `template.yaml`, if the service has any.

Fix: Let a schedule put messages with a delay into a queue, and a function take them.

Defended by: prompt, gate.
"""

from collections.abc import Iterator

from kit.gate.environments import all_deployed, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import TEMPLATE, Resource, Service

LESSON = Lesson.read(__doc__)


# What has a schedule, and the property that says it; the first are events of functions.
SCHEDULED_EVENTS = {"Schedule": "Schedule", "ScheduleV2": "ScheduleExpression"}


SCHEDULED = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")


@LESSON.check
def schedules_are_of_minutes(service: Service) -> Iterator[Finding]:
    """No schedule comes more often than EventBridge can."""
    for resource, keys, name in _schedules(service):
        for template in all_deployed(service, TEMPLATE).values():
            said = str(resolved(template, resource.get(*keys)))
            if _is_below_a_minute(said):
                found = f"{name} is `{said}`, and EventBridge has nothing below a minute"
                yield resource.finding(LESSON.id, resource.line_of(*keys), found)
                break


def _schedules(service: Service) -> Iterator[tuple[Resource, tuple[str, ...], str]]:
    for function in service.functions:
        for event, body in function.events.items():
            if key := SCHEDULED_EVENTS.get(body["Type"]):
                keys = ("Events", event, "Properties", key)
                yield function, keys, f"`{key}` of `{event}` of `{function.logical_id}`"
    for each in service.of_type(*SCHEDULED):
        key = "ScheduleExpression"
        yield each, (key,), f"`{key}` of `{each.logical_id}`"


def _is_below_a_minute(schedule: str) -> bool:
    """rate(30 seconds), rate(0.5 minutes), or a cron(…) with a seventh field, for seconds."""
    kind, _, rest = schedule.strip().partition("(")
    words = rest.rstrip(")").split()
    if kind == "cron":
        return len(words) == 7
    if kind != "rate" or len(words) != 2:
        return False
    number, unit = words
    try:
        return unit.startswith("second") or (unit.startswith("minute") and float(number) < 1)
    except ValueError:
        return False  # no number, which the linters tell
