"""Cases of IAC-03."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a parameter does not say what it is")
def _(edit: Edit) -> None:
    edit.parameter("PageSize:\n  Type: Number\n  Default: 50\n")


@violation("a parameter may be anything, and is nothing unless it is passed")
def _(edit: Edit) -> None:
    edit.parameter("PartnerUrl:\n  Type: String\n  Description: Where the partner's API is.\n")
    edit.replace_all(
        "samconfig.toml",
        '["EnvironmentName=',
        '["PartnerUrl=https://example.com", "EnvironmentName=',
    )


@good("a parameter has no default, but values to choose from; another is empty")
def _(edit: Edit) -> None:
    edit.parameter(
        "Plan:\n  Type: String\n  Description: What was bought.\n  AllowedValues: [small, large]\n\n"
        'Note:\n  Type: String\n  Description: Shown to people.\n  Default: ""\n'
    )
    edit.replace_all("samconfig.toml", '["EnvironmentName=', '["Plan=small", "EnvironmentName=')
