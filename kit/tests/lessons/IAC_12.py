"""Cases of IAC-12."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import ENV
from kit.gate.findings import Finding


def set_rules(edit: Edit, bucket: str, old: str, new: str) -> None:
    """Turn all lifecycle rules of a bucket on or off."""
    _before, _key, rules = edit.resource(bucket).partition("LifecycleConfiguration")
    edit.in_resource(bucket, rules, rules.replace(f"Status: {old}", f"Status: {new}"))


@violation("a log group keeps everything")
def _(edit: Edit) -> None:
    name = f"{edit.function().pascal}LogGroup"
    edit.in_resource(name, "      RetentionInDays: !Ref LogRetentionDays\n", "")


@violation("a function writes to a log group that Lambda creates")
def _(edit: Edit) -> None:
    function = edit.function()
    old = f"LogGroup: !Ref {function.pascal}LogGroup"
    new = f"LogGroup: !Sub /aws/lambda/{edit.service}-shared-{ENV}"
    edit.in_resource(function.logical_id, old, new)


@violation("items have an expiry, and the table has no TTL")
def _(edit: Edit) -> None:
    edit.function("api")
    expiry = (
        "      TimeToLiveSpecification:\n        AttributeName: expires_at\n        Enabled: true\n"
    )
    edit.in_resource("Table", expiry, "")


@violation("the TTL of the idempotency table is off")
def _(edit: Edit) -> None:
    edit.in_resource("IdempotencyTable", "        Enabled: true\n", "        Enabled: false\n")


@good("a function has its log group by name, with a retention of its own")
def _(edit: Edit) -> None:
    function = edit.function()
    group = f"{function.pascal}LogGroup"
    own = f"      LoggingConfig:\n        LogGroup: !Ref {group}\n"
    edit.in_resource(function.logical_id, own, "")
    edit.in_resource(group, "RetentionInDays: !Ref LogRetentionDays", "RetentionInDays: 7")


@violation("logs of dev are kept for ever")
def _(edit: Edit) -> None:
    edit.in_resource(
        f"{edit.function().pascal}LogGroup",
        "RetentionInDays: !Ref LogRetentionDays",
        "RetentionInDays: !If [IsProd, 365, !Ref AWS::NoValue]",
    )


@violation("the rules of a bucket are off")
def _(edit: Edit) -> None:
    set_rules(edit, f"{edit.function('bucket').pascal}Bucket", "Enabled", "Disabled")


@good("a log group is called after the function that it refers to")
def _(edit: Edit) -> None:
    function = edit.function()
    group = f"{function.pascal}LogGroup"
    own = f"      LoggingConfig:\n        LogGroup: !Ref {group}\n"
    edit.in_resource(function.logical_id, own, "")
    name = f"LogGroupName: !Sub /aws/lambda/${{{function.logical_id}}}"
    old = re.findall(r"LogGroupName: .*", edit.resource(group))[0]
    edit.in_resource(group, old, name)


@good("a function writes to the log group of another stack")
def _(edit: Edit) -> None:
    edit.parameter("SharedLogs:\n  Type: String\n  Description: A log group.\n  Default: shared")
    function = edit.function()
    old = f"LogGroup: !Ref {function.pascal}LogGroup"
    edit.in_resource(function.logical_id, old, "LogGroup: !Ref SharedLogs")


@fix("Set `RetentionInDays: !Ref LogRetentionDays`")
def _(edit: Edit, finding: Finding) -> None:
    retention = "RetentionInDays: !Ref LogRetentionDays"
    if "RetentionInDays" in edit.line(finding):
        edit.in_line(finding, r"Ret.*", retention)
    else:
        head = "    Properties:\n"
        edit.in_resource(str(finding.resource), head, f"{head}      {retention}\n")


@fix("Declare an `AWS::Logs::LogGroup`")
def _(edit: Edit, finding: Finding) -> None:
    name = f"LogGroupName: !Sub /aws/lambda/{edit.service}-shared-{ENV}"
    edit.declare(
        "SharedLogs:\n  Type: AWS::Logs::LogGroup\n  Properties:\n"
        f"    {name}\n    RetentionInDays: !Ref LogRetentionDays"
    )
    edit.sub(
        "template.yaml", r"LogGroup: !Sub /aws/lambda/.*-shared-.*", "LogGroup: !Ref SharedLogs"
    )


@fix("Give it a `TimeToLiveSpecification`")
def _(edit: Edit, finding: Finding) -> None:
    expiry = "TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}"
    head = "    Properties:\n"
    edit.in_resource(str(finding.resource), head, f"{head}      {expiry}\n")


@fix("Give it a `TimeToLiveSpecification`", "the TTL of the idempotency table is off")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource(str(finding.resource), "Enabled: false", "Enabled: true")


@fix("Add a rule with `Status: Enabled`")
def _(edit: Edit, finding: Finding) -> None:
    set_rules(edit, str(finding.resource), "Disabled", "Enabled")
