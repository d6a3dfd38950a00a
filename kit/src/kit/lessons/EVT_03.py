"""EVT-03: Whatever is invoked asynchronously has a queue for what failed, and an alarm on it.

Why: Events that failed were gone after two more tries.

Here: A dead-letter queue with `…DeadLettersAlarm` for each function that events, queues or
schedules start.

Fix: Give the function a queue for what it fails at (`OnFailure`), the event one for what can't be
delivered (`DeadLetterConfig`, `RedrivePolicy`; both may use the same), and the queue an alarm on its
visible messages.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate import wiring
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.template import at

LESSON = Lesson.read(__doc__)

# The property of an event that says where the events go that can't be delivered.
UNDELIVERED = dict.fromkeys(wiring.RETRYING, "DeadLetterConfig") | {"SNS": "RedrivePolicy"}
# The protocols of subscriptions that machines read.
MACHINES = {"firehose", "http", "https", "lambda", "sqs"}
DEPTHS = {
    "AWS/SQS ApproximateNumberOfMessagesVisible",
    "AWS/SQS ApproximateAgeOfOldestMessage",
}


@LESSON.check
def functions_keep_failures(service: Service) -> Iterator[Finding]:
    """A function keeps what it fails at, and its events what can't be delivered."""
    for function in wiring.asynchronous(service):
        if not wiring.failures_of(service, function):
            message = f"`{function.logical_id}` is invoked asynchronously, and keeps no failures"
            yield function.finding(LESSON.id, function.line, message)
        for name, event in function.events.items():
            key = UNDELIVERED.get(event["Type"])
            if key and not at(event, "Properties", key):
                message = f"`{name}` of `{function.logical_id}` has no `{key}`"
                yield function.finding(LESSON.id, function.line_of("Events", name), message)


@LESSON.check
def sources_keep_failures(service: Service) -> Iterator[Finding]:
    """So do queues, streams, rules, schedules and subscriptions."""
    for source in wiring.sources(service):
        kept = at(source.settings, "DestinationConfig", "OnFailure")
        if source.kind in wiring.STREAMS and not kept:
            message = f"{source.name} keeps no failed record"
            yield source.owner.finding(LESSON.id, source.line, message)
    queues = [source.queue for source in wiring.sources(service) if source.queue]
    subscriptions = [
        each
        for each in service.of_type("AWS::SNS::Subscription")
        if str(each.get("Protocol")).lower() in MACHINES
    ]
    for resource in [*queues, *subscriptions]:
        if not resource.get("RedrivePolicy"):
            message = f"`{resource.logical_id}` has no `RedrivePolicy`"
            yield resource.finding(LESSON.id, resource.line, message)
    for rule in service.of_type(*wiring.RULES):
        if not all(at(target, "DeadLetterConfig") for target in wiring.targets_of(rule)):
            message = f"`{rule.logical_id}` has no `DeadLetterConfig`"
            yield rule.finding(LESSON.id, rule.line, message)


@LESSON.check
def dead_letters_raise_an_alarm(service: Service) -> Iterator[Finding]:
    """Each queue for what failed has an alarm on its messages."""
    alarmed = {
        logical_id for _alarm, metric, logical_id in wiring.watched(service) if metric in DEPTHS
    }
    silent = wiring.dead_letters(service) - alarmed
    for queue in service.of_type("AWS::SQS::Queue"):
        if queue.logical_id in silent:
            message = f"`{queue.logical_id}` has no alarm on its messages"
            yield queue.finding(LESSON.id, queue.line, message)
