"""Cases of IAM-07."""

from cases import fix, good, violation
from edits import Edit
from edits.access import in_infra
from kit.gate.findings import Finding
from kit.spelling import pascal


def called(edit: Edit, name: str) -> None:
    """Give CodeDeploy's role a name."""
    properties = "    Properties:\n"
    edit.in_resource("CodeDeployRole", properties, f"{properties}      RoleName: {name}\n")


@violation("a role's name is too long")
def _(edit: Edit) -> None:
    middle = "that-moves-the-traffic-of-all-functions-to-their-new-versions"
    called(edit, f"!Sub {edit.service}-{middle}-${{EnvironmentName}}")


@violation("a role's name has no environment")
def _(edit: Edit) -> None:
    called(edit, f"{edit.service}-codedeploy")


@violation("CloudFormation's role does not name the service")
def _(edit: Edit) -> None:
    name = f"!Sub {edit.service}-cloudformation-${{EnvironmentName}}"
    in_infra(edit, "ExecutionRole", name, "!Sub cloudformation-execution-${EnvironmentName}")


@fix("Delete `RoleName`")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Write `!Sub ")
def _(edit: Edit, finding: Finding) -> None:
    name = f"!Sub {edit.service}-cloudformation-${{EnvironmentName}}"
    edit.in_line(finding, "RoleName: .*", f"RoleName: {name}")


@good("a role is called after its stack")
def _(edit: Edit) -> None:
    called(edit, "!Sub ${AWS::StackName}-codedeploy")


@good("a role's name spells the service in its own way")
def _(edit: Edit) -> None:
    called(edit, f"!Join ['-', [{pascal(edit.service)}, CodeDeploy, !Ref EnvironmentName]]")
