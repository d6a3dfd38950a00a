"""Cases of CI-08."""

from cases import good, violation
from edits import Edit
from edits.pipelines import (
    CHECKOUT,
    DEPLOY,
    SIGN_IN,
)

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
