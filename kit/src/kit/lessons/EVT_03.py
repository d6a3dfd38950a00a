"""EVT-03: Whatever is invoked asynchronously has a queue for what failed, and an alarm on it.

Why: Events that failed were gone after two more tries.

Here: A dead-letter queue with `…DeadLettersAlarm` for each function that events, queues or
schedules start.

Fix: Give the function and its event a queue (both may use the same), and the queue an alarm.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate import wiring
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.template import at

LESSON = Lesson.read(__doc__)

ON_FAILURE = "Write `DestinationConfig: {OnFailure: {Destination: !GetAtt <queue>.Arn}}`"
DEPTHS = {
    "AWS/SQS ApproximateNumberOfMessagesVisible",
    "AWS/SQS ApproximateAgeOfOldestMessage",
}


@LESSON.check
def invocations_keep_failures(service: Service) -> Iterator[Finding]:
    """A function keeps what it fails at, EventBridge and SNS what they can't deliver."""
    for function in wiring.asynchronous(service):
        if not wiring.failures_of(service, function):
            message = f"`{function.logical_id}` is invoked asynchronously, and keeps no failures"
            fix = f"{ON_FAILURE} under its `EventInvokeConfig`."
            yield LESSON.finding_in(function, function.line, message, fix)
    for delivery in wiring.deliveries(service):
        key = wiring.UNDELIVERED[delivery.kind]
        if not at(delivery.settings, key):
            message = f"{delivery.name} has no `{key}`"
            name = "deadLetterTargetArn" if delivery.kind == "SNS" else "Arn"
            target = "{" + name + ": !GetAtt <queue>.Arn}"
            fix = f"Write `{key}: {target}` there, with a queue whose policy"
            fix += f" lets {delivery.kind} send to it."
            yield LESSON.finding_in(delivery.owner, delivery.line, message, fix)


@LESSON.check
def sources_keep_failures(service: Service) -> Iterator[Finding]:
    """So do queues and streams."""
    for source in wiring.sources(service):
        kept = at(source.settings, "DestinationConfig", "OnFailure")
        if source.kind in wiring.STREAMS and not kept:
            message = f"{source.name} keeps no failed record"
            fix = f"{ON_FAILURE} there, and let the function do `sqs:SendMessage` on that queue."
            yield LESSON.finding_in(source.owner, source.line, message, fix)
        if source.queue and not source.queue.get("RedrivePolicy"):
            message = f"`{source.queue.logical_id}` has no `RedrivePolicy`"
            fix = "Write `RedrivePolicy` with `deadLetterTargetArn: !GetAtt <queue>.Arn` and"
            fix += " `maxReceiveCount: 5`."
            yield LESSON.finding_in(source.queue, source.queue.line, message, fix)


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
            fix = "Declare one on `ApproximateNumberOfMessagesVisible` of `AWS/SQS`, with"
            fix += f" `QueueName: !GetAtt {queue.logical_id}.QueueName` as its dimension."
            yield LESSON.finding_in(queue, queue.line, message, fix)
