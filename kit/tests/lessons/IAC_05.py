"""Cases of IAC-05."""

from cases import good, violation
from edits import Edit
from edits.infrastructure import ENV, rename


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
