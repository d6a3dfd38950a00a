"""EVT-05: Retries, batches and concurrency are chosen, and a queue hides a message for at least six
times its function's time-out.

Why: A message came back while it was still being worked on, and was handled twice.

Here: `EventInvokeConfig`, `RetryPolicy`, `BatchSize`, `ScalingConfig`, `VisibilityTimeout` in
`template.yaml`.

Fix: Set the number on the event, the function or the queue; raise `VisibilityTimeout` with
`Timeout`. A batch of one needs no `MaximumBatchingWindowInSeconds`.

Defended by: gate.
"""

from collections.abc import Iterator
from typing import Any

from kit.gate.environments import deployed, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import ENVIRONMENTS, TEMPLATE, Function, Resource, Service
from kit.gate.sources import RETRYING
from kit.gate.wiring import asynchronous, invoke_configs, invoked, sources
from kit.template import Template, at

LESSON = Lesson.read(__doc__)


# What is to be said of each kind of source.
CHOSEN = {
    "SQS": ("BatchSize", "MaximumBatchingWindowInSeconds"),
    "DynamoDB": ("BatchSize", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
    "Kinesis": ("BatchSize", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
}


TIMES = 6


# What AWS takes when nothing is said.
DEFAULT_VISIBILITY, DEFAULT_TIMEOUT = 30, 3


@LESSON.check
def numbers_are_chosen(service: Service) -> Iterator[Finding]:
    """Retries, batches, windows and concurrency are written down."""
    for source in sources(service):
        # There is nothing to wait for with a batch of one, and FIFO queues have no window.
        single = str(at(source.settings, "BatchSize")) == "1"
        for key in CHOSEN[source.kind]:
            if key not in source.settings and not ("Window" in key and (single or source.is_fifo)):
                found = f"{source.name} has no `{key}`"
                yield source.owner.finding(LESSON.id, source.line, found)
        limited = at(source.settings, "ScalingConfig", "MaximumConcurrency") is not None
        reserved = source.function and source.function.get("ReservedConcurrentExecutions")
        if source.kind == "SQS" and not limited and reserved is None:
            found = f"{source.name} has no `MaximumConcurrency`"
            yield source.owner.finding(LESSON.id, source.line, found)
        redrive = source.queue.get("RedrivePolicy") if source.queue else None
        if source.queue and redrive and at(redrive, "maxReceiveCount") is None:
            found = f"`{source.queue.logical_id}` has no `maxReceiveCount`"
            yield source.queue.finding(LESSON.id, source.queue.line_of("RedrivePolicy"), found)
    for function in asynchronous(service):
        for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
            configs = invoke_configs(service, function)
            if not any(key in config for config, _line in configs):
                line = configs[0][1] if configs else function.line
                found = f"`{function.logical_id}` has no `{key}` for what is asynchronous"
                yield function.finding(LESSON.id, line, found)
        for name, event in function.events.items():
            if event["Type"] in RETRYING and not at(event, "Properties", "RetryPolicy"):
                found = f"`{name}` of `{function.logical_id}` has no `RetryPolicy`"
                yield function.finding(LESSON.id, function.line_of("Events", name), found)
    for each in service.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if any(not at(target, "RetryPolicy") for target in invoked(each)):
            yield each.finding(LESSON.id, each.line, f"`{each.logical_id}` has no `RetryPolicy`")


@LESSON.check
def queues_hide_long_enough(service: Service) -> Iterator[Finding]:
    """A queue hides a message for six times as long as its function may work on it."""
    for source in sources(service):
        if source.queue is None or source.function is None:
            continue
        for environment in ENVIRONMENTS:
            template = deployed(service, TEMPLATE, environment)
            problem = _visibility_problem(source.queue, source.function, template)
            if problem:
                line = source.queue.line_of("VisibilityTimeout")
                yield source.queue.finding(LESSON.id, line, problem)
                break


def _visibility_problem(queue: Resource, function: Function, template: Template) -> str:
    hides = _seconds(resolved(template, queue.get("VisibilityTimeout")), DEFAULT_VISIBILITY)
    works = _seconds(resolved(template, function.get("Timeout")), DEFAULT_TIMEOUT)
    if hides is None or works is None or hides >= TIMES * works:
        return ""
    unset = queue.get("VisibilityTimeout") is None
    default = " (the default: it has no `VisibilityTimeout`)" if unset else ""
    return (
        f"`{queue.logical_id}` hides messages for {hides} seconds{default}, and"
        f" `{function.logical_id}` may take {works}: {TIMES} times that is {TIMES * works}"
    )


def _seconds(value: Any, default: int) -> int | None:
    """A number of seconds; None where that can't be told."""
    if value is None:
        return default
    return int(value) if str(value).isdigit() else None
