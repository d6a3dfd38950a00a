"""Cases of IAC-14."""

from cases import good, violation
from edits import Edit


def log_groups(edit: Edit, count: int) -> None:
    group = (
        "  More{}:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      RetentionInDays: 7\n\n"
    )
    marker = "  # ── Your own resources go here ──\n"
    more = "".join(map(group.format, range(count)))
    edit.replace("template.yaml", marker, f"{marker}\n{more}")


@violation("the stack has more resources than a stack may have")
def _(edit: Edit) -> None:
    log_groups(edit, 500)


@violation("the template is larger than CloudFormation takes")
def _(edit: Edit) -> None:
    edit.append("template.yaml", f"# {'x' * 96}\n" * 11_000)


@good("the stack grows")
def _(edit: Edit) -> None:
    log_groups(edit, 150)
