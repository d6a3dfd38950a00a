"""Cases of CI-06."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import advised
from edits.pipelines import (
    DEPLOY,
    DEV,
    OWN,
    PROD,
    deploying,
)
from kit.gate.findings import Finding


@violation("a newer push cancels")
def _(edit: Edit) -> None:
    edit.replace(DEV, "${{ github.event_name != 'push' }}", "true")


@violation("the group is lost")
def _(edit: Edit) -> None:
    edit.sub(PROD, r"concurrency:\n  group: .*\n  cancel-in-progress: .*\n", "")


@violation("each commit has a group of its own")
def _(edit: Edit) -> None:
    edit.replace(DEV, "'deploy-dev'", "format('deploy-{0}', github.sha)")


@violation("dev and prod share a group")
def _(edit: Edit) -> None:
    edit.replace(DEV, "'deploy-dev'", "'deploy'")
    edit.replace(PROD, "'deploy-prod'", "'deploy'")


@violation("a workflow that deploys by hand has no group")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying("workflow_dispatch:", more=""))


@violation("a workflow that deploys by hand within an hour has no group")
def _(edit: Edit) -> None:
    text = deploying("workflow_dispatch:", more="")
    edit.write(OWN, text.replace("make deploy ENV=dev", "timeout 3600 make deploy ENV=dev"))


@fix("Write `cancel-in-progress")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(DEV, r"cancel-in-progress: .*", advised(finding))


@fix("Write `concurrency: ")
def _(edit: Edit, finding: Finding) -> None:
    group = advised(finding).replace("<env>", "dev")
    edit.in_line(finding, r"\n", f"\n    {group}\n")


@fix("Take `github.sha")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(DEV, "format('deploy-{0}', github.sha)", "'deploy-dev'")


@fix("Call it `deploy-prod`")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(PROD, "'deploy'", "'deploy-prod'")


@good("the group stands at the job, and says the environment")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"concurrency:\n  group: .*\n  cancel-in-progress: .*\n", "")
    edit.replace(
        DEPLOY,
        "    needs: build\n",
        "    needs: build\n    concurrency: deploy-${{ inputs.environment }}\n",
    )


@good("only pull requests cancel")
def _(edit: Edit) -> None:
    edit.replace(
        DEV, "${{ github.event_name != 'push' }}", "${{ github.event_name == 'pull_request' }}"
    )


@good("the group is named after the branch, and says nothing of cancelling")
def _(edit: Edit) -> None:
    edit.sub(
        DEV,
        r"concurrency:\n  group: .*\n  cancel-in-progress: .*\n",
        "concurrency: dev-${{ github.ref }}\n",
    )


@good("pushes have one group, and each other run its own")
def _(edit: Edit) -> None:
    group = "${{ github.event_name == 'push' && 'deploy-dev' || github.run_id }}"
    edit.sub(DEV, r"  group: .*\n", f"  group: {group}\n")
