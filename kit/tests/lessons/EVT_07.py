"""Cases of EVT-07."""

from cases import fix, good, violation
from edits import Edit
from edits.events import ASYNCHRONOUS
from kit.gate.findings import Finding


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
        DeadLetterConfig: {{Arn: !GetAtt {function.pascal}DeadLetterQueue.Arn}}

CleanUpDeadLetters:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref {function.pascal}DeadLetterQueue]
    PolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {{Service: events.amazonaws.com}}
          Action: sqs:SendMessage
          Resource: !GetAtt {function.pascal}DeadLetterQueue.Arn
          Condition: {{ArnEquals: {{aws:SourceArn: !GetAtt CleanUp.Arn}}}}"""
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


for schedule, mistake in {
    "cron(0 3 * * * *)": "names both days",
    "cron(0 3 * * *)": "has the five fields of Unix",
    "cron(0 25 * * ? *)": "has an hour that no day has",
    "rate(1 minutes)": "has one minutes",
    "every 5 minutes": "is English",
}.items():

    @violation(f"a schedule {mistake}")
    def _(edit: Edit, schedule: str = schedule) -> None:
        cleaned(edit, schedule)


@good("schedules have lists, ranges, steps, names and last days")
def _(edit: Edit) -> None:
    every = ["cron(0/15 8-17 ? * MON-FRI *)", "cron(0 8 1,15 * ? 2030-2040)", "rate(2 hours)"]
    every += ["cron(30 6 L JAN,JUL ? *)", "cron(0 9 ? * 2#1 *)", "cron(*/5 * * * ? *)"]
    every += ["at(2030-01-01T00:00:00)"]
    head = "  Type: String\n  Description: When.\n  Default: "
    edit.parameter("\n\n".join(f"Every{n}:\n{head}{each}" for n, each in enumerate(every)))


@fix("Let a schedule of a minute put messages")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(Expression: ).*", r"\1rate(1 minute)")


@fix("Write `")
def _(edit: Edit, finding: Finding) -> None:
    schedule = str(finding.fix or "Write `cron(0 3 * * ? *)`.").split("`")[1]
    edit.in_line(finding, r"(Expression: ).*", rf"\1{schedule}")
