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

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import Name, names
from kit.gate.service import ACCOUNT, Service
from kit.spelling import pascal
from kit.template import leaves

LESSON = Lesson.read(__doc__)

# What may come before the service: folders of log groups and aliases, and CodeDeploy's own rule.
BEFORE = r"(?:/aws/(?:vendedlogs/)?[a-z-]+/|alias/|aws-waf-logs-|/)?(?:CodeDeployHook_)?"
# Properties with names that need only be unique within a role, a table, a log group.
LOCAL = {"FilterName", "IndexName", "PolicyName", "Sid"}


@LESSON.check
def names_carry_the_service(service: Service) -> Iterator[Finding]:
    """Each name is reported once, for the first environment in which it is wrong."""
    for name in names(service):
        for environment, text in name.texts.items():
            if missing := [] if name.is_local else _missing(service, name, text):
                message = f"{name.property} is {text} in {environment}"
                message += f", without {' and without '.join(missing)}"
                yield LESSON.finding_in(name.resource, name.line, message)
                break


def _missing(service: Service, name: Name, text: str) -> list[str]:
    """What is missing in a name. Good ones: orders, orders-jobs-dev, orders/key-dev, OrdersJobs-dev."""
    missing = []
    spellings = map(re.escape, (service.name, service.package))
    begin = rf"{BEFORE}(?:(?:{'|'.join(spellings)})(?![a-zA-Z0-9])|{pascal(service.name)}(?![a-z]))"
    if not re.match(begin, text):
        missing.append(f"{service.name} at its start")
    if name.resource.type == "AWS::S3::Bucket" and ACCOUNT not in text:
        missing.append("the account")
    return missing


@LESSON.check
def names_within_a_parent_are_short(service: Service) -> Iterator[Finding]:
    """What is only known within its parent does not repeat the environment."""
    for resource in service.resources.values():
        for key, text, line in leaves(resource.properties):
            if key in LOCAL and "${EnvironmentName}" in text:
                message = f"{key} has the environment, and is only known within its parent"
                fix = "Leave out the environment: the name of its parent has it."
                yield LESSON.finding_in(resource, line, message, fix)
