"""Cases of CI-01."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.delivery import advised
from edits.pipelines import (
    DEV,
    OWN,
    PROD,
    WORKFLOWS,
    deploying,
    workflow,
)
from kit.gate.findings import Finding


@violation("both workflows become one, and prod's is deleted")
def _(edit: Edit) -> None:
    edit.delete(PROD)


@violation("every branch deploys to dev, to try features out")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"push:\n    branches: \[.*\]", 'push:\n    branches: ["**"]')


@violation("feature branches deploy to dev beside its own")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"(push:\n    branches: \[.*)\]", r'\1, "feature/*"]')


@violation("pull requests are not checked any more")
def _(edit: Edit) -> None:
    edit.sub(PROD, r"  pull_request:\n    branches: .*\n", "")


@violation("tags deploy to prod, too")
def _(edit: Edit) -> None:
    edit.sub(PROD, r"push:\n", 'push:\n    tags: ["v*"]\n')


@violation("a third workflow deploys each night")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying('schedule:\n    - cron: "0 3 * * *"'))


def each_night(edit: Edit, command: str) -> None:
    """A third workflow that deploys dev by that command."""
    text = deploying('schedule:\n    - cron: "0 3 * * *"')
    edit.write(OWN, text.replace("- run: make deploy ENV=dev", f"- run: {command}"))


def without_role(edit: Edit, command: str) -> None:
    """The same without a role: what installs tools beside one is DEP-08's."""
    steps = f"- run: make setup check\n- run: {command}\n"
    more = "concurrency: deploy-dev\n"
    edit.write(OWN, workflow('schedule:\n    - cron: "0 3 * * *"', steps, more=more))


@violation("a third workflow deploys each night, and ends after an hour")
def _(edit: Edit) -> None:
    each_night(edit, "timeout --kill-after=60 3600 make deploy ENV=dev")


@violation("a third workflow deploys each night, from the folder of the service")
def _(edit: Edit) -> None:
    each_night(edit, 'make -C "$GITHUB_WORKSPACE" --file=Makefile deploy ENV=dev')


@violation("a third workflow deploys each night with the SAM CLI that uv installs")
def _(edit: Edit) -> None:
    without_role(edit, "uvx --from aws-sam-cli sam deploy --config-env dev")


@violation("a third workflow deploys each night with SAM as a module")
def _(edit: Edit) -> None:
    each_night(edit, "uv run --no-project python -m samcli --debug deploy --config-env dev")


@violation("a third workflow deploys each night with the CDK")
def _(edit: Edit) -> None:
    without_role(edit, "npx --yes cdk@2 --app infra/app.py deploy --all")


@violation("a third workflow deploys each night to every environment in a list")
def _(edit: Edit) -> None:
    each_night(edit, 'printf "dev\\nprod\\n" | xargs -I {} make deploy ENV={}')


@fix("Bring it back")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(DEV).replace(edit.answers["dev_branch"], edit.answers["prod_branch"])
    edit.write(PROD, re.sub(r"\bdev\b", "prod", text))


@fix("Write `pull_request: {branches")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(PROD, r"^on:\n", f"on:\n  {advised(finding)}\n")


@fix("Write `branches: ")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"(push:\n    )branches: .*", rf"\1{advised(finding)}")


@fix("Delete `tags`")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(finding)


@fix("Write `workflow_dispatch:`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(OWN, r"  schedule:\n    - .*\n", f"  {advised(finding)}\n")


@good("a third workflow calls tools each night that deploy nothing")
def _(edit: Edit) -> None:
    edit.write("site/Makefile", "deploy: ## Copy the pages\n\tcp -r pages public\n")
    steps = "".join(
        f"- run: {command}\n"
        for command in (
            "make setup SETUP_ARGS=--own-sam",
            "command -v sam",
            "timeout 600 make -C . check",
            "make -C site deploy",
            "npx --yes cdk@2 diff",
            "aws --region $REGION cloudformation describe-stacks",
            "git ls-files deploy | xargs -n1 echo make deploy",
        )
    )
    edit.write(OWN, workflow('schedule:\n    - cron: "0 3 * * *"', steps))


@good("a third workflow checks each night, and another deploys by hand")
def _(edit: Edit) -> None:
    steps = "- run: make setup SETUP_ARGS=--own-sam\n- run: make check\n"
    edit.write(OWN, workflow('schedule:\n    - cron: "0 3 * * *"', steps))
    edit.write(f"{WORKFLOWS}/again.yml", deploying("workflow_dispatch:"))


@good("what is only documents is not deployed")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"push:\n", 'push:\n    paths-ignore: ["**.md"]\n')
    edit.sub(DEV, r"branches: \[(.*)\]", r"branches:\n      - \1")
