"""Cases of IAC-11."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


@violation("the table is deleted with its resource")
def _(edit: Edit) -> None:
    edit.in_resource("Table", "    DeletionPolicy: RetainExceptOnCreate\n", "")


@violation("the table can't be restored in prod")
def _(edit: Edit) -> None:
    old = "PointInTimeRecoveryEnabled: !If [IsProd, true, false]"
    edit.in_resource("Table", old, "PointInTimeRecoveryEnabled: false")


@violation("the table is protected in dev alone")
def _(edit: Edit) -> None:
    old = "DeletionProtectionEnabled: !If [IsProd, true, false]"
    edit.in_resource("Table", old, "DeletionProtectionEnabled: !If [IsProd, false, true]")


@violation("a bucket is deleted when another replaces it")
def _(edit: Edit) -> None:
    name = f"{edit.function('bucket').pascal}Bucket"
    edit.in_resource(name, "UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete")


@good("the table is kept and protected in all environments")
def _(edit: Edit) -> None:
    edit.in_resource("Table", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Retain")
    for key in ("DeletionProtectionEnabled", "PointInTimeRecoveryEnabled"):
        edit.in_resource("Table", f"{key}: !If [IsProd, true, false]", f"{key}: true")


@good("the table has what protects it in prod alone")
def _(edit: Edit) -> None:
    old = "PointInTimeRecoverySpecification:\n        PointInTimeRecoveryEnabled: !If [IsProd, true, false]"
    new = "PointInTimeRecoverySpecification: !If [IsProd, {PointInTimeRecoveryEnabled: true}, !Ref AWS::NoValue]"
    edit.in_resource("Table", old, new)


@fix("Set `DeletionPolicy: RetainExceptOnCreate`")
def _(edit: Edit, finding: Finding) -> None:
    kept = "    DeletionPolicy: RetainExceptOnCreate\n"
    edit.in_resource(str(finding.resource), "    Properties:\n", f"{kept}    Properties:\n")


@fix("Set `UpdateReplacePolicy: Retain`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r": .*", ": Retain")


@fix("Set `")
def _(edit: Edit, finding: Finding) -> None:
    key, value = str(finding.fix).split("`")[1].rpartition(".")[2].split(": ")
    old = r"false" if "Recovery" in key else r"!If .*"
    edit.sub("template.yaml", rf"{key}: {old}$", f"{key}: {value}")


@violation("a user pool can be deleted in prod")
def _(edit: Edit) -> None:
    edit.declare(
        "Users:\n  Type: AWS::Cognito::UserPool\n  DeletionPolicy: Retain\n"
        "  UpdateReplacePolicy: Retain\n  Properties:\n    DeletionProtection: INACTIVE"
    )


@fix("Set `DeletionProtection:", "a user pool can be deleted in prod")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r": .*", f": {str(finding.fix).split('`')[1].partition(': ')[2]}")
