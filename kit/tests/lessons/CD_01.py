"""Cases of CD-01."""

from cases import good, violation
from edits import Edit
from edits.delivery import SAMCONFIG


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


@good("the name stands at the deployment, and a target takes it from make")
def _(edit: Edit) -> None:
    edit.append(SAMCONFIG, f'\n[dev.logs.parameters]\nstack_name = "{edit.service}-dev"\n')
    edit.write("local.mk", 'mine:\n\t$(SAM) deploy --config-env dev --stack-name "$(STACK)"\n')
