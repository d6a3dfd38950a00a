"""Cases of IAC-04."""

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import ENV, rename
from kit.gate.findings import Finding

RULE = """StartedRule:
  Type: AWS::Events::Rule
  Properties:
    Name: {name}
    EventBusName: {bus}
    EventPattern:
      source: [aws.ec2]"""


@violation("a function has one name in all environments")
def _(edit: Edit) -> None:
    rename(edit, f"{edit.service}-{edit.function().kebab}")


@violation("a function's name is longer than Lambda allows")
def _(edit: Edit) -> None:
    words = "that-says-everything-that-it-does-in-one-single-very-long-name"
    rename(edit, f"!Sub {edit.service}-{edit.function().kebab}-{words}-{ENV}")


@violation("the name of an alarm ends in what it is about")
def _(edit: Edit) -> None:
    name = f"{edit.service}-{edit.function().kebab}-errors"
    logical_id = f"{edit.function().pascal}ErrorsAlarm"
    edit.in_resource(logical_id, f"!Sub {name}-{ENV}", f"!Sub {name}-{ENV}-alarm")


@violation("a rule on the account's bus has one name in all environments")
def _(edit: Edit) -> None:
    edit.declare(RULE.format(name=f"{edit.service}-started", bus="default"))


@good("a rule on a bus of the service has a short name")
def _(edit: Edit) -> None:
    name = f"!Sub {edit.service}-machines-{ENV}"
    edit.declare(f"MachinesBus:\n  Type: AWS::Events::EventBus\n  Properties:\n    Name: {name}")
    edit.declare(RULE.format(name="started", bus="!Ref MachinesBus"))


@good("a name is put together from the stack's, which ends in the environment")
def _(edit: Edit) -> None:
    old = f"DashboardName: !Sub {edit.service}-{ENV}"
    edit.in_resource("Dashboard", old, 'DashboardName: !Join ["", [!Ref AWS::StackName]]')


@good("the path of a parameter has the environment as a folder")
def _(edit: Edit) -> None:
    edit.declare(
        "LimitParameter:\n  Type: AWS::SSM::Parameter\n  Properties:\n    Type: String\n"
        f'    Value: "3"\n    Name: !Sub /{edit.service}/{ENV}/limit\n'
    )


@violation("a name has dev in both environments")
def _(edit: Edit) -> None:
    rename(edit, f"{edit.service}-{edit.function().kebab}-dev")


@violation("the schedule of a function has one name in all environments")
def _(edit: Edit) -> None:
    group = "GroupName: !Ref ScheduleGroup\n"
    name = f"Name: {edit.service}-sweep\n"
    edit.in_resource(edit.function("schedule").logical_id, group, name)


@fix("Write `!Sub")
def _(edit: Edit, finding: Finding) -> None:
    name = str(finding.fix).split("`")[1]
    edit.in_line(finding, r"Name: .*", f"Name: {name}")


@fix("Shorten what stands before")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "-in-one-single-very-long-name", "")
