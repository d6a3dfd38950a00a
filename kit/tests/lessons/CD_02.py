"""Cases of CD-02."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import SAMCONFIG, write_setting
from edits.pipelines import DEPLOY, OWN, workflow
from kit.gate.findings import Finding


@violation("dev is built without the container, as that is faster")
def _(edit: Edit) -> None:
    edit.replace(SAMCONFIG, "use_container = true", "use_container = false")


@violation("prod's build lost its settings")
def _(edit: Edit) -> None:
    section = "[prod.build.parameters]\n"
    edit.replace(SAMCONFIG, f"{section}use_container = true\n", section)


@violation("CI builds without the container")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "make build CONTAINER=yes", "make build CONTAINER=no")


@violation("CI builds as it happens")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "make build CONTAINER=yes", "make build")


@violation("a workflow calls SAM without its settings")
def _(edit: Edit) -> None:
    edit.write(OWN, workflow("workflow_dispatch:", "- run: sam build --parallel\n"))


@fix("Write `use_container")
def _(edit: Edit, finding: Finding) -> None:
    write_setting(edit, finding)


@fix("Give it `CONTAINER=yes`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"make build.*", "make build CONTAINER=yes")


@fix("Give it `--use-container`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "sam build", "sam build --use-container")


@good("the setting is for all commands, and CI says it by a variable")
def _(edit: Edit) -> None:
    edit.replace_all(SAMCONFIG, "use_container = true\n", "")
    for env in ("dev", "prod"):
        head = f"[{env}.global.parameters]\n"
        edit.replace(SAMCONFIG, head, f"{head}use_container = true\n")
    edit.replace(
        DEPLOY,
        "run: make build CONTAINER=yes",
        "run: make build\n        env:\n          CONTAINER: yes",
    )
    edit.write(OWN, workflow("workflow_dispatch:", "- run: sam build --config-env dev\n"))
