"""Cases of EVT-05."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS, cut


@violation("a function gets more time, and its queue stays as it was")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.in_resource(function.logical_id, "Timeout: 30", "Timeout: 60")


@violation("a queue has no time for which it hides messages")
def _(edit: Edit) -> None:
    cut(edit, f"{edit.function('queue').pascal}Queue", "      VisibilityTimeout:")


@violation("a queue's function runs as often as there are messages")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue').pascal}QueueMapping"
    text = edit.resource(name)
    edit.in_resource(name, text[text.index("      ScalingConfig:\n") :].rstrip("\n") + "\n", "")


@violation("nobody says how often an event is tried")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    cut(edit, function.logical_id, "        MaximumRetryAttempts:")


@violation("a stream is tried for as long as it keeps a change")
def _(edit: Edit) -> None:
    cut(edit, f"{edit.function('stream').pascal}StreamMapping", "      MaximumRetryAttempts:")


@violation("EventBridge tries for a day")
def _(edit: Edit) -> None:
    function = edit.function("event", "schedule", "bucket")
    cut(edit, function.logical_id, "            RetryPolicy:", "            DeadLetterConfig:")


@violation("a rule has its former name, and nobody says how often it tries")
def _(edit: Edit) -> None:
    function = edit.function("event")
    text = edit.resource(function.logical_id).replace("EventBridgeRule", "CloudWatchEvent")
    edit.in_resource(function.logical_id, edit.resource(function.logical_id), text)
    cut(edit, function.logical_id, "            RetryPolicy:", "            DeadLetterConfig:")


@good("function and queue get more time together, by a parameter")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.parameter(
        "WorkSeconds:\n  Type: Number\n  Description: How long a job may take.\n  Default: 50"
    )
    edit.in_resource(function.logical_id, "Timeout: 30", "Timeout: !Ref WorkSeconds")
    queue = f"{function.pascal}Queue"
    edit.in_resource(queue, "VisibilityTimeout: 180", "VisibilityTimeout: 400")


@good("a batch of one waits for no others")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue').pascal}QueueMapping"
    text = edit.resource(name)
    size = next(line for line in text.splitlines() if "BatchSize:" in line)
    edit.in_resource(name, size, "      BatchSize: 1")
    cut(edit, name, "      MaximumBatchingWindowInSeconds:")


@good("concurrency is limited for the function, whatever invokes it")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    name = f"{function.pascal}QueueMapping"
    text = edit.resource(name)
    edit.in_resource(name, text[text.index("      ScalingConfig:\n") :].rstrip("\n") + "\n", "")
    edit.in_resource(
        function.logical_id,
        "      Timeout: 30",
        "      ReservedConcurrentExecutions: 5\n      Timeout: 30",
    )
