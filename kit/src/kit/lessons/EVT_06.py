"""EVT-06: Errors, throttles, dead letters and stalled streams raise alarms that reach people.

Why: Customers called first.

Here: Alarms in `template.yaml`, all with `AlarmActions: [!Ref AlarmTopic]` but those of one
version, which roll it back.

Fix: Give each function alarms on `Errors` and `Throttles`, a stream's also on `IteratorAge`, with
the topic as their action.

Defended by: gate.

See: docs/operations.md.
"""

from collections.abc import Iterator

from kit.gate.environments import exists, in_prod
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import listed, referenced_ids
from kit.gate.service import Service
from kit.gate.wiring import STREAMS, sources, watched
from kit.template import at

LESSON = Lesson.read(__doc__)


@LESSON.check
def functions_raise_alarms(service: Service) -> Iterator[Finding]:
    """Each function has alarms on what may go wrong with it, at least in prod."""
    prod = in_prod(service)
    alarms = {(metric, name) for alarm, metric, name in watched(service) if exists(prod, alarm)}
    readers = [source.function for source in sources(service) if source.kind in STREAMS]
    for function in service.functions:
        for metric in ("Errors", "Throttles", *(["IteratorAge"] if function in readers else [])):
            if (f"AWS/Lambda {metric}", function.logical_id) not in alarms:
                message = f"`{function.logical_id}` has no alarm on `{metric}`"
                fix = (
                    f"Declare one on `{metric}` of `AWS/Lambda`, with the dimension `FunctionName:"
                )
                fix += f" !Ref {function.logical_id}` and `AlarmActions: [!Ref AlarmTopic]`."
                yield LESSON.finding_in(function, function.line, message, fix)


@LESSON.check
def alarms_reach_people(service: Service) -> Iterator[Finding]:
    """Each alarm notifies somebody, is a part of one that does, or is of one version: that one is
    for rolling back, and CD-10's."""
    composites = service.of_type("AWS::CloudWatch::CompositeAlarm")
    parts = referenced_ids([alarm.get("AlarmRule") for alarm in composites])
    unread = _topics_that_nobody_reads(service)
    for alarm in [*service.of_type("AWS::CloudWatch::Alarm"), *composites]:
        actions = alarm.get("AlarmActions")
        line = alarm.line_of("AlarmActions")
        names = {at(dimension, "Name") for dimension in listed(alarm.get("Dimensions"))}
        is_exempt = alarm.logical_id in parts or names & {"ExecutedVersion", "FunctionVersion"}
        if str(alarm.get("ActionsEnabled")).lower() == "false" and not is_exempt:
            message = f"`{alarm.logical_id}` notifies nobody: its actions are off"
            fix = "Delete `ActionsEnabled`."
            yield LESSON.finding_in(alarm, alarm.line_of("ActionsEnabled"), message, fix)
        elif not actions and not is_exempt:
            message = f"`{alarm.logical_id}` notifies nobody: it has no `AlarmActions`"
            fix = "Write `AlarmActions: [!Ref AlarmTopic]`."
            yield LESSON.finding_in(alarm, line, message, fix)
        topics = sorted(referenced_ids(actions) & unread)
        unread.difference_update(topics)  # each is reported once
        for topic in topics:
            message = f"`{alarm.logical_id}` notifies `{topic}`, to which nobody subscribes"
            fix = (
                "Notify a topic with subscribers, as `AlarmTopic`, or declare a subscription to it."
            )
            yield LESSON.finding_in(alarm, line, message, fix)


def _topics_that_nobody_reads(service: Service) -> set[str]:
    topics = service.of_type("AWS::SNS::Topic")
    read = referenced_ids(
        [subscription.get("TopicArn") for subscription in service.of_type("AWS::SNS::Subscription")]
    )
    read |= referenced_ids([function.events for function in service.functions])
    return {topic.logical_id for topic in topics if not topic.get("Subscription")} - read
