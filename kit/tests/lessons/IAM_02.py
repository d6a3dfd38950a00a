"""Cases of IAM-02."""

from cases import good, violation
from edits import Edit
from edits.access import ACCOUNT, INFRA, in_infra, job, workflow
from kit.spelling import pascal


@violation("the role for deployments is called the same everywhere")
def _(edit: Edit) -> None:
    old = edit.resource("DeployRole", INFRA).split("RoleName:")[1].split("      Description")[0]
    in_infra(
        edit, "DeployRole", f"RoleName:{old}", f"RoleName: {pascal(edit.service)}-Deploy-Role\n"
    )


@violation("both environments are spelled the same")
def _(edit: Edit) -> None:
    edit.replace(INFRA, "      Title: Prod\n", "      Title: Dev\n")


@violation("a workflow of one's own deploys both environments as one role")
def _(edit: Edit) -> None:
    role = f"role-to-assume: {ACCOUNT}:role/Reports-Deploy-Dev-Role"
    workflow(edit, job("dev", "dev", role), job("prod", "prod", role))


@good("a workflow of one's own has a role for each environment")
def _(edit: Edit) -> None:
    role = f"role-to-assume: {ACCOUNT}:role/Reports-Deploy"
    workflow(edit, job("dev", "dev", f"{role}-Dev"), job("prod", "prod", f"{role}-Prod"))


@good("the role for deployments has a name that CloudFormation makes")
def _(edit: Edit) -> None:
    old = edit.resource("DeployRole", INFRA).split("RoleName:")[1].split("      Description")[0]
    in_infra(edit, "DeployRole", f"      RoleName:{old}", "")
