"""The stack, its last deployment, alarms that are on, and the errors of the last hour."""

import argparse
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .account import Account, outputs
from .checks_account import STATES
from .errors import DeliveryError
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


def lines(service: Service, account: Account) -> Iterator[str]:
    """What there is to say, for a terminal."""
    stack = the_stack(service, account)
    state = stack["StackStatus"]
    when: datetime = stack.get("LastUpdatedTime") or stack["CreationTime"]
    yield f"{service.stack} in {service.region}: {state}, last deployed {when:%Y-%m-%d %H:%M} UTC"
    names = {"env": service.environment, "stack": service.stack}
    yield from (f"  {line.format(**names)}" for line in STATES.get(state, ()))
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


def _alarms(service: Service, account: Account) -> Iterator[dict[str, Any]]:
    pages = account.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{service.name}-", StateValue="ALARM"):
        for alarm in page["MetricAlarms"]:
            if alarm["AlarmName"].endswith(f"-{service.environment}"):
                yield alarm


def main(arguments: list[str]) -> int:
    """`python -m delivery status`."""
    parser = argparse.ArgumentParser(prog="delivery status", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    service = here(parser.parse_args(arguments).env)
    for line in lines(service, Account(service)):
        print(line)
    return 0
