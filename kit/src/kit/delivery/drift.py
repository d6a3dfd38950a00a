"""What was changed by hand since the last deployment."""

import argparse
import time
from typing import Any

from .account import Account
from .errors import DeliveryError, printable
from .service import Service, here
from .status import the_stack

DEADLINE = 300.0  # seconds


def detect(
    service: Service, account: Account, deadline: float = DEADLINE, pause: float = 3.0
) -> list[dict[str, Any]]:
    """Resources that differ from the template.

    Args:
        deadline: seconds to wait for CloudFormation.
        pause: seconds between two questions.

    Raises:
        DeliveryError: there is no stack, or CloudFormation could not tell.
    """
    the_stack(service, account)
    client = account.client("cloudformation")
    detection = client.detect_stack_drift(StackName=service.stack)["StackDriftDetectionId"]
    end = time.monotonic() + deadline
    while True:
        found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        if time.monotonic() + pause > end:
            raise DeliveryError(
                f"CloudFormation is not done after {deadline:.0f} s.", "make drift again"
            )
        time.sleep(pause)
    if found["DetectionStatus"] == "DETECTION_FAILED":
        raise DeliveryError(f"CloudFormation could not tell: {found.get('DetectionStatusReason')}")
    return _drifts(client, service.stack)


def _drifts(client: Any, stack: str) -> list[dict[str, Any]]:
    """Page by page: boto3 has no paginator for it."""
    found: list[dict[str, Any]] = []
    page: dict[str, str] = {}
    while True:
        drifts = client.describe_stack_resource_drifts(
            StackName=stack, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"], **page
        )
        found += drifts["StackResourceDrifts"]
        if "NextToken" not in drifts:
            return found
        page = {"NextToken": drifts["NextToken"]}


def main(arguments: list[str]) -> int:
    """`python .kit delivery drift`: 0 when nothing drifted, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="delivery drift", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    service = here(parser.parse_args(arguments).env)
    found = detect(service, Account(service))
    for each in found:
        print(
            f"  {each['LogicalResourceId']} ({each['ResourceType']}): {each['StackResourceDriftStatus']}"
        )
        for difference in each.get("PropertyDifferences", []):
            line = (
                f"{difference['PropertyPath']}: {difference['ExpectedValue']} in the template,"
                f" {difference['ActualValue']} in AWS"
            )
            print(f"    {printable(line)}")
    if found:
        print(
            "\n  Take it into template.yaml, or deploy to undo it: the template is the one source."
        )
        return 1
    print(
        f"  {service.stack} is as template.yaml says, for the types that CloudFormation can compare."
    )
    return 0
