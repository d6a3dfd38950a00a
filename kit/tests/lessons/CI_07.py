"""Cases of CI-07."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import advised
from edits.pipelines import (
    CHECK_STEP,
    CHECKS,
    DEPLOY,
    DEV,
    OWN,
    PROD,
    deploying,
    insert_step,
)
from kit.gate.findings import Finding

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


# Violations whose step has a condition or leniency in a line of its own.
LENIENT = (
    "the check may fail",
    "the check is left out for prod, as dev had it",
    "a commit message leaves the check out",
)
NOT_WAITING = (
    "the deployment does not wait for the build",
    "the deployment goes on whatever the build said",
)


@violation("the build does not check any more")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, f"      - name: Check\n{CHECK_STEP}", "")


@violation("the check may fail")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, f"{CHECK_STEP}        continue-on-error: true\n")


@violation("the check of pull requests ends in || true")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "make check\n", "make check || true\n")


@violation("the check is left out for prod, as dev had it")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, f"{CHECK_STEP}        if: inputs.environment == 'dev'\n")


@violation("a commit message leaves the check out")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        CHECK_STEP,
        f"{CHECK_STEP}        if: \"!contains(github.event.head_commit.message, 'hotfix')\"\n",
    )


@violation("the deployment does not wait for the build")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "    needs: build\n", "")


@violation("the deployment goes on whatever the build said")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "    needs: build\n", "    needs: build\n    if: always()\n")


@violation("only the tests run before a deployment")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, "        run: make lint test\n")


@violation("make check lost the lessons")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "check lint lessons test", "check lint test")


@violation("make lessons tells, and lets pass")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"(check lessons)\n", r"\1 || true\n")


@violation("the tests' recipe ignores their failure")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "\t@$(KIT) check test", "\t-@$(KIT) check test")


@violation("the recipe of make check ignores its failure")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"(check lint lessons test)\n", r"\1 || echo later\n")


@violation("a target of local.mk takes the place of the tests")
def _(edit: Edit) -> None:
    edit.write("local.mk", "test:\n\t@echo too slow\n")


@violation("a workflow that deploys by hand checks nothing")
def _(edit: Edit) -> None:
    edit.write(OWN, deploying("workflow_dispatch:", before=""))


@violation("a workflow that deploys by hand through uv checks nothing")
def _(edit: Edit) -> None:
    text = deploying("workflow_dispatch:", before="")
    edit.write(OWN, text.replace("make deploy ENV=dev", "uv run sam deploy --config-env dev"))


@violation("make check is gone")
def _(edit: Edit) -> None:
    edit.sub("Makefile", r"^check: .*\n\t.*\n", "")


@violation("the script of the check goes on after a failure")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, CHECK_STEP, "        run: |\n          set +e\n          make check\n")


@violation("the output of the check is kept, and its failure lost")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "make check\n", "make check | tee check.log\n")


@fix("Delete what lets it pass")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r" (\|\||\|) .*", "") if " |" in edit.line(finding) else None


@fix("Delete what lets it pass", *LENIENT)
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(DEPLOY, rf"({CHECK_STEP})        (continue-on-error|if): .*\n", r"\1")


@fix("Delete what lets it pass", "the script of the check goes on after a failure")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(DEPLOY, "          set +e\n", "")


@fix("Delete what lets it pass", "the tests' recipe ignores their failure")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\t-@", "\t@")


@fix("Write a step `run: make")
def _(edit: Edit, finding: Finding) -> None:
    insert_step(edit, finding, f"- {advised(finding)}\n")


@fix("Write a step `run: make", *NOT_WAITING)
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(
        DEPLOY,
        r"^  deploy:\n    name: deploy\n(    (needs|if): .*\n)*",
        "  deploy:\n    name: deploy\n    needs: build\n",
    )


@fix("Write `$(KIT) check")
def _(edit: Edit, finding: Finding) -> None:
    target = advised(finding, 1)
    edit.sub(finding.path, rf"^({target}:.*\n)\t.*", rf"\1\t@{advised(finding)}")


@fix("Write `$(KIT) check", "make check is gone")
def _(edit: Edit, finding: Finding) -> None:
    edit.append("Makefile", f"\n{advised(finding, 1)}:\n\t@{advised(finding)}\n")


@good("the parts of the check are steps of their own")
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


@violation("the check moves into an own action, and may fail there")
def _(edit: Edit) -> None:
    edit.write(ACTION, OWN_ACTION.replace("make check", "make check || echo later"))
    edit.replace(DEPLOY, CHECK_STEP, "        uses: ./.github/actions/check\n")


@good("the check moves into an own action, or a job of its own")
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


@good("a job cleans up whatever happens, and the deployment waits for two")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY, "    needs: build\n", "    needs: [build]\n    if: success() && !cancelled()\n"
    )
    edit.append(
        DEPLOY,
        "\n  tell:\n    name: tell\n    needs: [build, deploy]\n    if: always()\n    runs-on: ubuntu-24.04\n"
        "    timeout-minutes: 5\n    permissions: {}\n    steps:\n      - run: echo done\n",
    )


@good("make check has more, and says what to do when a part fails")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk",
        "check: links\n\nlinks: ## Whether links lead somewhere\n\t-@echo none\n\t@rm -f links.txt || true\n",
    )
