"""Cases of CD-01."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import SAMCONFIG, delete_option, write_setting
from kit.gate.findings import Finding


@violation("the stack is called as SAM proposes")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r'^stack_name = ".*"', 'stack_name = "sam-app"')


@violation("sam deploy --guided left a section of its own")
def _(edit: Edit) -> None:
    edit.append(SAMCONFIG, '\n[default.deploy.parameters]\nstack_name = "sam-app"\n')


@violation("prod's stack has no environment in its name")
def _(edit: Edit) -> None:
    edit.replace(SAMCONFIG, f'stack_name = "{edit.service}-prod"', f'stack_name = "{edit.service}"')


@violation("a target deploys a copy under somebody's name")
def _(edit: Edit) -> None:
    edit.write("local.mk", "mine:\n\t$(SAM) deploy --config-env dev --stack-name test-of-anna\n")


@violation("samconfig.toml has no name for dev's stack")
def _(edit: Edit) -> None:
    edit.sub(SAMCONFIG, r"^stack_name = .*\n", "")


@fix("Write `stack_name")
def _(edit: Edit, finding: Finding) -> None:
    write_setting(edit, finding)


@fix("Delete `--stack-name")
def _(edit: Edit, finding: Finding) -> None:
    delete_option(edit, finding)


@good("the name stands at the deployment, and a target takes it from make")
def _(edit: Edit) -> None:
    edit.append(SAMCONFIG, f'\n[dev.logs.parameters]\nstack_name = "{edit.service}-dev"\n')
    edit.write("local.mk", 'mine:\n\t$(SAM) deploy --config-env dev --stack-name "$(STACK)"\n')
