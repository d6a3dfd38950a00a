"""What was changed by hand since the last deployment. Ends with 1 when there is such a change, or
when CloudFormation could not compare every resource."""

import sys
import time
from argparse import Namespace
from typing import Any

from kit.errors import KitError
from kit.terminal import printable

from .account import Account
from .service import Service

TIMEOUT, PAUSE = 300.0, 3.0  # seconds


def drifts(account: Account) -> tuple[list[dict[str, Any]], str]:
    """Resources that differ from the template, as DescribeStackResourceDrifts returns them, and
    which could not be compared, in CloudFormation's words; empty if all were.

    Raises:
        KitError: there is no stack, or the comparison takes longer than TIMEOUT.
    """
    stack = account.service_stack()["StackName"]
    client = account.client("cloudformation")
    detection = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    end = time.monotonic() + TIMEOUT
    while True:  # botocore has no waiter for it
        progress = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if progress["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        if time.monotonic() + PAUSE > end:
            raise KitError(
                f"CloudFormation has not compared {stack} within {TIMEOUT:.0f} s.",
                "make drift again",
            )
        time.sleep(PAUSE)
    # Failed says only that of some resources; there are results for the others.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackDriftDetectionStatus.html
    is_complete = progress["DetectionStatus"] == "DETECTION_COMPLETE"
    reason = "" if is_complete else progress.get("DetectionStatusReason", "no reason given")
    drifted: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while "NextToken" in page or not page:  # nor a paginator
        token = {"NextToken": page["NextToken"]} if page else {}
        page = client.describe_stack_resource_drifts(
            StackName=stack, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"], **token
        )
        drifted += page["StackResourceDrifts"]
    return drifted, reason


def main(service: Service, _options: Namespace) -> int:
    """Print what differs, and what to do about it."""
    drifted, reason = drifts(Account(service))
    for drift in drifted:
        status = drift["StackResourceDriftStatus"]
        print(f"  {drift['LogicalResourceId']} ({drift['ResourceType']}): {status}")
        for difference in drift.get("PropertyDifferences", []):
            expected, actual = difference["ExpectedValue"], difference["ActualValue"]
            line = f"{difference['PropertyPath']}: {expected} in the template, {actual} in AWS"
            print(f"    {printable(line)}")
    if drifted:
        print("\n  Take it into template.yaml, or deploy to undo it.")
    if reason:
        message = f"CloudFormation could not compare all of {service.stack}: {printable(reason)}"
        print(message, file=sys.stderr)
    if drifted or reason:
        return 1
    print(f"  {service.stack} is as template.yaml says, for types that CloudFormation can compare.")
    return 0
