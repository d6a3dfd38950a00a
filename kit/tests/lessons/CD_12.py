"""Cases of CD-12."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import SAMCONFIG, region, with_is_prod
from kit.gate.findings import Finding

BUDGET = """\
Budget:
  Type: AWS::Budgets::Budget
  Condition: HasBudget
  Properties:
    Budget:
      BudgetType: COST
      TimeUnit: MONTHLY
      BudgetLimit:
        Amount: !Ref MonthlyBudgetUsd
        Unit: USD
"""
WARNINGS = """\
    NotificationsWithSubscribers:
      - Notification:
          NotificationType: ACTUAL
          ComparisonOperator: GREATER_THAN
          Threshold: 80
        Subscribers:
          - SubscriptionType: SNS
            Address: !Ref AlarmTopic
"""


@violation("the budget is deleted")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", edit.resource("Budget"), "")


@violation("the budget is for prod alone")
def _(edit: Edit) -> None:
    if edit.answers["monthly_budget_usd"] == "0":
        edit.skip()
    with_is_prod(edit)
    edit.in_resource("Budget", "Condition: HasBudget", "Condition: IsProd")


@violation("the budget warns nobody")
def _(edit: Edit) -> None:
    text = edit.resource("Budget")
    begin = text.index("      NotificationsWithSubscribers:")
    edit.replace("template.yaml", text, text[:begin] + "\n")


@violation("the topic does not take what the budget says")
def _(edit: Edit) -> None:
    edit.replace(
        "template.yaml",
        "[budgets.amazonaws.com, cloudwatch.amazonaws.com]",
        "cloudwatch.amazonaws.com",
    )


@fix("Bring it back")
def _(edit: Edit, finding: Finding) -> None:
    edit.declare(f"{BUDGET}{WARNINGS}")


@fix("Delete its `Condition`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource("Budget", "    Condition: IsProd\n", "")


@fix("Write `NotificationsWithSubscribers`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.resource("Budget").rstrip()
    warnings = "".join(f"  {line}\n" for line in WARNINGS.splitlines())
    edit.replace("template.yaml", text, f"{text}\n{warnings}")


@fix("Add `budgets.amazonaws.com`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource(
        "AlarmTopicPolicy",
        "Service: cloudwatch.amazonaws.com",
        "Service: [budgets.amazonaws.com, cloudwatch.amazonaws.com]",
    )


@good("somebody decided against a budget, and dev's has another address")
def _(edit: Edit) -> None:
    edit.replace(
        SAMCONFIG, '"EnvironmentName=prod"', '"EnvironmentName=prod", "MonthlyBudgetUsd=0"'
    )
    edit.in_resource(
        "Budget",
        "            - SubscriptionType: SNS\n              Address: !Ref AlarmTopic\n",
        "            - SubscriptionType: EMAIL\n              Address: costs@example.com\n",
    )


@good("the Region has no budgets")
def _(edit: Edit) -> None:
    edit.replace_all(SAMCONFIG, f'region = "{region(edit)}"', 'region = "eu-north-1"')
    edit.replace(".copier-answers.yml", f"aws_region: {region(edit)}", "aws_region: eu-north-1")
    edit.replace("template.yaml", edit.resource("Budget"), "")
