"""Cases of IAM-02."""

from cases import fix, good, violation
from edits import Edit
from edits.access import ACCOUNT, INFRA, in_infra, job, workflow
from edits.pipelines import DEPLOY, DEV, PROD
from kit.gate.findings import Finding
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


def deploy_as(edit: Edit, role: str) -> None:
    """Let the job that deploys sign in as that role."""
    edit.sub(DEPLOY, r"role-to-assume: .*steps\.facts.*", f"role-to-assume: {role}")


@violation("one role is written into the job that deploys both environments")
def _(edit: Edit) -> None:
    deploy_as(edit, f"{ACCOUNT}:role/{pascal(edit.service)}-Deploy")


@violation("one role is a variable of the workflow that deploys")
def _(edit: Edit) -> None:
    deploy_as(edit, "${{ env.ROLE }}")
    role = "arn:aws:iam::111122223333:role/deploy"
    edit.replace(DEPLOY, "permissions: {}\n", f"permissions: {{}}\n\nenv:\n  ROLE: {role}\n")


@violation("both workflows pass the same role")
def _(edit: Edit) -> None:
    passed(edit, "arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::111122223333:role/deploy")


def passed(edit: Edit, dev: str, prod: str) -> None:
    """Let the workflows pass these roles to the one that deploys."""
    deploy_as(edit, "${{ inputs.role }}")
    edit.replace(
        DEPLOY,
        "    inputs:\n",
        "    inputs:\n      role:\n        required: true\n        type: string\n",
    )
    for path, env, role in ((DEV, "dev", dev), (PROD, "prod", prod)):
        edit.replace(
            path, f"      environment: {env}\n", f"      environment: {env}\n      role: {role}\n"
        )


@fix("Put `${EnvironmentName}` into `RoleName`, or delete")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(finding)


@fix("Write a role of its own")
def _(edit: Edit, finding: Finding) -> None:
    role = "arn:aws:iam::${{ vars.AWS_ACCOUNT_ID }}:role/${{ steps.facts.outputs.role }}"
    edit.in_line(finding, "role-to-assume: .*", f"role-to-assume: {role}")


@good(
    "each workflow passes the role of its environment, or one of the same name in its own account"
)
def _(edit: Edit) -> None:
    passed(edit, "arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::444455556666:role/deploy")


@good("the role that deploys is a variable of each environment")
def _(edit: Edit) -> None:
    deploy_as(edit, "${{ vars.DEPLOY_ROLE_ARN }}")


@good("a workflow of one's own has a role for each environment")
def _(edit: Edit) -> None:
    role = f"role-to-assume: {ACCOUNT}:role/Reports-Deploy"
    workflow(edit, job("dev", "dev", f"{role}-Dev"), job("prod", "prod", f"{role}-Prod"))


@good("the role for deployments has a name that CloudFormation makes")
def _(edit: Edit) -> None:
    old = edit.resource("DeployRole", INFRA).split("RoleName:")[1].split("      Description")[0]
    in_infra(edit, "DeployRole", f"      RoleName:{old}", "")
