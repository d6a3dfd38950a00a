"""Cases of IAC-12."""

from cases import good, violation
from edits import Edit
from edits.infrastructure import ENV


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
