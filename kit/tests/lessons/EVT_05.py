"""Cases of EVT-05."""

from cases import fix, good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS, delete, write
from kit.gate.findings import Finding


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


@violation("a function may take longer than its API waits")
def _(edit: Edit) -> None:
    edit.in_resource(edit.function("api").logical_id, "Timeout: 10", "Timeout: 60")


@violation("the timeout of all functions is more than the API waits, by a parameter")
def _(edit: Edit) -> None:
    function = edit.function("api")
    edit.in_resource(function.logical_id, "      Timeout: 10 # seconds\n", "")
    edit.replace("template.yaml", "  Function:\n", "  Function:\n    Timeout: !Ref WorkSeconds\n")
    edit.parameter("WorkSeconds:\n  Type: Number\n  Description: How long.\n  Default: 900")


@good("a function takes almost as long as its API waits")
def _(edit: Edit) -> None:
    edit.in_resource(edit.function("api").logical_id, "Timeout: 10", "Timeout: 29")


@fix("Set `Timeout` to 30 or less")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"Timeout: (\d+|!Ref WorkSeconds)", "Timeout: 30")
    if "WorkSeconds" in edit.read("template.yaml"):
        edit.sub("template.yaml", r"^  WorkSeconds:\n(    .*\n)+", "")


@fix("Set `VisibilityTimeout` to 360 or more")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"VisibilityTimeout: \d+", "VisibilityTimeout: 360")


@fix("Set `VisibilityTimeout` to 180 or more")
def _(edit: Edit, finding: Finding) -> None:
    write(edit, finding, "    Properties:\n", "      VisibilityTimeout: 180\n")


@fix("Write `MaximumConcurrency: 10` under `ScalingConfig` there")
def _(edit: Edit, finding: Finding) -> None:
    write(edit, finding, "    Properties:\n", "      ScalingConfig: {MaximumConcurrency: 10}\n")


@fix("Write `MaximumRetryAttempts: 2`, or the number that fits, under `EventInvokeConfig`")
def _(edit: Edit, finding: Finding) -> None:
    write(edit, finding, "      EventInvokeConfig:\n", "        MaximumRetryAttempts: 2\n")


@fix("Write `MaximumRetryAttempts: 5` there")
def _(edit: Edit, finding: Finding) -> None:
    write(edit, finding, "    Properties:\n", "      MaximumRetryAttempts: 5\n")


@fix("Write `RetryPolicy` with `MaximumRetryAttempts: 20` and")
def _(edit: Edit, finding: Finding) -> None:
    text = "RetryPolicy: {MaximumRetryAttempts: 20, MaximumEventAgeInSeconds: 3600}\n"
    below = "            # What"
    edit.in_resource(str(finding.resource), below, f"            {text}{below}")
