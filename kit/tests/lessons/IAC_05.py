"""Cases of IAC-05."""

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import ENV, rename
from kit.gate.findings import Finding


@violation("a function is called like those of other services")
def _(edit: Edit) -> None:
    rename(edit, f"!Sub handler-{edit.function().kebab}-{ENV}")


@violation("a bucket's name lacks the account")
def _(edit: Edit) -> None:
    function = edit.function("bucket")
    edit.in_resource(f"{function.pascal}Bucket", "-${AWS::AccountId}", "")


@violation("a policy within a role has the name of the environment")
def _(edit: Edit) -> None:
    edit.in_resource(
        "CodeDeployRole", "PolicyName: MoveTraffic", f"PolicyName: !Sub move-traffic-{ENV}"
    )


@good("a rule of the service's own bus has a short name")
def _(edit: Edit) -> None:
    logical_id = edit.function("event").logical_id
    bus = "            EventBusName: !Ref EventBus\n"
    edit.in_resource(logical_id, bus, f"{bus}            RuleName: !Sub items-{ENV}\n")


@violation("a user pool is called like those of other services")
def _(edit: Edit) -> None:
    edit.declare(
        "Users:\n  Type: AWS::Cognito::UserPool\n  DeletionPolicy: Retain\n"
        f"  UpdateReplacePolicy: Retain\n  Properties:\n    UserPoolName: !Sub users-{ENV}\n"
        "    DeletionProtection: ACTIVE"
    )


@violation("a parameter of Systems Manager is in the folder of all services")
def _(edit: Edit) -> None:
    edit.declare(
        f"ItemLimit:\n  Type: AWS::SSM::Parameter\n  Properties:\n    Name: !Sub /shop/limit-{ENV}\n"
        '    Type: String\n    Value: "5"'
    )


@fix("Begin it with `/", "a parameter of Systems Manager is in the folder of all services")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "/shop/", str(finding.fix).split("`")[1])


@fix("Begin it with")
def _(edit: Edit, finding: Finding) -> None:
    start = str(finding.fix).split("`")[1]
    edit.in_line(finding, r"Name: !Sub ", f"Name: !Sub {start}")


@fix("Put `-${AWS::AccountId}` before `-${EnvironmentName}`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"-\$\{EnvironmentName\}", "-${AWS::AccountId}-${EnvironmentName}")


@fix("Leave out the environment")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"!Sub move-traffic-.*", "move-traffic")
