"""EVT-05: Retries, batches and concurrency are chosen, and a queue hides a message for at least six
times its function's timeout.

Why: A message came back while it was still being worked on, and was handled twice.

Here: `EventInvokeConfig`, `RetryPolicy`, `BatchSize`, `ScalingConfig`, `VisibilityTimeout` in
`template.yaml`.

Fix: Set the number on the event, the function or the queue; raise `VisibilityTimeout` with
`Timeout`. A batch of one needs no `MaximumBatchingWindowInSeconds`.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate import wiring
from kit.gate.environments import in_prod, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.template import at

LESSON = Lesson.read(__doc__)

WINDOW = "MaximumBatchingWindowInSeconds"
# The settings of each kind of source.
OF_STREAMS = ("BatchSize", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds")
CHOSEN = {"SQS": ("BatchSize", WINDOW), "DynamoDB": OF_STREAMS, "Kinesis": OF_STREAMS}
# What AWS takes, in seconds, where a template says nothing.
DEFAULT_VISIBILITY, DEFAULT_TIMEOUT = 30, 3
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
TIMES = 6


@LESSON.check
def sources_are_limited(service: Service) -> Iterator[Finding]:
    """Batches, retries and concurrency of queues and streams are written down."""
    for source in wiring.sources(service):
        missing = [key for key in CHOSEN[source.kind] if key not in source.settings]
        if WINDOW in missing and (source.is_single or source.is_fifo):
            missing.remove(WINDOW)
        limited = at(source.settings, "ScalingConfig", "MaximumConcurrency") is not None
        reserved = source.function and source.function.get("ReservedConcurrentExecutions")
        if source.kind == "SQS" and not limited and reserved is None:
            missing.append("MaximumConcurrency")
        for key in missing:
            yield LESSON.finding_in(source.owner, source.line, f"{source.name} has no `{key}`")


@LESSON.check
def retries_are_chosen(service: Service) -> Iterator[Finding]:
    """Whatever is invoked asynchronously says how often it is tried again, and until when."""
    for function in wiring.asynchronous(service):
        for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
            if not any(key in config for config in wiring.invoke_configs(service, function)):
                message = f"`{function.logical_id}` has no `{key}` for asynchronous invocations"
                line = function.line_of("EventInvokeConfig")
                yield LESSON.finding_in(function, line, message)
    for delivery in wiring.deliveries(service):
        if delivery.kind == "EventBridge" and not at(delivery.settings, "RetryPolicy"):
            message = f"{delivery.name} has no `RetryPolicy`"
            yield LESSON.finding_in(delivery.owner, delivery.line, message)


@LESSON.check
def queues_hide_long_enough(service: Service) -> Iterator[Finding]:
    """A queue hides a message for six times as long as its function may work on it."""
    template = in_prod(service)
    for source in wiring.sources(service):
        if not source.queue or not source.function:
            continue
        hidden = resolved(template, source.queue.get("VisibilityTimeout")) or DEFAULT_VISIBILITY
        timeout = resolved(template, source.function.get("Timeout")) or DEFAULT_TIMEOUT
        is_known = str(hidden).isdigit() and str(timeout).isdigit()
        if is_known and int(hidden) < TIMES * int(timeout):
            message = f"`{source.queue.logical_id}` hides messages for {hidden} seconds, and"
            message += f" `{source.function.logical_id}` may take {timeout}:"
            message += f" {TIMES} times that is {TIMES * int(timeout)}"
            line = source.queue.line_of("VisibilityTimeout")
            yield LESSON.finding_in(source.queue, line, message)
