"""What the cases of several lessons share: events."""

import re

from edits import Edit, Function
from kit.gate.findings import Finding

ASYNCHRONOUS = ("event", "schedule", "bucket", "topic")


def delete(edit: Edit, logical_id: str, start: str) -> None:
    """Delete the first line of a resource that begins so, with all that is indented below it."""
    below = re.compile(rf"^( *){re.escape(start)}.*\n(?:\1 +.*\n)*", re.MULTILINE)
    match = below.search(edit.resource(logical_id))
    assert match, f"{logical_id} has no {start!r}"
    edit.in_resource(logical_id, match[0], "")


def mapping(edit: Edit) -> tuple[Function, str]:
    """A function that takes batches, and its mapping."""
    function = edit.function("queue", "stream")
    return function, f"{function.pascal}{function.trigger.capitalize()}Mapping"


def watch_metrics(edit: Edit, alarm: str, metrics: str) -> None:
    """Let an alarm watch a list of metrics instead of one that it names itself."""
    text = edit.resource(alarm)
    old = text[text.index("      Namespace:") : text.index("      EvaluationPeriods:")]
    edit.in_resource(alarm, old, f"      Metrics:\n{metrics}")


def missing_alarm(edit: Edit, namespace: str, metric: str, dimension: str) -> None:
    """Declare an alarm that notifies people; `dimension` is `QueueName, Value: …`."""
    edit.declare(
        f"""Further{metric}Alarm:
  Type: AWS::CloudWatch::Alarm
  Properties:
    AlarmName: !Sub {edit.service}-further-{metric.lower()[:20]}-${{EnvironmentName}}
    AlarmDescription: Somebody should look.
    Namespace: {namespace}
    MetricName: {metric}
    Dimensions: [{{Name: {dimension}}}]
    Statistic: Maximum
    Period: 300
    EvaluationPeriods: 1
    Threshold: 1
    ComparisonOperator: GreaterThanOrEqualToThreshold
    TreatMissingData: notBreaching
    AlarmActions: [!Ref AlarmTopic]"""
    )


def write(edit: Edit, finding: Finding, below: str, text: str) -> None:
    """Write lines below that one of the resource of a finding."""
    edit.in_resource(str(finding.resource), below, below + text)
