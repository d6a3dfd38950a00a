"""Change sets of CloudFormation: made, shown, and executed when somebody says yes."""

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from .account import Account
from .errors import DeliveryError
from .prompts import agreed

# How CloudFormation says that a change set has nothing to do.
EMPTY = ("didn't contain changes", "No updates are to be performed")


def carry_out(
    account: Account,
    stack: str,
    purpose: str,
    *,
    remedy: str,
    instead: str,
    sure: bool = False,
    **given: Any,
) -> bool:
    """Make a change set, show what it does, ask, and execute it.

    Args:
        purpose: how the change set's name begins.
        remedy: what to do when it fails.
        instead: what to give to `make` where nobody can confirm.
        sure: whether it was confirmed already.
        given: what CreateChangeSet gets beside names and kind.

    Returns:
        Whether there was something to change.

    Raises:
        DeliveryError: it was not confirmed, or CloudFormation failed.
    """
    client = account.client("cloudformation")
    where = {"StackName": stack, "ChangeSetName": f"{purpose}-{datetime.now(UTC):%Y%m%d%H%M%S}"}
    kind = _kind(account, stack)
    try:
        if not _propose(client, where, ChangeSetType=kind, **given):
            return False
        print("\nCloudFormation will:\n")
        for line in changes(client, **where):
            print(f"  {line}")
        try:
            sure = sure or agreed("\nGo on?", instead)
        finally:  # also when the question is interrupted
            if not sure:
                withdraw(account, where)
        if not sure:
            raise DeliveryError("Nothing was changed.")
        print("\nWorking, about a minute …", flush=True)
        client.execute_change_set(**where)
        client.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName=stack)
    except (ClientError, WaiterError) as error:
        raise DeliveryError(f"CloudFormation could not change {stack}: {error}", remedy) from error
    return True


def withdraw(account: Account, where: dict[str, str]) -> None:
    """Delete a change set, and with it the empty stack that CloudFormation made for it."""
    client = account.client("cloudformation")
    client.delete_change_set(**where)
    stack = account.stack(where["StackName"])
    if stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        client.delete_stack(StackName=where["StackName"])


def _kind(account: Account, stack: str) -> str:
    """A stack that has nothing but a change set is not there yet."""
    found = account.stack(stack)
    return "UPDATE" if found and found["StackStatus"] != "REVIEW_IN_PROGRESS" else "CREATE"


def _propose(client: Any, where: dict[str, str], **given: Any) -> bool:
    """Make a change set; one that has nothing to do is deleted.

    Raises:
        DeliveryError: CloudFormation refuses it.
    """
    client.create_change_set(**where, **given)
    try:
        client.get_waiter("change_set_create_complete").wait(**where)
    except WaiterError as error:
        reason = client.describe_change_set(**where).get("StatusReason", str(error))
        if any(each in reason for each in EMPTY):
            client.delete_change_set(**where)
            return False
        raise DeliveryError(f"CloudFormation refuses it: {reason}") from error
    return True


def changes(client: Any, **where: str) -> list[str]:
    """What a change set does, a line per resource."""
    found = []
    for page in client.get_paginator("describe_change_set").paginate(**where):
        for each in page["Changes"]:
            change = each["ResourceChange"]
            replaces = " (replaced)" if change.get("Replacement") == "True" else ""
            found.append(
                f"{change['Action']:<7} {change['ResourceType']:<32}"
                f" {change['LogicalResourceId']}{replaces}"
            )
    return found
