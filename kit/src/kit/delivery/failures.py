"""Why a deployment or deletion failed: the first failure of each resource, with its known cause."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kit.terminal import printable

from .account import Account
from .causes import Cause, known_cause, way_out
from .service import Service

# Consequences of another resource's failure, not causes.
CONSEQUENCES = re.compile(r"cancelled|The following resource\(s\) failed")
# The clocks of two AWS services may differ, and one of them counts whole seconds.
SLACK = timedelta(minutes=1)


@dataclass(frozen=True)
class Failure:
    """What failed first in a resource, or in the deployment as a whole."""

    resource: str
    type: str
    reason: str
    cause: Cause | None


def failures(events: Iterable[dict[str, Any]], stack: str) -> list[Failure]:
    """The first failure of each resource, the oldest first.

    Args:
        events: what DescribeStackEvents returns, the newest first.
        stack: the name of the stack, whose own events only repeat those of its resources.
    """
    first: dict[str, Failure] = {}
    for event in reversed(list(events)):
        reason, resource = event.get("ResourceStatusReason", ""), event["LogicalResourceId"]
        failed = event["ResourceStatus"].endswith("_FAILED") and resource != stack
        if failed and resource not in first and not CONSEQUENCES.search(reason):
            cause = known_cause(reason)
            first[resource] = Failure(resource, event["ResourceType"], reason, cause)
    return list(first.values())


def failure_in(printed: str, stack: str) -> Failure:
    """The failure that `sam deploy` printed, for where there are no events."""
    errors = re.findall(r".*(?:[Ee]rror|ailed|FAILED).*", printed)
    reason = errors[-1].strip() if errors else "sam deploy says no more"
    return Failure(stack, "deployment", reason, known_cause(printed))


def explain(failed: Sequence[Failure], service: Service) -> str:
    """The failures, each with its known fix, for a terminal."""
    lines = []
    for failure in failed:
        lines += [f"  {failure.resource} ({failure.type})", f"    {printable(failure.reason)}"]
        if cause := failure.cause:
            lines.append(f"    {cause.lesson}: {cause.meaning}")
            lines += [f"    fix: {line}" for line in cause.remedies(failure.reason, service)]
        else:
            lines.append("    not a known cause: search for this text in AWS's documentation")
    return "\n".join(lines)


def failed_events(account: Account, stack: str, begin: datetime) -> list[dict[str, Any]]:
    """The failed events of a stack since then, the newest first, in the form of DescribeStackEvents.

    DescribeEvents also has what hooks and the validation before a deployment refused.
    """
    try:
        events = account.pages(
            *("cloudformation", "describe_events", "OperationEvents"),
            StackName=stack,
            Filters={"FailedEvents": True},
        )
    except ClientError:  # a Region without it, or a role that may not call it
        events = account.pages(
            "cloudformation", "describe_stack_events", "StackEvents", StackName=stack
        )
    return [_stack_event(event, stack) for event in events if event["Timestamp"] >= begin - SLACK]


def _stack_event(event: dict[str, Any], stack: str) -> dict[str, Any]:
    reasons = ("ResourceStatusReason", "ValidationStatusReason", "HookStatusReason")
    status, resource = str(event.get("ResourceStatus", "")), event.get("LogicalResourceId", stack)
    # The resource's own status does not show a failed hook or validation: CREATE_IN_PROGRESS.
    for kind, name in (("Hook", "HookType"), ("Validation", "ValidationName")):
        failed = str(event.get(f"{kind}Status", "")).endswith("FAILED")
        if failed and event.get(f"{kind}FailureMode") != "WARN":
            status = "VALIDATION_FAILED"
            # What stops the whole stack, or names no resource, goes by its own name.
            resource = event.get(name, kind) if resource == stack else resource
    return {
        "LogicalResourceId": resource,
        "ResourceType": event.get("ResourceType", "the stack"),
        "ResourceStatus": status,
        "ResourceStatusReason": " ".join(event[key] for key in reasons if event.get(key)),
    }


def explain_stack(account: Account, stack: dict[str, Any], begin: datetime) -> str:
    """What failed in a stack since then, per resource, with its known fix."""
    service = account.service
    if failed := failures(failed_events(account, service.stack, begin), service.stack):
        return explain(failed, service)
    return printable(f"  CloudFormation says: {stack.get('StackStatusReason', 'nothing more')}")


def explain_deployment(account: Account, begin: datetime, printed: str) -> str:
    """Why `sam deploy` failed, and the way out of the state that the stack is in.

    Args:
        printed: what `sam deploy` printed.
    """
    service = account.service
    events, state = [], ""
    try:
        if stack := account.stack(service.stack):
            state = f"The stack is left in {stack['StackStatus']}."
            advice = way_out(service, stack["StackStatus"])
            advice = advice or ["nothing is in the way of the next deployment"]
        else:
            state, advice = f"There is no stack {service.stack}: nothing was created.", []
        try:
            events = failed_events(account, service.stack, begin)
        except ClientError:  # of a stack that is gone there may be none
            if stack:
                raise
    except (ClientError, BotoCoreError) as error:
        state = f"CloudFormation can't be asked why: {error}"
        advice = [f"make status ENV={service.environment}"]
    failed = failures(events, service.stack) or [failure_in(printed, service.stack)]
    return "\n".join([explain(failed, service), "", state, *(f"  {line}" for line in advice)])
