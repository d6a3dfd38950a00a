"""Cases of EVT-06."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.events import cut


@violation("a function's errors raise no alarm")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ErrorsAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@violation("an alarm on throttles is of another function")
def _(edit: Edit) -> None:
    function, other = edit.two()
    alarm = f"{function.pascal}ThrottlesAlarm"
    edit.in_resource(alarm, f"!Ref {function.logical_id}", f"!Ref {other.logical_id}")


@violation("an alarm tells nobody")
def _(edit: Edit) -> None:
    cut(edit, f"{edit.function().pascal}ErrorsAlarm", "      AlarmActions:")


@violation("an alarm is silenced")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ThrottlesAlarm"
    edit.in_resource(
        alarm, "      AlarmActions:", "      ActionsEnabled: false\n      AlarmActions:"
    )


@violation("nobody notices a stalled stream")
def _(edit: Edit) -> None:
    alarm = f"{edit.function('stream').pascal}IteratorAgeAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@violation("an alarm tells a topic that nobody reads")
def _(edit: Edit) -> None:
    edit.declare(
        f"""QuietTopic:
  Type: AWS::SNS::Topic
  Properties:
    TopicName: !Sub {edit.service}-quiet-${{EnvironmentName}}"""
    )
    alarm = f"{edit.function().pascal}ErrorsAlarm"
    edit.in_resource(alarm, "AlarmActions: [!Ref AlarmTopic]", "AlarmActions: [!Ref QuietTopic]")


@good("an alarm is a part of another one, which tells")
def _(edit: Edit) -> None:
    pascal = edit.function().pascal
    cut(edit, f"{pascal}ErrorsAlarm", "      AlarmActions:")
    cut(edit, f"{pascal}ThrottlesAlarm", "      AlarmActions:")
    edit.declare(
        f"""{pascal}Alarm:
  Type: AWS::CloudWatch::CompositeAlarm
  Properties:
    AlarmName: !Sub {edit.service}-{edit.function().kebab}-any-${{EnvironmentName}}
    AlarmRule: !Sub ALARM("${{{pascal}ErrorsAlarm}}") OR ALARM("${{{pascal}ThrottlesAlarm}}")
    AlarmActions: [!Ref AlarmTopic]"""
    )


@good("alarms say the names of functions and queues, as these do themselves")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"!Sub {edit.service}-{function.kebab}-${{EnvironmentName}}"
    for metric in ("Errors", "Throttles"):
        alarm = f"{function.pascal}{metric}Alarm"
        edit.in_resource(alarm, f"!Ref {function.logical_id}", name)
    assert f"FunctionName: {name}" in edit.resource(function.logical_id)


@violation("an alarm says the name of a function that is there no more")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"!Sub {edit.service}-{function.kebab}s-${{EnvironmentName}}"
    edit.in_resource(f"{function.pascal}ErrorsAlarm", f"!Ref {function.logical_id}", name)


@good("an alarm counts errors by a formula, of what callers reach")
def _(edit: Edit) -> None:
    function = edit.function()
    alarm = f"{function.pascal}ErrorsAlarm"
    text = edit.resource(alarm)
    start, end = text.index("      Namespace:"), text.index("      EvaluationPeriods:")
    edit.in_resource(
        alarm,
        text[start:end],
        f"""      Metrics:
        - Id: rate
          Expression: errors / 5
        - Id: errors
          ReturnData: false
          MetricStat:
            Metric:
              Namespace: AWS/Lambda
              MetricName: Errors
              Dimensions:
                - Name: FunctionName
                  Value: !Ref {function.logical_id}
                - Name: Resource
                  Value: !Sub ${{{function.logical_id}}}:live
            Period: 300
            Stat: Sum
""",
    )
