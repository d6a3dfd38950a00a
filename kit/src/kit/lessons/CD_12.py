"""CD-12: A budget with a warning is there from the first deployment.

Why: Costs were noticed on the invoice.

Here: `Budget` in `template.yaml`, with `MonthlyBudgetUsd`; 0 means that somebody decided against
one.

Fix: Bring the `AWS::Budgets::Budget` back in both environments, and let its notifications reach
somebody: `AlarmTopic`, whose policy lets `budgets.amazonaws.com` publish, or an address.
`MonthlyBudgetUsd=0` in `samconfig.toml` decides against it, but keep the resource `Budget` with its
condition.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.gate.environments import environments, exists, values
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.samconfig import region_of
from kit.gate.service import TEMPLATE, Service
from kit.template import at, line_of, references, strings

LESSON = Lesson.read(__doc__)


# Where CloudFormation has no AWS::Budgets::Budget.
WITHOUT_BUDGETS = {
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-3", "ap-south-2", "ap-southeast-3"),
    *("ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1"),
    *("eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1"),
    "mx-central-1",
}


@LESSON.check
def there_is_a_budget(service: Service) -> Iterator[Finding]:
    budgets = service.of_type("AWS::Budgets::Budget")
    if region_of(service) in WITHOUT_BUDGETS:
        return
    if not budgets:
        line = line_of(service.template, "Resources")
        yield LESSON.finding(TEMPLATE, line, "has no `AWS::Budgets::Budget`")
        return
    for environment, template in environments(service).items():
        amounts = [
            values(template, each.properties, "Budget", "BudgetLimit", "Amount")[0]
            for each in budgets
        ]
        decided = any(str(amount).strip() in ("0", "0.0") for amount in amounts)
        if not decided and not any(exists(template, each) for each in budgets):
            name, line = budgets[0].logical_id, budgets[0].line
            found = f"{name} is not made in {environment}"
            yield LESSON.finding(TEMPLATE, line, found, resource=name)


@LESSON.check
def budgets_warn(service: Service) -> Iterator[Finding]:
    for budget in service.of_type("AWS::Budgets::Budget"):
        name = budget.logical_id
        line = budget.line_of("NotificationsWithSubscribers")
        addresses = [
            at(subscriber, "Address")
            for notification in _items(budget.get("NotificationsWithSubscribers"))
            for subscriber in _items(at(notification, "Subscribers"))
        ]
        if not any(addresses):
            yield LESSON.finding(TEMPLATE, line, f"{name} warns nobody", resource=name)
        topics = {each.logical_id for each in service.of_type("AWS::SNS::Topic")}
        for topic in dict.fromkeys(str(at(each, "Ref")) for each in addresses if each):
            if topic in topics and not _takes_budgets(service, topic):
                found = f"no policy of {topic} lets `budgets.amazonaws.com` publish, so {name} warns nobody"
                yield LESSON.finding(TEMPLATE, line, found, resource=name)


def _items(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []


def _takes_budgets(service: Service, topic: str) -> bool:
    for policy in service.of_type("AWS::SNS::TopicPolicy"):
        if topic not in {each.target for each in references(policy.get("Topics"))}:
            continue
        found = policy.get("PolicyDocument", "Statement")
        for statement in found if isinstance(found, list) else [found]:
            who = at(statement, "Principal")
            names = [
                text
                for text, line_of_setting in strings(
                    at(who, "Service") if isinstance(who, dict) else who
                )
            ]
            if at(statement, "Effect") == "Allow" and {"budgets.amazonaws.com", "*"} & set(names):
                return True
    return False
