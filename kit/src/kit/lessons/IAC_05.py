"""IAC-05: A name that is unique in an account begins with the service; that of a bucket, unique in
the world, has the account too; what lives inside a parent keeps a short one.

Why: A second service in the account could not be deployed, as the first had a function called
`api-dev`.

Here: `<service>-<function>-<env>`; buckets are `<service>-<function>-<account>-<env>`; policies,
statements and events have names of one word.

Fix: Begin the name with the service; put `${AWS::AccountId}` before the environment in a bucket's.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.names import Name, names
from kit.gate.service import ACCOUNT, Function, Service
from kit.spelling import kebab, pascal
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
            missing = {} if name.is_local else _missing(service, name, text)
            if missing:
                message = f"{name.property} is {text} in {environment}"
                message += f", without {' and without '.join(missing)}"
                fix = " ".join(missing.values())
                yield LESSON.finding_in(name.resource, name.line, message, fix)
                break


def _missing(service: Service, name: Name, text: str) -> dict[str, str]:
    """What a name lacks, and what to do. Good: orders, orders-jobs-dev, orders/key-dev, OrdersJobs-dev."""
    missing = {}
    function = f"{kebab(name.resource.name)}-" if isinstance(name.resource, Function) else ""
    start = f"{service.name}-{function}"
    spellings = map(re.escape, (service.name, service.package))
    begin = rf"{BEFORE}(?:(?:{'|'.join(spellings)})(?![a-zA-Z0-9])|{pascal(service.name)}(?![a-z]))"
    if not re.match(begin, text):
        start = f"/{service.name}/" if name.resource.type == "AWS::SSM::Parameter" else start
        missing[f"{service.name} at its start"] = f"Begin it with `{start}`."
    if name.resource.type == "AWS::S3::Bucket" and ACCOUNT not in text:
        fix = "Put `-${AWS::AccountId}` before `-${EnvironmentName}`, in a `!Sub`."
        missing["the account"] = fix
    return missing


@LESSON.check
def names_within_a_parent_are_short(service: Service) -> Iterator[Finding]:
    """What is only known within its parent does not repeat the environment."""
    for resource in service.resources.values():
        for key, text, line in leaves(resource.properties):
            is_local = key in LOCAL and not resource.type.startswith("AWS::IoT::")
            if is_local and "${EnvironmentName}" in text:
                message = f"{key} has the environment, and is only known within its parent"
                fix = "Leave out the environment: the name of its parent has it."
                yield LESSON.finding_in(resource, line, message, fix)
