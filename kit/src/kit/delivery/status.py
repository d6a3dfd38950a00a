"""The stack, its last deployment, alarms that are on, and the errors of the last hour."""

from argparse import Namespace
from datetime import datetime
from typing import Any, cast

from kit.terminal import table

from .account import Account, outputs
from .causes import way_out
from .failures import explain_stack
from .logs import entries, log_groups, readable
from .service import Service

RECENT = 3600  # seconds
SHOWN = 5  # errors of each function
# What an operation on a stack begins with, in the stack's own events.
BEGINS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")


def show(service: Service, account: Account) -> None:
    """Print it for a person."""
    stack = account.service_stack()
    state = stack["StackStatus"]
    when: datetime = stack.get("LastUpdatedTime") or stack["CreationTime"]
    print(f"{service.stack} in {service.region}: {state}, last deployed {when:%Y-%m-%d %H:%M} UTC")
    if state.endswith("_FAILED") or "ROLLBACK" in state:
        # `make status` is this, and the alarms are below.
        lines = explain_stack(account, stack, _began(account, stack)).splitlines()
        print("", *(line for line in lines if "make status" not in line), "", sep="\n")
    for line in way_out(service, state):
        if "make status" not in line:
            print(f"  {line}")
    _section("Outputs", sorted(outputs(stack).items()))
    _section("Alarms that are on", _alarms(service, account))
    _section("Errors of the last hour", _errors(service, account))


def _section(title: str, rows: list[tuple[str, str]]) -> None:
    print(f"\n{title}:{'' if rows else ' none'}")
    table(("", *row) for row in rows)


def _began(account: Account, stack: dict[str, Any]) -> datetime:
    """When the last operation began. LastUpdatedTime may be that of its rollback."""
    pages = account.client("cloudformation").get_paginator("describe_stack_events")
    for page in pages.paginate(StackName=stack["StackId"]):  # not all pages: the newest are first
        for event in page["StackEvents"]:
            own = event["LogicalResourceId"] == stack["StackName"]
            if own and event["ResourceStatus"] in BEGINS:
                return cast(datetime, event["Timestamp"])
    return cast(datetime, stack["CreationTime"])


def _alarms(service: Service, account: Account) -> list[tuple[str, str]]:
    alarms = account.pages(
        *("cloudwatch", "describe_alarms", "MetricAlarms"),
        AlarmNamePrefix=f"{service.name}-",
        StateValue="ALARM",
    )
    return [
        (alarm["AlarmName"], alarm.get("AlarmDescription", ""))
        for alarm in alarms
        if alarm["AlarmName"].endswith(f"-{service.environment}")
    ]


def _errors(service: Service, account: Account) -> list[tuple[str, str]]:
    return [
        (name, readable(entry))
        for name, group in log_groups(service).items()
        for entry in (entries(account, group, RECENT, "ERROR") or [])[-SHOWN:]
    ]


def main(service: Service, _options: Namespace) -> int:
    show(service, Account(service))
    return 0
