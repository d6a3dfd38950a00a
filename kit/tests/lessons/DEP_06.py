"""Cases of DEP-06."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.dependencies import CHECKS, own_workflow, run_step


@violation("a list adds the private index to the public one")
def _(edit: Edit) -> None:
    edit.append(
        f"{edit.function().folder}/requirements.txt",
        "--extra-index-url https://packages.example.com/simple/\n",
    )


@violation("a workflow adds an index for every package")
def _(edit: Edit) -> None:
    edit.replace(
        CHECKS,
        "run: make setup",
        "env:\n          PIP_EXTRA_INDEX_URL: https://packages.example.com/simple/\n        run: make setup",
    )


@violation("a private package is on a public list, too")
def _(edit: Edit) -> None:
    with_private_index(edit)
    folder = edit.function().folder
    edit.write(f"{folder}/requirements.private", "acme-tools==1.4.2\n")
    edit.append(f"{folder}/requirements.in", "Acme_Tools\n")
    edit.pin(f"{folder}/requirements.txt", "acme-tools", "1.4.2")


@violation("a private package is not pinned")
def _(edit: Edit) -> None:
    with_private_index(edit)
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools>=1.4\n")


@violation("a job builds without signing in to the private index")
def _(edit: Edit) -> None:
    with_private_index(edit)
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools==1.4.2\n")
    own_workflow(edit, run_step("make setup SETUP_ARGS=--own-sam", "make build CONTAINER=yes"))


@violation("a private list is written where there is no private index")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools==1.4.2\n")


@good("private packages are pinned, one with its digest, and used")
def _(edit: Edit) -> None:
    with_private_index(edit)
    folder = edit.function().folder
    digest = "a" * 64
    edit.write(
        f"{folder}/requirements.private",
        f"# Ours.\nacme-tools==1.4.2\nacme.money==2.0 --hash=sha256:{digest}\n",
    )
    edit.write(f"{folder}/lambda_pkg/services/fresh.py", "import acme_tools\n\nX = acme_tools\n")


@good("all packages come from a mirror of the company")
def _(edit: Edit) -> None:
    edit.append("pyproject.toml", '\n[tool.uv]\nindex-url = "https://mirror.example.com/simple/"\n')


def with_private_index(edit: Edit) -> None:
    """Skip samples whose answers name no private index."""
    if not edit.has("docs/private-packages.md"):
        edit.skip()
