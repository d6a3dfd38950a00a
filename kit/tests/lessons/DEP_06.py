"""Cases of DEP-06."""

from cases import fix, good, violation
from edits import Edit
from edits.dependencies import CHECKS, own_workflow, requirements, run_step
from edits.structure import fresh, require
from kit.gate.findings import Finding


def private(edit: Edit, text: str) -> None:
    """Let the first function require private packages; skip a sample without a private index."""
    if not edit.has("docs/private-packages.md"):
        edit.skip()
    edit.write(f"{edit.function().folder}/requirements.private", text)


@violation("a list adds the private index to the public one")
def _(edit: Edit) -> None:
    edit.append(requirements(edit), "--extra-index-url https://packages.example.com/simple/\n")


@violation("a workflow adds an index for every package")
def _(edit: Edit) -> None:
    env = "env:\n          PIP_EXTRA_INDEX_URL: https://packages.example.com/simple/\n"
    edit.replace(CHECKS, "run: make setup", f"{env}        run: make setup")


@violation("a private package is on a public list, too")
def _(edit: Edit) -> None:
    private(edit, "acme-tools==1.4.2\n")
    require(edit, "acme-tools", "1.4.2")


@violation("a private package is not pinned")
def _(edit: Edit) -> None:
    private(edit, "acme-tools>=1.4\n")


@violation("a job builds without signing in to the private index")
def _(edit: Edit) -> None:
    private(edit, "acme-tools==1.4.2\n")
    own_workflow(edit, run_step("make setup SETUP_ARGS=--own-sam", "make build CONTAINER=yes"))


@violation("a private list is written where there is no private index")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools==1.4.2\n")


@fix("Delete it, and name the index")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Delete it, or name the index")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)


@fix("Delete acme-tools from this list")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(finding)


@fix("Pin it to one version")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, ">=1.4", "==1.4.2")


@fix("Sign in by a step before it")
def _(edit: Edit, finding: Finding) -> None:
    url = "          PRIVATE_INDEX_URL: ${{ secrets.PRIVATE_INDEX_URL }}\n"
    edit.replace(finding.path, "      - run: |\n", f"      - env:\n{url}        run: |\n")


@good("private packages are pinned, one with its hash, and used")
def _(edit: Edit) -> None:
    money = f"acme.money==2.0 --hash=sha256:{'a' * 64}"
    private(edit, f"# Ours.\nacme-tools==1.4.2\n{money}\n")
    fresh(edit, "import acme_tools\n\nX = acme_tools\n")


@good("all packages come from a mirror of the company")
def _(edit: Edit) -> None:
    edit.append("pyproject.toml", '\n[tool.uv]\nindex-url = "https://mirror.example.com/simple/"\n')
