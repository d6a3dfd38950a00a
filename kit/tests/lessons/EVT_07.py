"""Cases of EVT-07."""

from cases import good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS


def cleaned(edit: Edit, schedule: str) -> None:
    """A schedule of one's own, beside the service's, with all that other lessons want."""
    function = edit.function(*ASYNCHRONOUS)
    edit.declare(
        f"""CleanUp:
  Type: AWS::Events::Rule
  Properties:
    ScheduleExpression: {schedule}
    Targets:
      - Id: cleaning
        Arn: !GetAtt {function.logical_id}.Arn
        RetryPolicy: {{MaximumRetryAttempts: 2}}
        DeadLetterConfig: {{Arn: !GetAtt {function.pascal}DeadLetterQueue.Arn}}"""
    )


@violation("a rule has a rate of half a minute")
def _(edit: Edit) -> None:
    cleaned(edit, "rate(30 seconds)")


@violation("a cron expression has a field for seconds")
def _(edit: Edit) -> None:
    cleaned(edit, "cron(0/30 * * * * ? *)")


@violation("an event of a function has a rate of half a minute")
def _(edit: Edit) -> None:
    function = edit.function("schedule")
    text = edit.resource(function.logical_id)
    line = next(item for item in text.splitlines() if " ScheduleExpression: " in item)
    before = line[: line.index("ScheduleExpression")]
    edit.in_resource(function.logical_id, line, f"{before}ScheduleExpression: rate(0.5 minutes)")


@good("schedules have a rate of a minute, and a parameter")
def _(edit: Edit) -> None:
    edit.parameter(
        "CleanEvery:\n  Type: String\n  Description: How often it cleans.\n"
        "  Default: cron(0/5 * * * ? *)"
    )
    cleaned(edit, "!Ref CleanEvery")
    function = edit.function(*ASYNCHRONOUS)
    edit.declare(
        f"""Minutely:
  Type: AWS::Scheduler::Schedule
  Properties:
    Name: !Sub {edit.service}-minutely-${{EnvironmentName}}
    ScheduleExpression: rate(1 minute)
    FlexibleTimeWindow: {{Mode: "OFF"}}
    Target:
      Arn: !GetAtt {function.logical_id}.Arn
      RoleArn: !GetAtt {function.logical_id}Role.Arn
      RetryPolicy: {{MaximumRetryAttempts: 2}}
      DeadLetterConfig: {{Arn: !GetAtt {function.pascal}DeadLetterQueue.Arn}}"""
    )
