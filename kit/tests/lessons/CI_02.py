"""Cases of CI-02."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import advised
from edits.pipelines import (
    DEPLOY,
    DEV,
    OWN,
    PROD,
    delete_step,
    deploying,
    workflow,
)
from kit.gate.findings import Finding


@violation("build-and-deploy runs on both events")
def _(edit: Edit) -> None:
    edit.replace(DEV, "    if: github.event_name == 'push'\n", "")


@violation("the condition of the deployment is turned around")
def _(edit: Edit) -> None:
    edit.replace(PROD, "github.event_name == 'push'\n", "github.event_name != 'push'\n")


@violation("the deployment is also allowed to who may write")
def _(edit: Edit) -> None:
    edit.replace(
        DEV,
        "    if: github.event_name == 'push'\n",
        "    if: github.event_name == 'push' || github.event.pull_request.head.repo.fork == false\n",
    )


@violation("the checks get another name")
def _(edit: Edit) -> None:
    edit.replace(DEV, "  pr_checks:\n", "  checks:\n")


@violation("the checks run on pushes, too")
def _(edit: Edit) -> None:
    edit.replace(DEV, "    if: github.event_name == 'pull_request'\n", "")


@violation("a workflow of its own deploys pull requests for a preview")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying("pull_request:"))


@violation("a preview of pull requests is deployed by a script")
def _(edit: Edit) -> None:
    script = 'set -e\nsam deploy --config-env dev --stack-name "$1"\n'
    edit.write("scripts/preview.sh", f"#!/usr/bin/env bash\n{script}")
    steps = '- run: ./scripts/preview.sh "$STACK"\n'
    edit.write(OWN, workflow("pull_request:", steps))


@violation("a preview of pull requests is deployed by a target of local.mk")
def _(edit: Edit) -> None:
    edit.write("local.mk", "preview: build\n\t$(SAM) deploy --config-env dev\n")
    edit.write(OWN, workflow("pull_request:", "- run: make -j2 preview\n"))


@violation("a preview of pull requests is deployed with less priority")
def _(edit: Edit) -> None:
    steps = "- run: nice -n 5 make --directory=. deploy ENV=dev\n"
    edit.write(OWN, workflow("pull_request:", steps))


@violation("deploy.yml deploys by hand alone")
def _(edit: Edit) -> None:
    step = "        run: make deploy BUILT=yes\n"
    left_out = "        if: github.event_name == 'workflow_dispatch'\n"
    edit.replace(DEPLOY, step, f"{left_out}{step}")


@violation("pull requests of forks get a token")
def _(edit: Edit) -> None:
    edit.write(OWN, workflow("pull_request_target:", "- run: echo hello\n"))


@fix("Write `if: ")
def _(edit: Edit, finding: Finding) -> None:
    name = advised(finding, 1)
    edit.sub(finding.path, rf"^  {name}\n(    if: .*\n)?", f"  {name}\n    {advised(finding)}\n")


@fix("Give the job for `pull_request` the name")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(finding.path, "  checks:\n", f"  {advised(finding, 1)}:\n")


@fix("Delete the step")
def _(edit: Edit, finding: Finding) -> None:
    delete_step(edit, finding)


@fix("Delete `if: ")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(finding.path, f"        {advised(finding)}\n", "")


@fix("Write `pull_request:`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "pull_request_target:", advised(finding))


@good("the conditions are written as expressions, and one has more")
def _(edit: Edit) -> None:
    push = "github.event_name == 'push'"
    edit.replace(DEV, f"if: {push}\n", f"if: ${{{{ {push} }}}}\n")
    more = "!contains(github.event.head_commit.message, '[no deploy]')"
    edit.replace(PROD, f"if: {push}\n", f"if: ${{{{ {push} && {more} }}}}\n")


@good("one job of a workflow checks pull requests, and another deploys by hand")
def _(edit: Edit) -> None:
    text = deploying("workflow_dispatch:\n  pull_request:")
    by_hand = "  own:\n    if: github.event_name == 'workflow_dispatch'\n"
    edit.write(OWN, text.replace("  own:\n", by_hand))


@good("another job on pull requests says what would change")
def _(edit: Edit) -> None:
    steps = "- run: make setup\n- run: make changes BASE=origin/develop\n- run: echo 'then make deploy'\n"
    edit.write(OWN, workflow("pull_request:", steps))
