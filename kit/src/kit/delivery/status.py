"""The stack, its last deployment, alarms that are on, and the errors of the last hour."""

import argparse
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from .account import Account, outputs
from .checks_account import STATES
from .deploy import failed_events
from .errors import DeliveryError, printable
from .failures import explain, failures
from .logs import entries, log_groups, readable
from .service import Service, here

RECENT = 3600  # seconds
SHOWN = 5  # errors of each function


def the_stack(service: Service, account: Account) -> dict[str, Any]:
    """The service's stack.

    Raises:
        DeliveryError: there is none.
    """
    stack = account.stack(service.stack)
    if stack is None:
        raise DeliveryError(
            f"There is no stack {service.stack} in {service.region}.",
            f"make deploy ENV={service.environment}",
        )
    return stack


# What an operation on a stack begins with, in the stack's own events.
BEGINS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")


def lines(service: Service, account: Account) -> Iterator[str]:
    """What there is to say, for a terminal."""
    stack = the_stack(service, account)
    state = stack["StackStatus"]
    when: datetime = stack.get("LastUpdatedTime") or stack["CreationTime"]
    yield f"{service.stack} in {service.region}: {state}, last deployed {when:%Y-%m-%d %H:%M} UTC"
    if state.endswith("_FAILED") or "ROLLBACK" in state:
        yield from why(service, account, stack, _began(account, stack))
    yield from ways_out(service, state)
    yield from (f"  {key:<28} {value}" for key, value in sorted(outputs(stack).items()))
    yield ""
    on = list(_alarms(service, account))
    yield f"Alarms: {len(on)} on" if on else "Alarms: none is on"
    for alarm in on:
        yield f"  {alarm['AlarmName']}: {alarm.get('AlarmDescription', '')}"
    yield ""
    yield "Errors of the last hour:"
    found = False
    for name, group in log_groups(service, account).items():
        for entry in entries(account, group, RECENT, "ERROR")[-SHOWN:]:
            found = True
            yield f"  {name}: {readable(entry)}"
    if not found:
        yield "  none"


def _began(account: Account, stack: dict[str, Any]) -> datetime:
    """When the last operation began. LastUpdatedTime may be that of its rollback."""
    pages = account.client("cloudformation").get_paginator("describe_stack_events")
    for page in pages.paginate(StackName=stack["StackId"]):
        for event in page["StackEvents"]:
            own = event["LogicalResourceId"] == stack["StackName"]
            if own and event["ResourceStatus"] in BEGINS:
                return cast(datetime, event["Timestamp"])
    return cast(datetime, stack["CreationTime"])


def why(service: Service, account: Account, stack: dict[str, Any], begin: datetime) -> list[str]:
    """What failed in a stack since then, per resource, with its known fix."""
    events = failed_events(account, service.stack, begin)
    found = failures(events, "", service.stack)
    # Without events there is one that stands for them.
    found = [each for each in found if each.type != "deployment"]
    if not found:
        return [
            f"  CloudFormation says: {stack.get('StackStatusReason', 'nothing of what failed')}"
        ]
    told = explain(found, service.environment, service.stack).splitlines()
    # `make status` prints this itself, and the alarms below it.
    return ["", *(service.in_region(line) for line in told if "make status" not in line), ""]


def ways_out(service: Service, state: str) -> list[str]:
    """What can be done about a stack in a state that is not fine."""
    names = {"env": service.environment, "stack": service.stack}
    return [f"  {service.in_region(line.format(**names))}" for line in STATES.get(state, ())]


def _alarms(service: Service, account: Account) -> Iterator[dict[str, Any]]:
    pages = account.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{service.name}-", StateValue="ALARM"):
        for alarm in page["MetricAlarms"]:
            if alarm["AlarmName"].endswith(f"-{service.environment}"):
                yield alarm


def main(arguments: list[str]) -> int:
    """`python .kit delivery status`."""
    parser = argparse.ArgumentParser(prog="delivery status", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    service = here(parser.parse_args(arguments).env)
    for line in lines(service, Account(service)):
        print(printable(line))
    return 0
