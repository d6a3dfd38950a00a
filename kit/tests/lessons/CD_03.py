"""Cases of CD-03."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import (
    SAMCONFIG,
    advised,
    other_region,
    region,
    write_region,
    write_setting,
)
from edits.pipelines import DEPLOY, OWN, SIGN_IN, workflow
from kit.gate.findings import Finding


@violation("prod goes elsewhere")
def _(edit: Edit) -> None:
    text = edit.read(SAMCONFIG)
    before, found, after = text.rpartition(f'region = "{region(edit)}"')
    assert found
    edit.write(SAMCONFIG, f'{before}region = "{other_region(edit)}"{after}')


@violation("the Region is changed in samconfig.toml, and the answers are not")
def _(edit: Edit) -> None:
    edit.replace_all(SAMCONFIG, f'region = "{region(edit)}"', 'region = "eu-west-3"')


@violation("samconfig.toml leaves the Region to the profile")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^region = .*\n", "")


@violation("a workflow signs in elsewhere")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"aws-region: \$\{\{ steps.facts.*", f"aws-region: {other_region(edit)}")


@violation("a target follows a log elsewhere")
def _(edit: Edit) -> None:
    edit.write("local.mk", "tail:\n\taws logs tail /aws/lambda/x --region eu-north-1\n")


@violation("a target looks elsewhere")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk",
        f"REGION = {other_region(edit)}\n\ntables:\n\taws dynamodb list-tables --region $(REGION)\n",
    )


@fix("Write `region")
def _(edit: Edit, finding: Finding) -> None:
    write_setting(edit, finding)


@fix("Commit, then change the answer")
def _(edit: Edit, finding: Finding) -> None:
    value = advised(finding).rpartition("=")[2]
    edit.in_line(finding, "aws_region: .*", f"aws_region: {value}")


@fix("Write `$")
def _(edit: Edit, finding: Finding) -> None:
    write_region(edit, finding)


@good("the Region of a workflow comes from a variable, and of the budget from AWS")
def _(edit: Edit) -> None:
    steps = f"""\
- uses: {SIGN_IN}
  with:
    role-to-assume: ${{{{ vars.ROLE }}}}
    aws-region: ${{{{ vars.AWS_REGION }}}}
- run: aws ce get-cost-and-usage --region us-east-1
"""
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: read\nid-token: write"))
