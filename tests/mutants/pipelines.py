"""Edits that break CI lessons, and innocent ones."""

from __future__ import annotations

from .edits import Edit, innocent, mutant

WORKFLOWS = ".github/workflows"
DEV, PROD = f"{WORKFLOWS}/dev_cicd.yml", f"{WORKFLOWS}/prod_cicd.yml"
CHECKS, DEPLOY = f"{WORKFLOWS}/checks.yml", f"{WORKFLOWS}/deploy.yml"
OWN = f"{WORKFLOWS}/own.yml"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
SIGN_IN = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"
CHECK_STEP = "        run: make check\n"
DEPLOY_STEP = "        run: make deploy BUILT=yes\n"
ACTION = ".github/actions/check/action.yml"
OWN_ACTION = """\
name: check
description: Checks.
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        make check || {
          echo "make check tells the same on a laptop"
          exit 1
        }
"""
INTEGRATION_STEP = """\
      - name: Test what was deployed
        if: inputs.environment == 'dev'
        run: make integration
"""


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


# ── CI-01: two workflows ─────────────────────────────────────────────────────


@mutant("CI-01", "both workflows become one, and prod's is deleted")
def _(edit: Edit) -> None:
    edit.delete(PROD)


@mutant("CI-01", "every branch deploys to dev, to try features out")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"push:\n    branches: \[.*\]", 'push:\n    branches: ["**"]')


@mutant("CI-01", "feature branches deploy to dev beside its own")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"(push:\n    branches: \[.*)\]", r'\1, "feature/*"]')


@mutant("CI-01", "pull requests are not checked any more")
def _(edit: Edit) -> None:
    edit.sub(PROD, r"  pull_request:\n    branches: .*\n", "")


@mutant("CI-01", "tags deploy to prod, too")
def _(edit: Edit) -> None:
    edit.sub(PROD, r"push:\n", 'push:\n    tags: ["v*"]\n')


@mutant("CI-01", "a third workflow deploys each night")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying('schedule:\n    - cron: "0 3 * * *"'))


def each_night(edit: Edit, command: str) -> None:
    """A third workflow that deploys dev by that command."""
    text = deploying('schedule:\n    - cron: "0 3 * * *"')
    edit.write(OWN, text.replace("- run: make deploy ENV=dev", f"- run: {command}"))


@mutant("CI-01", "a third workflow deploys each night, and ends after an hour")
def _(edit: Edit) -> None:
    each_night(edit, "timeout --kill-after=60 3600 make deploy ENV=dev")


@mutant("CI-01", "a third workflow deploys each night, from the folder of the service")
def _(edit: Edit) -> None:
    each_night(edit, 'make -C "$GITHUB_WORKSPACE" --file=Makefile deploy ENV=dev')


@mutant("CI-01", "a third workflow deploys each night with the SAM CLI that uv installs", "DEP-08")
def _(edit: Edit) -> None:
    each_night(edit, "uvx --from aws-sam-cli sam deploy --config-env dev")


@mutant("CI-01", "a third workflow deploys each night with SAM as a module")
def _(edit: Edit) -> None:
    each_night(edit, "uv run --no-project python -m samcli --debug deploy --config-env dev")


@mutant("CI-01", "a third workflow deploys each night with the CDK", "DEP-08")
def _(edit: Edit) -> None:
    each_night(edit, "npx --yes cdk@2 --app infra/app.py deploy --all")


@mutant("CI-01", "a third workflow deploys each night to every environment in a list")
def _(edit: Edit) -> None:
    each_night(edit, 'printf "dev\\nprod\\n" | xargs -I {} make deploy ENV={}')


@innocent("CI-01", "a third workflow calls tools each night that deploy nothing")
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


@innocent("CI-01", "a third workflow checks each night, and another deploys by hand")
def _(edit: Edit) -> None:
    steps = "- run: make setup SETUP_ARGS=--own-sam\n- run: make check\n"
    edit.write(OWN, workflow('schedule:\n    - cron: "0 3 * * *"', steps))
    edit.write(f"{WORKFLOWS}/again.yml", deploying("workflow_dispatch:"))


@innocent("CI-01", "what is only documents is not deployed")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"push:\n", 'push:\n    paths-ignore: ["**.md"]\n')
    edit.sub(DEV, r"branches: \[(.*)\]", r"branches:\n      - \1")


# ── CI-02: pull requests and pushes ──────────────────────────────────────────


@mutant("CI-02", "build-and-deploy runs on both events")
def _(edit: Edit) -> None:
    edit.replace(DEV, "    if: github.event_name == 'push'\n", "")


@mutant("CI-02", "the condition of the deployment is turned around")
def _(edit: Edit) -> None:
    edit.replace(PROD, "github.event_name == 'push'\n", "github.event_name != 'push'\n")


@mutant("CI-02", "the deployment is also allowed to who may write")
def _(edit: Edit) -> None:
    edit.replace(
        DEV,
        "    if: github.event_name == 'push'\n",
        "    if: github.event_name == 'push' || github.event.pull_request.head.repo.fork == false\n",
    )


@mutant("CI-02", "the checks get another name")
def _(edit: Edit) -> None:
    edit.replace(DEV, "  pr_checks:\n", "  checks:\n")


@mutant("CI-02", "the checks run on pushes, too")
def _(edit: Edit) -> None:
    edit.replace(DEV, "    if: github.event_name == 'pull_request'\n", "")


@mutant("CI-02", "a workflow of its own deploys pull requests for a preview")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying("pull_request:"))


@mutant("CI-02", "a preview of pull requests is deployed by a script")
def _(edit: Edit) -> None:
    script = 'set -e\nsam deploy --config-env dev --stack-name "$1"\n'
    edit.write("scripts/preview.sh", f"#!/usr/bin/env bash\n{script}")
    steps = '- run: ./scripts/preview.sh "$STACK"\n'
    edit.write(OWN, workflow("pull_request:", steps))


@mutant("CI-02", "a preview of pull requests is deployed by a target of local.mk")
def _(edit: Edit) -> None:
    edit.write("local.mk", "preview: build\n\t$(SAM) deploy --config-env dev\n")
    edit.write(OWN, workflow("pull_request:", "- run: make -j2 preview\n"))


@mutant("CI-02", "a preview of pull requests is deployed with less priority")
def _(edit: Edit) -> None:
    steps = "- run: nice -n 5 make --directory=. deploy ENV=dev\n"
    edit.write(OWN, workflow("pull_request:", steps))


@mutant("CI-02", "deploy.yml deploys by hand alone")
def _(edit: Edit) -> None:
    step = "        run: make deploy BUILT=yes\n"
    left_out = "        if: github.event_name == 'workflow_dispatch'\n"
    edit.replace(DEPLOY, step, f"{left_out}{step}")


@mutant("CI-02", "pull requests of forks get a token")
def _(edit: Edit) -> None:
    edit.write(OWN, workflow("pull_request_target:", "- run: echo hello\n"))


@innocent("CI-02", "the conditions are written in other words")
def _(edit: Edit) -> None:
    edit.replace(
        DEV, "github.event_name == 'push'\n", "${{ github.event_name != 'pull_request' }}\n"
    )
    edit.replace(
        PROD,
        "if: github.event_name == 'push'\n",
        "if: ${{ 'push' == github.event_name && !contains(github.event.head_commit.message, '[no deploy]') }}\n",
    )


@innocent("CI-02", "another job on pull requests says what would change")
def _(edit: Edit) -> None:
    steps = "- run: make setup\n- run: make changes BASE=origin/develop\n- run: echo 'then make deploy'\n"
    edit.write(OWN, workflow("pull_request:", steps))


# ── CI-03: the path of tests ─────────────────────────────────────────────────


@mutant("CI-03", "the job that checks sets PYTHONPATH")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, CHECK_STEP, f"{CHECK_STEP}        env:\n          PYTHONPATH: src\n")


@mutant("CI-03", "a step sets PYTHONPATH for those after it")
def _(edit: Edit) -> None:
    edit.replace(
        CHECKS,
        "      - name: Check\n",
        "      - name: Path\n"
        '        run: echo "PYTHONPATH=$PWD/src" >> "$GITHUB_ENV"\n'
        "      - name: Check\n",
    )


@mutant("CI-03", "pytest loses its path")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", 'pythonpath = ["src"]', 'pythonpath = ["lib"]')


@mutant("CI-03", "a pytest.ini stands in for pyproject.toml")
def _(edit: Edit) -> None:
    edit.write("pytest.ini", "[pytest]\ntestpaths = tests/unit\naddopts = --disable-socket\n")


@mutant("CI-03", "a conftest fixes the path")
def _(edit: Edit) -> None:
    text = 'import sys\nfrom pathlib import Path\n\nsys.path.insert(0, str(Path(__file__).parents[1] / "src"))\n'
    edit.write("tests/conftest.py", text)


@mutant("CI-03", "make exports a path of its own")
def _(edit: Edit) -> None:
    edit.write("local.mk", "export PYTHONPATH := src:lib\n")


@mutant("CI-03", "the README tells to set the path")
def _(edit: Edit) -> None:
    edit.append("tests/unit/README.md", "\n```sh\nexport PYTHONPATH=src\npytest\n```\n")


@innocent("CI-03", "a command that runs no tests has a path")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk",
        "facts: ## What CI knows\n\tPYTHONPATH=lib .venv/bin/python .kit delivery facts\n",
    )
    steps = "- run: make facts\n  env:\n    PYTHONPATH: lib\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))


@innocent("CI-03", "pytest gets one more folder, and a test a module of its own")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", 'pythonpath = ["src"]', 'pythonpath = ["src", "tests"]')
    edit.write(
        "tests/unit/test_fresh.py",
        "from pathlib import Path\n\nimport pytest\n\n\n"
        "def test_fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:\n"
        "    monkeypatch.syspath_prepend(tmp_path)\n",
    )


# ── CI-04: permissions ───────────────────────────────────────────────────────


@mutant("CI-04", "a workflow has the permissions that GitHub gives by default")
def _(edit: Edit) -> None:
    text = workflow("push:", "- run: echo hello\n").replace("permissions: {}\n", "")
    edit.write(OWN, text.replace("    permissions:\n      contents: read\n", ""))


@mutant("CI-04", "a checkout keeps its token")
def _(edit: Edit) -> None:
    edit.sub(CHECKS, r"          persist-credentials: false\n", "")


@mutant("CI-04", "a checkout keeps its token on purpose, and pushes nothing")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "persist-credentials: false", "persist-credentials: true")


@mutant("CI-04", "the checks may sign in, and do not")
def _(edit: Edit) -> None:
    if "id-token" in edit.read(CHECKS):
        edit.skip()
    edit.replace(CHECKS, "      contents: read\n", "      contents: read\n      id-token: write\n")


@mutant("CI-04", "the checks may push, and do not")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "      contents: read\n", "      contents: write\n")


@mutant("CI-04", "a whole workflow may write")
def _(edit: Edit) -> None:
    steps = '- run: gh release create "$TAG"\n  env:\n    GH_TOKEN: ${{ github.token }}\n'
    text = workflow("workflow_dispatch:", steps)
    edit.write(OWN, text.replace("permissions: {}\n", "permissions:\n  contents: write\n"))


@innocent("CI-04", "a release may write, and pushes its tag")
def _(edit: Edit) -> None:
    steps = (
        '- run: gh release create "$TAG"\n  env:\n    GH_TOKEN: ${{ github.token }}\n    TAG: v1\n'
    )
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: write"))


@innocent("CI-04", "a workflow of its own signs in to read logs")
def _(edit: Edit) -> None:
    steps = f"""\
- uses: {SIGN_IN}
  with:
    role-to-assume: ${{{{ vars.ROLE }}}}
    aws-region: ${{{{ vars.REGION }}}}
- run: make status ENV=dev
"""
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: read\nid-token: write"))


@innocent("CI-04", "a workflow publishes pages and signs what it releases")
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


@mutant("CI-04", "a job that only installs may sign in")
def _(edit: Edit) -> None:
    steps = f"- uses: {PYTHON}\n- run: make setup check\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps, "contents: read\nid-token: write"))


# ── CI-05: pinned actions ────────────────────────────────────────────────────


@mutant("CI-05", "an action is named by its tag")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"actions/checkout@.*", "actions/checkout@v7")


@mutant("CI-05", "an action is named by a short id")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"(actions/setup-python@[0-9a-f]{7})[0-9a-f]+", r"\1")


@mutant("CI-05", "the comment with the version is lost")
def _(edit: Edit) -> None:
    edit.sub(CHECKS, r"(actions/checkout@[0-9a-f]{40}) # v.*", r"\1")


@mutant("CI-05", "the comment says a branch")
def _(edit: Edit) -> None:
    edit.sub(CHECKS, r"(actions/checkout@[0-9a-f]{40}) # v.*", r"\1 # main")


@mutant("CI-05", "an action of the repository itself uses a tag")
def _(edit: Edit) -> None:
    edit.write(
        ".github/actions/tools/action.yml",
        "name: tools\ndescription: Installs tools.\nruns:\n  using: composite\n  steps:\n"
        "    - uses: actions/setup-node@v6\n",
    )


@innocent("CI-05", "a new workflow pins what it uses, and calls an own action")
def _(edit: Edit) -> None:
    edit.write(
        ".github/actions/tools/action.yml",
        f"name: tools\ndescription: Installs tools.\nruns:\n  using: composite\n  steps:\n    - uses: {PYTHON}\n",
    )
    steps = f"- uses: ./.github/actions/tools\n- name: Python\n  uses: '{PYTHON.replace(' #', chr(39) + ' #')}\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))


# ── CI-06: one deployment at a time ──────────────────────────────────────────


@mutant("CI-06", "a newer push cancels")
def _(edit: Edit) -> None:
    edit.replace(DEV, "${{ github.event_name != 'push' }}", "true")


@mutant("CI-06", "the group is lost")
def _(edit: Edit) -> None:
    edit.sub(PROD, r"concurrency:\n  group: .*\n  cancel-in-progress: .*\n", "")


@mutant("CI-06", "each commit has a group of its own")
def _(edit: Edit) -> None:
    edit.replace(DEV, "'deploy-dev'", "format('deploy-{0}', github.sha)")


@mutant("CI-06", "dev and prod share a group")
def _(edit: Edit) -> None:
    edit.replace(DEV, "'deploy-dev'", "'deploy'")
    edit.replace(PROD, "'deploy-prod'", "'deploy'")


@mutant("CI-06", "a workflow that deploys by hand has no group")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying("workflow_dispatch:", more=""))


@mutant("CI-06", "a workflow that deploys by hand within an hour has no group")
def _(edit: Edit) -> None:
    text = deploying("workflow_dispatch:", more="")
    edit.write(OWN, text.replace("make deploy ENV=dev", "timeout 3600 make deploy ENV=dev"))


@innocent("CI-06", "the group stands at the job, and says the environment")
def _(edit: Edit) -> None:
    edit.sub(DEV, r"concurrency:\n  group: .*\n  cancel-in-progress: .*\n", "")
    edit.replace(
        DEPLOY,
        "    needs: build\n",
        "    needs: build\n    concurrency: deploy-${{ inputs.environment }}\n",
    )


@innocent("CI-06", "the group is named after the branch, and says nothing of cancelling")
def _(edit: Edit) -> None:
    edit.sub(
        DEV,
        r"concurrency:\n  group: .*\n  cancel-in-progress: .*\n",
        "concurrency: dev-${{ github.ref }}\n",
    )


# ── CI-07: nothing unchecked is deployed ─────────────────────────────────────


@mutant("CI-07", "the build does not check any more")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, f"      - name: Check\n{CHECK_STEP}", "")


@mutant("CI-07", "the check may fail")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, f"{CHECK_STEP}        continue-on-error: true\n")


@mutant("CI-07", "the check of pull requests ends in || true")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "make check\n", "make check || true\n")


@mutant("CI-07", "the check is left out for prod, as dev had it")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, f"{CHECK_STEP}        if: inputs.environment == 'dev'\n")


@mutant("CI-07", "a commit message leaves the check out")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        CHECK_STEP,
        f"{CHECK_STEP}        if: \"!contains(github.event.head_commit.message, 'hotfix')\"\n",
    )


@mutant("CI-07", "the deployment does not wait for the build")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "    needs: build\n", "")


@mutant("CI-07", "the deployment goes on whatever the build said")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "    needs: build\n", "    needs: build\n    if: always()\n")


@mutant("CI-07", "only the tests run before a deployment")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, "        run: make lint test\n")


@mutant("CI-07", "make check lost the lessons")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "check: lint lessons test", "check: lint test")


@mutant("CI-07", "make lessons tells, and lets pass")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"(\.kit lessons .*)", r"\1 || true")


@mutant("CI-07", "the tests' recipe ignores their failure")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "\t$(BIN)/pytest --cov", "\t-$(BIN)/pytest --cov")


@mutant("CI-07", "a target of local.mk takes the place of the tests")
def _(edit: Edit) -> None:
    edit.write("local.mk", "test:\n\t@echo too slow\n")


@mutant("CI-07", "a workflow that deploys by hand checks nothing")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying("workflow_dispatch:", before=""))


@mutant("CI-07", "a workflow that deploys by hand through uv checks nothing")
def _(edit: Edit) -> None:
    text = deploying("workflow_dispatch:", before="")
    edit.write(OWN, text.replace("make deploy ENV=dev", "uv run sam deploy --config-env dev"))


@mutant("CI-07", "make check is gone")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"^check: .*\n", "")


@mutant("CI-07", "the output of the check is kept, and its failure lost")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "make check\n", "make check | tee check.log\n")


@innocent("CI-07", "the parts of the check are steps of their own")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        CHECK_STEP,
        "        run: make lint lessons\n"
        "      - name: Test\n"
        "        shell: bash\n"
        "        run: |\n"
        "          make test | tee test.log\n"
        "      - name: Tell a bot\n"
        "        continue-on-error: true\n"
        "        run: echo checked || true\n",
    )


@mutant("CI-07", "the check moves into an own action, and may fail there")
def _(edit: Edit) -> None:
    edit.write(ACTION, OWN_ACTION.replace("make check", "make check || echo later"))
    edit.replace(DEPLOY, CHECK_STEP, "        uses: ./.github/actions/check\n")


@innocent("CI-07", "the check moves into an own action, or a job of its own")
def _(edit: Edit) -> None:
    edit.write(ACTION, OWN_ACTION)
    edit.replace(CHECKS, CHECK_STEP, "        uses: ./.github/actions/check\n")
    edit.replace(DEPLOY, f"      - name: Check\n{CHECK_STEP}", "")
    if "id-token" in edit.read(CHECKS):
        edit.skip()
    for path in (DEV, PROD):
        edit.replace(
            path,
            "  build-and-deploy:\n",
            "  push_checks:\n    if: github.event_name == 'push'\n    permissions:\n      contents: read\n"
            "    uses: ./.github/workflows/checks.yml\n\n  build-and-deploy:\n    needs: push_checks\n",
        )


@innocent("CI-07", "a job cleans up whatever happens, and the deployment waits for two")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY, "    needs: build\n", "    needs: [build]\n    if: success() && !cancelled()\n"
    )
    edit.append(
        DEPLOY,
        "\n  tell:\n    name: tell\n    needs: [build, deploy]\n    if: always()\n    runs-on: ubuntu-24.04\n"
        "    timeout-minutes: 5\n    permissions: {}\n    steps:\n      - run: echo done\n",
    )


@innocent("CI-07", "make check has more, and says what to do when a part fails")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk",
        "check: links\n\nlinks: ## Whether links lead somewhere\n\t-@echo none\n\t@rm -f links.txt || true\n",
    )


# ── CI-08: integration tests ─────────────────────────────────────────────────


@mutant("CI-08", "the integration tests are left out")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, INTEGRATION_STEP, "")


@mutant("CI-08", "the integration tests run in prod alone")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        "        if: inputs.environment == 'dev'\n",
        "        if: inputs.environment == 'prod'\n",
    )


@mutant("CI-08", "the integration tests may fail")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "run: make integration", "run: make integration || echo 'some failed'")


@mutant("CI-08", "the integration tests run before the deployment")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, INTEGRATION_STEP, "")
    edit.replace(DEPLOY, "      - name: Deploy\n", f"{INTEGRATION_STEP}      - name: Deploy\n")


@mutant("CI-08", "make integration tests something else")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "$(BIN)/pytest tests/integration", "$(BIN)/pytest tests/smoke")


@innocent("CI-08", "the integration tests are a job of their own, in every environment")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, INTEGRATION_STEP, "")
    edit.append(
        DEPLOY,
        f"""
  integration:
    name: integration
    needs: deploy
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
      id-token: write # sign in to AWS
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - uses: {SIGN_IN}
        with:
          role-to-assume: ${{{{ vars.ROLE }}}}
          aws-region: ${{{{ vars.REGION }}}}
      - run: make setup
      - run: make integration
        env:
          ENV: ${{{{ inputs.environment }}}}
""",
    )
