"""Cases of DEP-08."""

from cases import good, violation
from edits import Edit
from edits.dependencies import DEPENDABOT, own_workflow, run_step


def signing_job(edit: Edit, *lines: str) -> None:
    """Add a job that can become a role and runs these lines."""
    own_workflow(edit, run_step(*lines, "cosign sign-blob --yes CHANGELOG.md"), name="report")
    old = "    permissions:\n      contents: read\n"
    edit.replace(".github/workflows/report.yml", old, f"{old}      id-token: write\n")


@violation("the SAM CLI is installed by its name alone")
def _(edit: Edit) -> None:
    edit.write("requirements-sam.txt", "aws-sam-cli==1.170.0\n")


@violation("a package is pinned by hand for the job that deploys")
def _(edit: Edit) -> None:
    edit.append("requirements-deploy.txt", "python-slugify==8.0.4\n")


@violation("a job that can become a role runs the newest release of a tool")
def _(edit: Edit) -> None:
    signing_job(edit, "uvx cowsay hello")


@violation("a job that can become a role installs from npm without a lock")
def _(edit: Edit) -> None:
    signing_job(edit, "npm install --global left-pad")


@violation("the bot proposes releases of the same day")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r"    cooldown:\n      default-days: 7\n", "")


@violation("lock takes releases of the same day")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "COOLDOWN = 7 days", "COOLDOWN = 0 days")


@good("a job without a role takes what it likes, one with a role what is locked")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("npx cowsay hello"))
    signing_job(edit, "npm ci --ignore-scripts", "make setup SETUP_ARGS=--deploy")


@good("the cooldown is longer")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "COOLDOWN = 7 days", "COOLDOWN ?= 2 weeks")
    edit.sub(DEPENDABOT, r"default-days: 7", "default-days: 14")
