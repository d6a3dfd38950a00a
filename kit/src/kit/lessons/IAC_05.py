"""IAC-05: A name that is unique in an account begins with the service; that of a bucket, unique in
the world, has the account too; what lives inside a parent keeps a short one.

Why: A second service in the account could not be deployed, as the first had a function called
`api-dev`.

Here: `<service>-<function>-<env>`; buckets are `<service>-<function>-<account>-<env>`; policies,
statements and events have names of one word.

Fix: Begin the name with the service, and give a bucket `${AWS::AccountId}` before the environment.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from typing import Any

from kit.delivery.spelling import pascal
from kit.gate.environments import in_prod, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.resources import resolved_names
from kit.gate.service import TEMPLATE, Service
from kit.template import at

LESSON = Lesson.read(__doc__)


# What may come before the service: folders of log groups and aliases, and CodeDeploy's own rule.
BEFORE = re.compile(
    r"^(?:/aws/(?:vendedlogs/)?[a-z-]+/|alias/|aws-waf-logs-|/)?(?:CodeDeployHook_)?"
)


# Names within something else: the type that has them, and where.
LOCAL_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "AWS::IAM::Role": (("Policies", "*", "PolicyName"),),
    "AWS::IAM::RolePolicy": (("PolicyName",),),
    "AWS::Logs::MetricFilter": (("FilterName",),),
    "AWS::Logs::SubscriptionFilter": (("FilterName",),),
    "AWS::DynamoDB::Table": (
        ("GlobalSecondaryIndexes", "*", "IndexName"),
        ("LocalSecondaryIndexes", "*", "IndexName"),
    ),
    "AWS::S3::Bucket": (("LifecycleConfiguration", "Rules", "*", "Id"),),
}


@LESSON.check
def names_carry_the_service(service: Service) -> Iterator[Finding]:
    found: dict[int, Finding] = {}
    for name, environment, text in resolved_names(service):
        if not name.kind.within or name.local:
            continue
        start = BEFORE.sub("", text)
        missing = [] if _begins_with_service(service, start) else [f"{service.name} at its start"]
        if name.kind.within == "world" and "123456789012" not in text:
            missing.append("the account")
        if missing:
            what = f"{name.property} comes to {text} in {environment}, without"
            what += f" {' and without '.join(missing)}"
            about = name.resource.logical_id
            found[name.line] = LESSON.finding(TEMPLATE, name.line, what, resource=about)
    yield from found.values()


def _begins_with_service(service: Service, text: str) -> bool:
    """orders-jobs-dev, orders/key-dev, orders_jobs-dev, OrdersJobs-dev."""
    if not service.name:
        return True  # the answers are gone, which is told
    plain = (service.name, service.package)
    return any(
        text == each or (text.startswith(each) and not text[len(each)].isalnum()) for each in plain
    ) or bool(re.match(rf"{re.escape(pascal(service.name))}(?![a-z])", text))


@LESSON.check
def names_within_a_parent_are_short(service: Service) -> Iterator[Finding]:
    template = in_prod(service)
    for resource in service.resources.values():
        for path in LOCAL_NAMES.get(resource.type, ()):
            for keys in _paths(resource.properties, path):
                text = resolved(template, resource.get(*keys))
                if isinstance(text, str) and text.endswith("-prod"):
                    what = (
                        f"{keys[-1]} comes to {text} in prod, and is only known within its parent"
                    )
                    fix = "Leave out the environment: the name of its parent has it."
                    yield resource.finding(LESSON.id, resource.line_of(*keys), what, fix)


def _paths(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str | int, ...]]:
    """The places in a node that a path with `*` for items of a list leads to."""
    if not path:
        yield ()
    elif path[0] == "*":
        for number, item in enumerate(node) if isinstance(node, list) else ():
            for rest in _paths(item, path[1:]):
                yield (number, *rest)
    elif at(node, path[0]) is not None:
        for rest in _paths(at(node, path[0]), path[1:]):
            yield (path[0], *rest)
