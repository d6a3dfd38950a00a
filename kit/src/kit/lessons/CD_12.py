"""CD-12: A budget with a warning is there from the first deployment.

Why: Costs were noticed on the invoice.

Here: `Budget` in `template.yaml`, with `MonthlyBudgetUsd`; 0 means that somebody decided against
one.

Fix: Bring the `AWS::Budgets::Budget` back in both environments, and let its notifications reach
somebody: `AlarmTopic`, whose policy lets `budgets.amazonaws.com` publish, or an address.
`MonthlyBudgetUsd=0` in `samconfig.toml` decides against it, but keep the resource `Budget` with its
condition.

Defended by: gate, preflight.
"""

from collections.abc import Iterator

from kit.gate.environments import environments, exists, values
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import listed, referenced_ids, statements
from kit.gate.samconfig import region_of
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.template import at, line_of, strings

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
        fix = f"Bring it back: `git log -S AWS::Budgets::Budget -- {TEMPLATE}` shows how it was."
        yield LESSON.finding(TEMPLATE, line, "has no `AWS::Budgets::Budget`", fix=fix)
        return
    for environment, template in environments(service).items():
        limit = ("Budget", "BudgetLimit", "Amount")
        amounts = {str(values(template, b.properties, *limit)[0]) for b in budgets}
        if not {"0", "0.0"} & amounts and not any(exists(template, b) for b in budgets):
            name, line = budgets[0].logical_id, budgets[0].line
            fix = (
                "Delete its `Condition`, or give it one that holds in both environments. Only"
                f' `"MonthlyBudgetUsd=0"` in `parameter_overrides` of {environment} decides against it.'
            )
            yield LESSON.finding(TEMPLATE, line, f"{environment} has no {name}", name, fix)


@LESSON.check
def budgets_warn(service: Service) -> Iterator[Finding]:
    topics = {topic.logical_id for topic in service.of_type("AWS::SNS::Topic")}
    for budget in service.of_type("AWS::Budgets::Budget"):
        name, key = budget.logical_id, "NotificationsWithSubscribers"
        addresses = [
            at(subscriber, "Address")
            for notification in listed(budget.get(key))
            for subscriber in listed(at(notification, "Subscribers"))
        ]
        if not any(addresses):
            fix = f"Write `{key}`, with `!Ref AlarmTopic` as the `Address` of a subscriber of type SNS."
            yield LESSON.finding(TEMPLATE, budget.line_of(key), f"{name} warns nobody", name, fix)
        for topic in sorted(referenced_ids(addresses) & topics):
            if not _takes_budgets(service, topic):
                problem = f"{name} warns nobody: no policy lets `budgets.amazonaws.com` publish"
                message = f"{problem} to {topic}"
                fix = f"Add `budgets.amazonaws.com` to the `Service` in the policy of {topic}."
                yield LESSON.finding(TEMPLATE, budget.line_of(key), message, name, fix)


def _takes_budgets(service: Service, topic: str) -> bool:
    """Whether a policy of a topic lets AWS Budgets publish."""
    return any(
        statement.allows
        and {"budgets.amazonaws.com", "*"}
        & {text for text, _ in strings(statement.body["Principal"])}
        for policy in service.of_type("AWS::SNS::TopicPolicy")
        if topic in referenced_ids(policy.get("Topics"))
        for statement in statements(TEMPLATE, policy)
        if "Principal" in statement.body
    )
