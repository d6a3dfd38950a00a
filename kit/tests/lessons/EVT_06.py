"""Cases of EVT-06."""

from cases import fix, good, violation
from edits import Edit
from edits.events import delete, missing_alarm, watch_metrics, write
from kit.gate.findings import Finding


@violation("a function has no alarm on errors")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ErrorsAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@violation("an alarm on throttles is of another function")
def _(edit: Edit) -> None:
    function, other = edit.two()
    alarm = f"{function.pascal}ThrottlesAlarm"
    edit.in_resource(alarm, f"!Ref {function.logical_id}", f"!Ref {other.logical_id}")


@violation("an alarm has no actions")
def _(edit: Edit) -> None:
    delete(edit, f"{edit.function().pascal}ErrorsAlarm", "AlarmActions:")


@violation("the actions of an alarm are off")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ThrottlesAlarm"
    edit.in_resource(
        alarm, "      AlarmActions:", "      ActionsEnabled: false\n      AlarmActions:"
    )


@violation("a stream has no alarm on its iterator age")
def _(edit: Edit) -> None:
    alarm = f"{edit.function('stream').pascal}IteratorAgeAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@violation("alarms notify a topic without subscriptions")
def _(edit: Edit) -> None:
    edit.declare(
        f"""QuietTopic:
  Type: AWS::SNS::Topic
  Properties:
    TopicName: !Sub {edit.service}-quiet-${{EnvironmentName}}"""
    )
    for metric in ("Errors", "Throttles"):
        alarm = f"{edit.function().pascal}{metric}Alarm"
        edit.in_resource(alarm, "Actions: [!Ref AlarmTopic]", "Actions: [!Ref QuietTopic]")


@good("an alarm is a part of a composite alarm with actions")
def _(edit: Edit) -> None:
    pascal = edit.function().pascal
    delete(edit, f"{pascal}ErrorsAlarm", "AlarmActions:")
    delete(edit, f"{pascal}ThrottlesAlarm", "AlarmActions:")
    edit.declare(
        f"""{pascal}Alarm:
  Type: AWS::CloudWatch::CompositeAlarm
  Properties:
    AlarmName: !Sub {edit.service}-{edit.function().kebab}-any-${{EnvironmentName}}
    AlarmRule: !Sub ALARM("${{{pascal}ErrorsAlarm}}") OR ALARM("${{{pascal}ThrottlesAlarm}}")
    AlarmActions: [!Ref AlarmTopic]"""
    )


@good("alarms have the physical names of functions")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"!Sub {edit.service}-{function.kebab}-${{EnvironmentName}}"
    for metric in ("Errors", "Throttles"):
        alarm = f"{function.pascal}{metric}Alarm"
        edit.in_resource(alarm, f"!Ref {function.logical_id}", name)
    assert f"FunctionName: {name}" in edit.resource(function.logical_id)


@violation("an alarm has the physical name of a function that is gone")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"!Sub {edit.service}-{function.kebab}s-${{EnvironmentName}}"
    edit.in_resource(f"{function.pascal}ErrorsAlarm", f"!Ref {function.logical_id}", name)


@good("an alarm has Metrics with an expression, on the alias")
def _(edit: Edit) -> None:
    function = edit.function()
    alarm = f"{function.pascal}ErrorsAlarm"
    watch_metrics(
        edit,
        alarm,
        f"""        - Id: rate
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


@fix("Declare one on `")
def _(edit: Edit, finding: Finding) -> None:
    metric = str(finding.fix).split("`")[1]
    missing_alarm(edit, "AWS/Lambda", metric, f"FunctionName, Value: !Ref {finding.resource}")


@fix("Delete `ActionsEnabled`")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Write `AlarmActions: [!Ref AlarmTopic]`")
def _(edit: Edit, finding: Finding) -> None:
    write(edit, finding, "    Properties:\n", "      AlarmActions: [!Ref AlarmTopic]\n")


@fix("Notify a topic with subscribers, as `AlarmTopic`")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace_all(finding.path, "[!Ref QuietTopic]", "[!Ref AlarmTopic]")


@violation("an alarm is raised while there are few errors")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ErrorsAlarm"
    edit.in_resource(alarm, "GreaterThanOrEqualToThreshold", "LessThanThreshold")
