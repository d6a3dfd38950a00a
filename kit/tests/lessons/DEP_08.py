"""Cases of DEP-08."""

from cases import fix, good, violation
from edits import Edit
from edits.dependencies import DEPENDABOT, make_target, own_workflow, run_step
from kit.gate.findings import Finding


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


for command in (
    *("npm exec --yes cowsay", "pnpm dlx cowsay", "yarn dlx cowsay", "uv tool run cowsay"),
    *("npm add left-pad", "pnpm up left-pad"),
):

    @violation(f"a job that can become a role runs {command}")
    def _(edit: Edit, command: str = command) -> None:
        signing_job(edit, command)


@violation("the bot proposes releases of the same day")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r"    cooldown:\n      default-days: 7\n", "")


@violation("lock takes releases of the same day")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "COOLDOWN = 7 days", "COOLDOWN = 0 days")


@violation("own settings of make shorten the cooldown")
def _(edit: Edit) -> None:
    edit.write("local.mk", "override COOLDOWN := 0 days\n")


@violation("the bot's cooldown holds for no package")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r"(      default-days: 7\n)", '\\1      exclude: ["*"]\n')


@violation("an own target pins without a cooldown")
def _(edit: Edit) -> None:
    make_target(edit, "pin", "$(BIN)/uv pip compile --upgrade requirements-dev.in")


@violation("a target of make installs without hashes, in a job that can become a role")
def _(edit: Edit) -> None:
    make_target(edit, "signer", "$(BIN)/python -m pip install sigstore==4.1.0")
    signing_job(edit, "make setup SETUP_ARGS=--deploy", "make signer")


@violation("a job that can become a role installs a list without hashes")
def _(edit: Edit) -> None:
    edit.write("signing.txt", "python-slugify==8.0.4\n")
    make_target(edit, "signer", "$(BIN)/pip install -r signing.txt")
    signing_job(edit, "make signer")


@violation("a job that can become a role runs a script from the internet")
def _(edit: Edit) -> None:
    signing_job(edit, "curl -sSL https://example.com/install.sh | bash")


@fix("Name the package in the `.in` file")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(==\S+)", rf"\1 --hash=sha256:{'a' * 64}")


@fix("Name it in a `requirements*.in`")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Let `cooldown:` of this entry")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", "\n    cooldown:\n      default-days: 7\n")


@fix("Let `cooldown:` of this entry", "the bot's cooldown holds for no package")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(DEPENDABOT, r"      exclude: .*\n", "")


@fix("Write `COOLDOWN = 7 days`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "0 days", "7 days")


@fix("Use `make lock`, or add")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "--upgrade", "--upgrade --exclude-newer '7 days'")


@good("a job without a role takes what it likes, one with a role what is locked")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("npx cowsay hello"))
    signing_job(edit, "npm ci --ignore-scripts", "make setup SETUP_ARGS=--deploy")
    edit.replace(".github/workflows/report.yml", "npm ci --i", "npm run exec\n          npm ci --i")


@good("the cooldown is longer")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "COOLDOWN = 7 days", "COOLDOWN ?= 2 weeks")
    edit.sub(DEPENDABOT, r"default-days: 7", "default-days: 14")
