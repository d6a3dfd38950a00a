"""Cases of IAC-03."""

from cases import good, violation
from edits import Edit


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
