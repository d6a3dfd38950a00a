"""What the cases of several lessons share: delivery."""

import re

from edits import Edit
from kit.gate.findings import Finding

SAMCONFIG = "samconfig.toml"


def region(edit: Edit) -> str:
    return edit.answers["aws_region"]


def other_region(edit: Edit) -> str:
    return "eu-west-3" if region(edit) != "eu-west-3" else "us-west-2"


def with_is_prod(edit: Edit) -> None:
    """The condition IsProd, which a service without a table may not have."""
    if "  IsProd: " not in edit.read("template.yaml"):
        condition = "  IsProd: !Equals [!Ref EnvironmentName, prod]\n"
        edit.replace("template.yaml", "Conditions:\n", f"Conditions:\n{condition}")


def advised(finding: Finding, place: int = 0) -> str:
    """What stands in `backticks` in the advice of a finding: the first, or another one."""
    return str(re.findall(r"`([^`]+)`", str(finding.fix))[place])


def write_setting(edit: Edit, finding: Finding) -> None:
    """Write the advised setting in the finding's line, or below it where that is its section."""
    section = edit.line(finding) if edit.line(finding).startswith("[") else ""
    edit.in_line(finding, r"^.*\n", f"{section}{advised(finding)}\n")


def delete_option(edit: Edit, finding: Finding) -> None:
    """Delete the advised option from the finding's line."""
    edit.in_line(finding, f" {re.escape(advised(finding))}", "")


def write_region(edit: Edit, finding: Finding) -> None:
    """Write what the advice computes in place of the Region in the finding's line."""
    edit.in_line(finding, r"[a-z]+-[a-z]+-\d", advised(finding))
