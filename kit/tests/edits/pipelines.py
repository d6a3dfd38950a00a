"""What the cases of several lessons share: pipelines."""

import itertools

from edits import Edit
from kit.gate.findings import Finding

WORKFLOWS = ".github/workflows"
DEV, PROD = f"{WORKFLOWS}/dev_cicd.yml", f"{WORKFLOWS}/prod_cicd.yml"
CHECKS, DEPLOY = f"{WORKFLOWS}/checks.yml", f"{WORKFLOWS}/deploy.yml"
OWN = f"{WORKFLOWS}/own.yml"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
SIGN_IN = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"
CHECK_STEP = "        run: make check\n"


def workflow(on: str, steps: str, permissions: str = "contents: read", more: str = "") -> str:
    """A workflow of one job, as a careful developer would write it; `more` stands before the jobs."""
    listed = "".join(f"      {line}\n" for line in permissions.splitlines())
    indented = "".join(f"      {line}\n" if line else "\n" for line in steps.splitlines())
    return f"""\
name: own
on:
  {on}
permissions: {{}}
{more}
jobs:
  own:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
{listed}    steps:
      - name: Check out
        uses: {CHECKOUT}
        with:
          persist-credentials: false
{indented}"""


def deploying(on: str, before: str = "- run: make check\n", more: str | None = None) -> str:
    """A workflow that deploys dev."""
    return workflow(
        on,
        f"""\
- run: make setup SETUP_ARGS=--own-sam
{before}- name: Sign in to AWS
  uses: {SIGN_IN}
  with:
    role-to-assume: ${{{{ vars.ROLE }}}}
    aws-region: ${{{{ vars.REGION }}}}
- run: make deploy ENV=dev
""",
        "contents: read\nid-token: write",
        "concurrency:\n  group: deploy-dev\n" if more is None else more,
    )


def delete_step(edit: Edit, finding: Finding) -> None:
    """Delete the step in which a finding is."""
    lines, begin, depth = _step(edit, finding)
    deeper = itertools.takewhile(lambda line: not line[: depth + 1].strip(), lines[begin + 1 :])
    lines[begin : begin + 1 + len([*deeper])] = []
    edit.write(finding.path, "".join(lines))


def insert_step(edit: Edit, finding: Finding, step: str) -> None:
    """Insert a step before the one in which a finding is."""
    lines, begin, depth = _step(edit, finding)
    lines.insert(begin, f"{' ' * depth}{step}")
    edit.write(finding.path, "".join(lines))


def _step(edit: Edit, finding: Finding) -> tuple[list[str], int, int]:
    """The lines of a finding's file, the index of the one where its step begins, and its depth."""
    lines = edit.read(finding.path).splitlines(keepends=True)
    begin = max(n for n, line in enumerate(lines[: finding.line]) if line.lstrip()[:2] == "- ")
    return lines, begin, len(lines[begin]) - len(lines[begin].lstrip())
