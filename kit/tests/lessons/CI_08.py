"""Cases of CI-08."""

from cases import fix, good, violation
from edits import Edit
from edits.pipelines import (
    CHECKOUT,
    DEPLOY,
    SIGN_IN,
)
from kit.gate.findings import Finding

INTEGRATION_STEP = """\
      - name: Test what was deployed
        if: inputs.environment == 'dev'
        run: make integration
"""


@violation("the integration tests are left out")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, INTEGRATION_STEP, "")


@violation("the integration tests run in prod alone")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        "        if: inputs.environment == 'dev'\n",
        "        if: inputs.environment == 'prod'\n",
    )


@violation("the integration tests may fail")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, "run: make integration", "run: make integration || echo 'some failed'")


@violation("the integration tests run before the deployment")
def _(edit: Edit) -> None:
    edit.replace(DEPLOY, INTEGRATION_STEP, "")
    edit.replace(DEPLOY, "      - name: Deploy\n", f"{INTEGRATION_STEP}      - name: Deploy\n")


@violation("make integration tests something else")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "$(BIN)/pytest tests/integration", "$(BIN)/pytest tests/smoke")


@fix("Write a step `run: make integration`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(DEPLOY).replace(INTEGRATION_STEP, "")
    edit.write(DEPLOY, f"{text}{INTEGRATION_STEP}")


@fix("Delete what lets it pass")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r" \|\| .*", "")


@fix("Delete what lets it pass", "the integration tests run in prod alone")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(DEPLOY, r"        if: inputs.environment == 'prod'\n(        run: make integ)", r"\1")


@fix("Write `$(BIN)/pytest tests/integration`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub("Makefile", r"\$\(BIN\)/pytest tests/smoke", "$(BIN)/pytest tests/integration")


@good("the Makefile names the integration tests by a variable")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "$(BIN)/pytest tests/integration", "$(BIN)/pytest $(TESTS)")
    variables = "TESTS := tests/integration\nTESTS += --quiet\nTESTS ?= tests/smoke\n"
    edit.replace("Makefile", "COOLDOWN = ", f"{variables}COOLDOWN = ")


@good("the integration tests are a job of their own, in every environment")
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
