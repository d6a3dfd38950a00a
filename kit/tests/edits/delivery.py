"""What the cases of several lessons share: delivery."""

from edits import Edit

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
