"""Cases of IAC-14."""

import re

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


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


@fix("Split the service by what changes together")
def _(edit: Edit, finding: Finding) -> None:
    moved = r"^  More\d+:\n(?:    .*\n)+\n|^# x+\n"
    edit.write("template.yaml", re.sub(moved, "", edit.read("template.yaml"), flags=re.MULTILINE))
