"""Cases of CD-09."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import SAMCONFIG, delete_option, write_setting
from kit.gate.findings import Finding


@violation("a deployment asks before it changes prod")
def _(edit: Edit) -> None:
    text = edit.read(SAMCONFIG)
    before, found, after = text.rpartition("confirm_changeset = false")
    assert found
    edit.write(SAMCONFIG, f"{before}confirm_changeset = true{after}")


@violation("having nothing to change fails")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^fail_on_empty_changeset = false\n", "")


@violation("a target deploys as SAM would")
def _(edit: Edit) -> None:
    edit.write("local.mk", f"mine:\n\t$(SAM) deploy --stack-name {edit.service}-dev --resolve-s3\n")


@violation("a target asks for everything")
def _(edit: Edit) -> None:
    edit.write("local.mk", "mine:\n\t$(SAM) deploy --config-env $(ENV) --guided\n")


@fix("Write `")
def _(edit: Edit, finding: Finding) -> None:
    write_setting(edit, finding)


@fix("Delete `--")
def _(edit: Edit, finding: Finding) -> None:
    delete_option(edit, finding)


@fix("Give it `--config-env")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "deploy ", "deploy --config-env dev ")


@good("a target deploys with the settings, and confirm_changeset is left as SAM has it")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^confirm_changeset = false\n", "")
    edit.write("local.mk", "mine:\n\t$(SAM) deploy --config-env $(ENV) --no-progressbar\n")
