"""Cases of CD-12."""

from cases import good, violation
from edits import Edit
from edits.delivery import SAMCONFIG, region, with_is_prod


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
