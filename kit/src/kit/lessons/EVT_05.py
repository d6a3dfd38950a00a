"""EVT-05: Retries, batches and concurrency are chosen; a queue hides a message for at least six times
its function's timeout, and a function answers while its API waits.

Why: A message came back while it was still being worked on, and was handled twice.

Here: `EventInvokeConfig`, `RetryPolicy`, `BatchSize`, `ScalingConfig`, `VisibilityTimeout` in
`template.yaml`.

Fix: Set the number on the event, the function or the queue. A batch of one needs no
`MaximumBatchingWindowInSeconds`.

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
# The settings of each kind of source, as they might be.
OF_STREAMS = {"BatchSize": 100, "MaximumRetryAttempts": 5, "MaximumRecordAgeInSeconds": 21600}
CHOSEN = {"SQS": {"BatchSize": 10, WINDOW: 0}, "DynamoDB": OF_STREAMS, "Kinesis": OF_STREAMS}
# What AWS takes, in seconds, where a template says nothing.
DEFAULT_VISIBILITY, DEFAULT_TIMEOUT = 30, 3
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
TIMES = 6
# Seconds after which an API answers 503 or 504 in place of its function.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
LONGEST_ANSWER = {"Api": 29, "HttpApi": 30}


@LESSON.check
def sources_are_limited(service: Service) -> Iterator[Finding]:
    """Batches, retries and concurrency of queues and streams are written down."""
    for source in wiring.sources(service):
        missing = {key: n for key, n in CHOSEN[source.kind].items() if key not in source.settings}
        if source.is_single or source.is_fifo:
            missing.pop(WINDOW, None)
        limited = at(source.settings, "ScalingConfig", "MaximumConcurrency") is not None
        reserved = source.function and source.function.get("ReservedConcurrentExecutions")
        if source.kind == "SQS" and not limited and reserved is None:
            missing["MaximumConcurrency"] = 10
        for key, number in missing.items():
            message, parent = f"{source.name} has no `{key}`", ""
            if key == "MaximumConcurrency":
                parent = " under `ScalingConfig`"
            fix = f"Write `{key}: {number}`{parent} there, or the number that fits."
            yield LESSON.finding_in(source.owner, source.line, message, fix)


@LESSON.check
def retries_are_chosen(service: Service) -> Iterator[Finding]:
    """Whatever is invoked asynchronously says how often it is tried again, and until when."""
    for function in wiring.asynchronous(service):
        for key, number in (("MaximumRetryAttempts", 2), ("MaximumEventAgeInSeconds", 3600)):
            if not any(key in config for config in wiring.invoke_configs(service, function)):
                message = f"`{function.logical_id}` has no `{key}` for asynchronous invocations"
                line = function.line_of("EventInvokeConfig")
                fix = (
                    f"Write `{key}: {number}`, or the number that fits, under `EventInvokeConfig`."
                )
                yield LESSON.finding_in(function, line, message, fix)
    for delivery in wiring.deliveries(service):
        if delivery.kind == "EventBridge" and not at(delivery.settings, "RetryPolicy"):
            message = f"{delivery.name} has no `RetryPolicy`"
            fix = "Write `RetryPolicy` with `MaximumRetryAttempts: 20` and"
            fix += " `MaximumEventAgeInSeconds: 3600` there, or the numbers that fit."
            yield LESSON.finding_in(delivery.owner, delivery.line, message, fix)


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
            message += f" `{source.function.logical_id}` may take {timeout}"
            line = source.queue.line_of("VisibilityTimeout")
            fix = f"Set `VisibilityTimeout` to {TIMES * int(timeout)} or more: {TIMES} times `Timeout`."
            yield LESSON.finding_in(source.queue, line, message, fix)


@LESSON.check
def answers_are_awaited(service: Service) -> Iterator[Finding]:
    """A function behind an API, and nothing else, ends before API Gateway gives up."""
    template = in_prod(service)
    for function in service.functions:
        limits = [
            LONGEST_ANSWER.get(source.kind) for source in wiring.callers_of(service, function)
        ]
        timeout = str(resolved(template, function.get("Timeout")))
        limit = min(filter(None, limits), default=None) if all(limits) else None
        if limit and timeout.isdigit() and int(timeout) > limit:
            message = f"`{function.logical_id}` may take {timeout} seconds, and its API waits for"
            message += f" {limit}"
            fix = f"Set `Timeout` to {limit} or less, and put into a queue what takes longer."
            yield LESSON.finding_in(function, function.line_of("Timeout"), message, fix)
