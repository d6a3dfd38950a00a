"""Cases of EVT-05."""

from cases import good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS, delete


@violation("a function's timeout grows, and its queue's visibility timeout does not")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.in_resource(function.logical_id, "Timeout: 30", "Timeout: 60")


@violation("a queue has no visibility timeout")
def _(edit: Edit) -> None:
    delete(edit, f"{edit.function('queue').pascal}Queue", "VisibilityTimeout:")


@violation("a queue's function has no limit of concurrency")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue').pascal}QueueMapping"
    delete(edit, name, "ScalingConfig:")


@violation("a function has no limit of retries")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    delete(edit, function.logical_id, "MaximumRetryAttempts:")


@violation("a stream has no limit of retries")
def _(edit: Edit) -> None:
    delete(edit, f"{edit.function('stream').pascal}StreamMapping", "MaximumRetryAttempts:")


@violation("an event has no retry policy")
def _(edit: Edit) -> None:
    function = edit.function("event", "schedule", "bucket")
    delete(edit, function.logical_id, "RetryPolicy:")


@violation("a CloudWatchEvent has no retry policy")
def _(edit: Edit) -> None:
    function = edit.function("event")
    edit.in_resource(function.logical_id, "EventBridgeRule", "CloudWatchEvent")
    delete(edit, function.logical_id, "RetryPolicy:")


@good("timeout and visibility timeout grow together, by a parameter")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.parameter(
        "WorkSeconds:\n  Type: Number\n  Description: How long a job may take.\n  Default: 50"
    )
    edit.in_resource(function.logical_id, "Timeout: 30", "Timeout: !Ref WorkSeconds")
    queue = f"{function.pascal}Queue"
    edit.in_resource(queue, "VisibilityTimeout: 180", "VisibilityTimeout: 400")


@good("a batch of one has no window")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue').pascal}QueueMapping"
    text = edit.resource(name)
    size = next(line for line in text.splitlines() if "BatchSize:" in line)
    edit.in_resource(name, size, "      BatchSize: 1")
    delete(edit, name, "MaximumBatchingWindowInSeconds:")


@good("the function has reserved concurrency")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    name = f"{function.pascal}QueueMapping"
    delete(edit, name, "ScalingConfig:")
    edit.in_resource(
        function.logical_id,
        "      Timeout: 30",
        "      ReservedConcurrentExecutions: 5\n      Timeout: 30",
    )
