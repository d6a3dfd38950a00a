"""EVT-03: Whatever is invoked asynchronously has a queue for what failed, and an alarm on it.

Why: Events that failed were gone after two more tries.

Here: A dead-letter queue with `…DeadLettersAlarm` for each function that events, queues or
schedules start.

Fix: Give the function a queue for what it fails at (`OnFailure`), the event one for what can't be
handed over (`DeadLetterConfig`, `RedrivePolicy`; both may use the same), and the queue an alarm on
its visible messages.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.sources import RETRYING
from kit.gate.wiring import (
    STREAMS,
    asynchronous,
    dead_letters,
    failures_of,
    invoked,
    sources,
    watched,
)
from kit.template import at

LESSON = Lesson.read(__doc__)


@LESSON.check
def failures_are_kept(service: Service) -> Iterator[Finding]:
    """Whatever is invoked asynchronously has somewhere to put what it gave up on."""
    for function in asynchronous(service):
        if not failures_of(service, function):
            found = (
                f"`{function.logical_id}` is invoked asynchronously, and keeps nothing that fails"
            )
            yield function.finding(LESSON.id, function.line, found)
        for name, event in function.events.items():
            key = {"SNS": "RedrivePolicy"}.get(event["Type"], "DeadLetterConfig")
            keeps = event["Type"] in ("SNS", *RETRYING)
            if keeps and not at(event, "Properties", key):
                found = f"`{name}` of `{function.logical_id}` has no `{key}`"
                yield function.finding(LESSON.id, function.line_of("Events", name), found)
    for source in sources(service):
        if source.kind in STREAMS and not at(source.settings, "DestinationConfig", "OnFailure"):
            found = f"{source.name} keeps no record that fails"
            yield source.owner.finding(LESSON.id, source.line, found)
        if source.queue and not source.queue.get("RedrivePolicy"):
            found = f"`{source.queue.logical_id}` has no `RedrivePolicy`"
            yield source.queue.finding(LESSON.id, source.queue.line, found)
    for each in service.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if any(not at(target, "DeadLetterConfig") for target in invoked(each)):
            found = f"`{each.logical_id}` has no `DeadLetterConfig`"
            yield each.finding(LESSON.id, each.line, found)
    for each in service.of_type("AWS::SNS::Subscription"):
        is_machine = str(each.get("Protocol")).lower() in (
            "firehose",
            "http",
            "https",
            "lambda",
            "sqs",
        )
        if is_machine and not each.get("RedrivePolicy"):
            yield each.finding(LESSON.id, each.line, f"`{each.logical_id}` has no `RedrivePolicy`")


@LESSON.check
def dead_letters_raise_an_alarm(service: Service) -> Iterator[Finding]:
    """Each queue for what failed has an alarm on its messages."""
    alarmed: set[str] = set()
    for _alarm, namespace, metric, of in watched(service):
        if namespace == "AWS/SQS" and metric in DEPTHS:
            alarmed |= of
    for queue in service.of_type("AWS::SQS::Queue"):
        if queue.logical_id in dead_letters(service) - alarmed:
            found = f"`{queue.logical_id}` has no alarm on its messages"
            yield queue.finding(LESSON.id, queue.line, found)


DEPTHS = {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}
