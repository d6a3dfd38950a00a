"""Cases of IAC-03."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


@violation("a parameter has no description")
def _(edit: Edit) -> None:
    edit.parameter("PageSize:\n  Type: Number\n  Default: 50\n")


@violation("a parameter has neither a default nor allowed values")
def _(edit: Edit) -> None:
    edit.parameter("PartnerUrl:\n  Type: String\n  Description: Where the partner's API is.\n")
    edit.replace_all(
        "samconfig.toml",
        '["EnvironmentName=',
        '["PartnerUrl=https://example.com", "EnvironmentName=',
    )


@good("a parameter has allowed values, another an empty default")
def _(edit: Edit) -> None:
    edit.parameter(
        "Plan:\n  Type: String\n  Description: What was bought.\n  AllowedValues: [small, large]\n\n"
        'Note:\n  Type: String\n  Description: Shown to people.\n  Default: ""\n'
    )
    edit.replace_all("samconfig.toml", '["EnvironmentName=', '["Plan=small", "EnvironmentName=')


@violation("a parameter has a name and a type")
def _(edit: Edit) -> None:
    edit.parameter("PageSize: {Type: Number}\n")


@good("a parameter has a pattern")
def _(edit: Edit) -> None:
    edit.parameter(
        "PartnerUrl:\n  Type: String\n  Description: The partner's API.\n  AllowedPattern: https://.+\n"
    )
    edit.replace_all(
        "samconfig.toml",
        '["EnvironmentName=',
        '["PartnerUrl=https://example.com", "EnvironmentName=',
    )


@fix("Add a Description to `PageSize`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", "\n    Description: How many items a page has.\n")


@fix("Add a Default or AllowedValues to `PartnerUrl`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", "\n    Default: https://example.com\n")


@fix("Add a Description and a Default or AllowedValues to `PageSize`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"Number", "Number, Description: How many items a page has, Default: 50")
