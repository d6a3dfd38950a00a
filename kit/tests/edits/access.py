"""What the cases of several lessons share: access."""

import re

from edits import Edit, Function
from kit.gate.findings import Finding

INFRA = "infra/environment.yaml"


# A workflow of one's own, as somebody adds it beside those of the template.
WORKFLOW = """name: reports

on:
  workflow_dispatch:

permissions: {{}}

jobs:
{jobs}"""


JOB = """  {name}:
    name: {name}
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    environment: {environment}
    permissions:
      contents: read
      id-token: write # sign in to AWS
    steps:
      - name: Sign in to AWS
        uses: aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3
        with:
{given}
          aws-region: ${{{{ vars.AWS_REGION }}}}
"""


ACCOUNT = "arn:aws:iam::${{ vars.AWS_ACCOUNT_ID }}"


def job(name: str, environment: str, *given: str) -> str:
    lines = "\n".join(f"          {item}" for item in given)
    return JOB.format(name=name, environment=environment, given=lines)


def workflow(edit: Edit, *jobs: str) -> None:
    edit.write(".github/workflows/reports.yml", WORKFLOW.format(jobs="\n".join(jobs)))


def in_infra(edit: Edit, logical_id: str, old: str, new: str) -> None:
    edit.in_resource(logical_id, old, new, path=INFRA)


def delete_from_infra(edit: Edit, logical_id: str, begin: str, end: str) -> None:
    """Delete what stands in a resource of infra/environment.yaml from `begin` up to `end`."""
    text = edit.resource(logical_id, INFRA)
    in_infra(edit, logical_id, text[text.index(begin) : text.index(end)], "")


def policies(edit: Edit, logical_id: str, text: str) -> None:
    """Put that in place of `Policies:` of a function, or give it some."""
    key = "      Policies:\n"
    if key in edit.resource(logical_id):
        edit.in_resource(logical_id, key, f"      {text}")
    else:
        edit.in_resource(logical_id, "      CodeUri:", f"      {text}      CodeUri:")


def allow(edit: Edit, function: Function, *lines: str) -> None:
    """Allow a function what a statement of these lines says."""
    text = "".join(f"              {line}\n" for line in lines)
    statement = f"          Statement:\n            - Effect: Allow\n{text}"
    more = f"Policies:\n        - Version: '2012-10-17'\n{statement}"
    policies(edit, function.logical_id, more)


def list_actions(edit: Edit, finding: Finding, *actions: str) -> None:
    """Put single actions in place of the one that a finding names in its line."""
    wide = re.escape(finding.message.split("`")[1])
    edit.in_line(finding, rf"""["']?{wide}["']?""", ", ".join(actions))
