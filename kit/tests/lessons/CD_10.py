"""Cases of CD-10."""

import re

from cases import fix, good, violation
from edits import Edit, Function
from edits.delivery import SAMCONFIG, advised, with_is_prod
from edits.events import mapping
from kit.gate.findings import Finding


def rollback_alarms(function: Function) -> str:
    """What the template writes as the alarms that roll a new version of a function back."""
    failures = f", !Ref {function.pascal}NewVersionFailuresAlarm"
    return (
        f"[!Ref {function.pascal}NewVersionAlarm"
        f"{failures if function.trigger in ('api', 'queue', 'stream') else ''}]"
    )


@violation("prod gets all traffic at once, as dev does")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"TrafficShifting=Canary\w+", "TrafficShifting=AllAtOnce")


@violation("prod's TrafficShifting is lost")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r', "TrafficShifting=Canary\w+"', "")


@violation("a function gets all traffic at once")
def _(edit: Edit) -> None:
    first = edit.function()
    edit.in_resource(
        first.logical_id,
        "      DeploymentPreference:\n",
        "      DeploymentPreference:\n        Type: AllAtOnce\n",
    )


@violation("a function's shifting is turned off in prod")
def _(edit: Edit) -> None:
    with_is_prod(edit)
    edit.in_resource(
        edit.function().logical_id,
        "      DeploymentPreference:\n",
        "      DeploymentPreference:\n        Enabled: !If [IsProd, false, true]\n",
    )


@violation("a function's shifting has no alarm")
def _(edit: Edit) -> None:
    first = edit.function()
    edit.in_resource(
        first.logical_id,
        f"        Alarms: {rollback_alarms(first)}\n",
        "        Alarms: []\n",
    )


@violation("a function's alarm is that of its neighbour")
def _(edit: Edit) -> None:
    first, second = edit.two()
    edit.in_resource(
        first.logical_id,
        f"Alarms: {rollback_alarms(first)}",
        f"Alarms: {rollback_alarms(second)}",
    )


@violation("an API's new version is watched by Lambda's errors alone")
def _(edit: Edit) -> None:
    first = edit.function("api")
    edit.in_resource(
        first.logical_id,
        f"Alarms: {rollback_alarms(first)}",
        f"Alarms: [!Ref {first.pascal}NewVersionAlarm, !Ref {first.pascal}ErrorsAlarm]",
    )


@violation("the code logs another message than the one that is counted")
def _(edit: Edit) -> None:
    first = edit.function("api")
    edit.replace(f"{first.code}/index.py", '"request failed"', '"request_failed"')


@violation("the filter counts another message than the one that is logged")
def _(edit: Edit) -> None:
    first = edit.function("queue", "stream")
    edit.in_resource(f"{first.pascal}FailuresFilter", " failed", " was not done")


@fix('Write `"TrafficShifting')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r', "TrafficShifting=\w+"|\]', "")
    edit.in_line(finding, r"\n", f", {advised(finding)}]\n")


@fix("Delete `Enabled`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource(str(finding.resource), "        Enabled: !If [IsProd, false, true]\n", "")


@fix("Write `Type: !Ref TrafficShifting`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.resource(str(finding.resource))
    key = "      DeploymentPreference:\n"
    plain = text.replace("        Type: AllAtOnce\n", "")
    edit.replace("template.yaml", text, plain.replace(key, f"{key}        {advised(finding)}\n"))


@fix("Write `Type: !Ref TrafficShifting`", "no function has a pace any more")
def _(edit: Edit, finding: Finding) -> None:
    key = "    DeploymentPreference:\n"
    edit.replace("template.yaml", key, f"{key}      {advised(finding)}\n")


@fix("Write `Alarms: ")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.resource(str(finding.resource))
    edit.replace("template.yaml", text, re.sub(r"Alarms: .*", advised(finding), text))


@fix('Log "')
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(f"{edit.function('api').code}/index.py", '"request_failed"', '"request failed"')


@fix('Log "', "the filter counts another message than the one that is logged")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, " was not done", " failed")


@good("a filter counts all errors, whatever they say")
def _(edit: Edit) -> None:
    first = edit.function("api")
    edit.in_resource(f"{first.pascal}FailuresFilter", ' && $.message = "request failed"', "")


@violation("no function has a pace any more")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "      Type: !Ref TrafficShifting\n", "")


@good("a function has a pace and an alarm of its own, gradual in prod alone")
def _(edit: Edit) -> None:
    with_is_prod(edit)
    first = edit.function()
    alarms = rollback_alarms(first)
    edit.in_resource(
        first.logical_id,
        f"        Alarms: {alarms}\n",
        "        Type: !If [IsProd, Linear10PercentEvery3Minutes, AllAtOnce]\n"
        f"        Alarms: !If [IsProd, {alarms[:-1]}, !Ref {first.pascal}ErrorsAlarm], {alarms}]\n",
    )


@fix('Log "', "the error of a record is suppressed")
def _(edit: Edit, finding: Finding) -> None:
    """The fix of EVT-04 logs it again."""


@violation("nothing rolls back what a function of batches logs as failed")
def _(edit: Edit) -> None:
    function = edit.function("queue", "stream")
    edit.in_resource(function.logical_id, f", !Ref {function.pascal}NewVersionFailuresAlarm]", "]")


@violation("a mapping calls the function, past its alias")
def _(edit: Edit) -> None:
    function, name = mapping(edit)
    edit.in_resource(
        name, f"!Ref {function.logical_id}.Alias", f"!GetAtt {function.logical_id}.Arn"
    )


@fix("Write `FunctionName: !Ref ")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "FunctionName: .*", advised(finding))


@good("a mapping calls the alias by its ARN")
def _(edit: Edit) -> None:
    function, name = mapping(edit)
    new = f"!Sub ${{{function.logical_id}.Arn}}:live"
    edit.in_resource(name, f"!Ref {function.logical_id}.Alias", new)
