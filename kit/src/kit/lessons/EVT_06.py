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

from kit.gate.environments import deployed, exists
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import listed, targets
from kit.gate.service import ENVIRONMENTS, TEMPLATE, Service
from kit.gate.wiring import STREAMS, sources, watched
from kit.template import at

LESSON = Lesson.read(__doc__)


@LESSON.check
def functions_raise_alarms(service: Service) -> Iterator[Finding]:
    """Each function has alarms on what may go wrong with it, at least in prod."""
    prod = deployed(service, TEMPLATE, ENVIRONMENTS[-1])
    has: set[tuple[str, str]] = set()
    for alarm, namespace, metric, of in watched(service):
        if namespace == "AWS/Lambda" and exists(prod, alarm):
            has |= {(metric, name) for name in of}
    behind = {
        each.function.logical_id
        for each in sources(service)
        if each.kind in STREAMS and each.function
    }
    for function in service.functions:
        metrics = ["Errors", "Throttles"]
        metrics += ["IteratorAge"] if function.logical_id in behind else []
        for metric in metrics:
            if (metric, function.logical_id) not in has:
                found = f"`{function.logical_id}` has no alarm on `{metric}`"
                yield function.finding(LESSON.id, function.line, found)


@LESSON.check
def alarms_reach_people(service: Service) -> Iterator[Finding]:
    """Each alarm tells somebody, is a part of one that does, or is of one version: that one is for
    rolling back, and CD-10's."""
    composites = service.of_type("AWS::CloudWatch::CompositeAlarm")
    parts = targets([each.get("AlarmRule") for each in composites])
    told: set[str] = set()
    for each in service.of_type("AWS::SNS::Subscription"):
        told |= targets(each.get("TopicArn"))
    for function in service.functions:
        for event in function.events.values():
            told |= targets(at(event, "Properties", "Topic"))
    topics = {each.logical_id: each for each in service.of_type("AWS::SNS::Topic")}
    told |= {name for name, each in topics.items() if each.get("Subscription")}
    for alarm in [*service.of_type("AWS::CloudWatch::Alarm"), *composites]:
        actions = alarm.get("AlarmActions")
        off = str(alarm.get("ActionsEnabled")).lower() == "false"
        names = {at(each, "Name") for each in listed(alarm.get("Dimensions"))}
        is_of_a_version = bool(names & {"ExecutedVersion", "FunctionVersion"})
        if (not actions or off) and alarm.logical_id not in parts and not is_of_a_version:
            found = f"`{alarm.logical_id}` tells nobody: it has no `AlarmActions`"
            found = f"`{alarm.logical_id}` tells nobody: its actions are off" if off else found
            yield alarm.finding(LESSON.id, alarm.line_of("AlarmActions"), found)
        for name in sorted(targets(actions) & topics.keys() - told):
            found = f"`{alarm.logical_id}` tells `{name}`, to which nobody subscribes"
            yield alarm.finding(LESSON.id, alarm.line_of("AlarmActions"), found)
