"""Cases of CI-05."""

from cases import fix, good, violation
from edits import Edit
from edits.pipelines import (
    CHECKS,
    DEPLOY,
    OWN,
    PYTHON,
    workflow,
)
from kit.gate.findings import Finding


@violation("an action is named by its tag")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"actions/checkout@.*", "actions/checkout@v7")


@violation("an action is named by a short id")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"(actions/setup-python@[0-9a-f]{7})[0-9a-f]+", r"\1")


@violation("the comment with the version is lost")
def _(edit: Edit) -> None:
    edit.sub(CHECKS, r"(actions/checkout@[0-9a-f]{40}) # v.*", r"\1")


@violation("the comment says a branch")
def _(edit: Edit) -> None:
    edit.sub(CHECKS, r"(actions/checkout@[0-9a-f]{40}) # v.*", r"\1 # main")


@violation("an action of the repository itself uses a tag")
def _(edit: Edit) -> None:
    edit.write(
        ".github/actions/tools/action.yml",
        "name: tools\ndescription: Installs tools.\nruns:\n  using: composite\n  steps:\n"
        "    - uses: actions/setup-node@v6\n",
    )


@violation("a step runs an image by its tag")
def _(edit: Edit) -> None:
    edit.write(OWN, workflow("workflow_dispatch:", "- uses: docker://alpine:3.20\n"))


@violation("a job runs in the newest image")
def _(edit: Edit) -> None:
    text = workflow("workflow_dispatch:", "- run: node --version\n")
    edit.write(OWN, text.replace("    steps:\n", "    container: {image: node}\n    steps:\n"))


@violation("a job needs a database, in its latest image")
def _(edit: Edit) -> None:
    text = workflow("workflow_dispatch:", "- run: node --version\n")
    database = "    services:\n      db:\n        image: postgres:latest\n    steps:\n"
    edit.write(OWN, text.replace("    steps:\n", database))


@violation("a workflow of another repository is called by its branch")
def _(edit: Edit) -> None:
    text = workflow("workflow_dispatch:", "")
    called = "  own:\n    permissions:\n      contents: read\n    uses: acme/pipelines/.github/workflows/scan.yml@main\n"
    edit.write(OWN, text[: text.index("  own:\n")] + called)


@fix("Write `acme/")
@fix("Write `actions/")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"@.*", f"@{'0123456789' * 4} # v7.0.1")


@fix("Write `docker://alpine:3.20@sha256:")
@fix("Write `node@sha256:")
@fix("Write `postgres:latest@sha256:")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(
        finding,
        r"(docker://alpine:3.20|node|postgres:latest)",
        rf"\1@sha256:{'0123456789abcdef' * 4}",
    )


@fix("Write the version")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"( #.*)?\n", " # v7.0.1\n")


@good("a new workflow pins what it uses, and calls an own action")
def _(edit: Edit) -> None:
    edit.write(
        ".github/actions/tools/action.yml",
        f"name: tools\ndescription: Installs tools.\nruns:\n  using: composite\n  steps:\n    - uses: {PYTHON}\n",
    )
    steps = f"- uses: ./.github/actions/tools\n- name: Python\n  uses: '{PYTHON.replace(' #', chr(39) + ' #')}\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))
