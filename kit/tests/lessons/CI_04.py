"""Cases of CI-04."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.pipelines import (
    CHECKS,
    DEPLOY,
    OWN,
    PYTHON,
    SIGN_IN,
    WORKFLOWS,
    workflow,
)
from kit.gate.findings import Finding


@violation("a workflow has the permissions that GitHub gives by default")
def _(edit: Edit) -> None:
    text = workflow("push:", "- run: echo hello\n").replace("permissions: {}\n", "")
    edit.write(OWN, text.replace("    permissions:\n      contents: read\n", ""))


@violation("a checkout keeps its token")
def _(edit: Edit) -> None:
    edit.sub(CHECKS, r"          persist-credentials: false\n", "")


@violation("a checkout keeps its token on purpose, and pushes nothing")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "persist-credentials: false", "persist-credentials: true")


@violation("the checks may sign in, and do not")
def _(edit: Edit) -> None:
    if "id-token" in edit.read(CHECKS):
        edit.skip()
    edit.replace(CHECKS, "      contents: read\n", "      contents: read\n      id-token: write\n")


@violation("the checks may push, and do not")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "      contents: read\n", "      contents: write\n")


@violation("a whole workflow may write")
def _(edit: Edit) -> None:
    steps = '- run: gh release create "$TAG"\n  env:\n    GH_TOKEN: ${{ github.token }}\n'
    text = workflow("workflow_dispatch:", steps)
    edit.write(OWN, text.replace("permissions: {}\n", "permissions:\n  contents: write\n"))


@violation("a workflow that others call may do all that GitHub allows")
def _(edit: Edit) -> None:
    text = workflow("workflow_call:", "- run: echo hello\n")
    edit.write(OWN, text.replace("permissions: {}\n", "permissions: write-all\n"))


@violation("a job may do all that GitHub allows")
def _(edit: Edit) -> None:
    text = workflow("workflow_call:", "- run: gh release create v1\n")
    listed = "    permissions:\n      contents: read\n"
    edit.write(OWN, text.replace(listed, "    permissions: write-all\n"))


@fix("Write `permissions: {}`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(OWN)
    text = re.sub(
        r"^permissions:.*\n( .*\n)*|^    permissions:.*\n(      .*\n)*", "", text, flags=re.M
    )
    text = text.replace("jobs:\n", "permissions: {}\njobs:\n")
    edit.write(
        OWN, text.replace("    steps:\n", "    permissions:\n      contents: read\n    steps:\n")
    )


@fix("Write `permissions: {}`", "a whole workflow may write")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(OWN, "permissions:\n  contents: write\n", "permissions: {}\n")
    edit.replace(OWN, "      contents: read\n", "      contents: write # releases\n")


@fix("Delete `")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Write `persist-credentials: false`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path).replace("          persist-credentials: true\n", "")
    lines = text.splitlines(keepends=True)
    place = lines.index("        with:\n", finding.line - 1) + 1
    lines.insert(place, "          persist-credentials: false\n")
    edit.write(finding.path, "".join(lines))


@good("a release may write, and pushes its tag")
def _(edit: Edit) -> None:
    steps = (
        '- run: gh release create "$TAG"\n  env:\n    GH_TOKEN: ${{ github.token }}\n    TAG: v1\n'
    )
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: write"))


@good("a release pushes its tag with the token of its checkout, and tests read an image by its tag")
def _(edit: Edit) -> None:
    steps = "- run: git push origin v1\n"
    text = workflow("workflow_dispatch:", steps, "contents: write")
    text = text.replace("persist-credentials: false", "persist-credentials: true # pushes a tag")
    edit.write(OWN, text.replace("    steps:\n", "    container: node:22\n    steps:\n"))


@good("make pushes the tag of a release")
def _(edit: Edit) -> None:
    text = workflow("workflow_dispatch:", "- run: make release\n", "contents: write")
    edit.write(OWN, text.replace("persist-credentials: false", "persist-credentials: true"))


@good("a workflow of its own signs in to read logs")
def _(edit: Edit) -> None:
    steps = f"""\
- uses: {SIGN_IN}
  with:
    role-to-assume: ${{{{ vars.ROLE }}}}
    aws-region: ${{{{ vars.REGION }}}}
- run: make status ENV=dev
"""
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: read\nid-token: write"))


@good("a workflow publishes pages and signs what it releases")
def _(edit: Edit) -> None:
    commit = "0123456789012345678901234567890123456789"
    steps = f"- uses: actions/deploy-pages@{commit} # v4.0.5\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps, "pages: write\nid-token: write"))
    for name, step in {
        "coverage": f"uses: codecov/codecov-action@{commit} # v5.4.0\n  with:\n    use_oidc: true",
        "provenance": f"uses: actions/attest-build-provenance@{commit} # v2.2.3",
        "sign": "run: cosign sign-blob --yes requirements-dev.txt",
        "packages": "run: npm publish --provenance",
    }.items():
        text = workflow("workflow_dispatch:", f"- {step}\n", "contents: read\nid-token: write")
        edit.write(f"{WORKFLOWS}/{name}.yml", text)


@violation("a job that only installs may sign in")
def _(edit: Edit) -> None:
    steps = f"- uses: {PYTHON}\n- run: make setup check\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: read\nid-token: write"))
