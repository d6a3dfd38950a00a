"""Change sets of CloudFormation: created, shown, and executed when somebody says yes."""

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from kit.errors import KitError
from kit.prompts import agreed
from kit.terminal import table

from .account import Account

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
    **settings: Any,
) -> bool:
    """Create a change set, show what it does, ask, and execute it.

    Args:
        purpose: how the change set's name begins.
        remedy: what to do when it fails.
        instead: what to give to `make` where nobody can confirm.
        sure: whether it was confirmed already.
        settings: what CreateChangeSet gets beside names and type.

    Returns:
        Whether there was something to change.

    Raises:
        KitError: it was not confirmed, or CloudFormation failed.
    """
    client = account.client("cloudformation")
    names = {"StackName": stack, "ChangeSetName": f"{purpose}-{datetime.now(UTC):%Y%m%d%H%M%S}"}
    # A stack that has nothing but a change set does not exist yet.
    exists = (account.stack(stack) or {}).get("StackStatus", "REVIEW_IN_PROGRESS")
    kind = "CREATE" if exists == "REVIEW_IN_PROGRESS" else "UPDATE"
    try:
        client.create_change_set(**names, ChangeSetType=kind, **settings)
        if not _is_ready(client, names):
            return False
        print("\nCloudFormation will:\n")
        table(changes(account, **names))
        try:
            sure = sure or agreed("\nGo on?", instead)
        finally:  # also when the question is interrupted
            if not sure:
                _withdraw(account, names)
        if not sure:
            raise KitError("Nothing was changed.")
        print("\nWorking, about a minute …", flush=True)
        client.execute_change_set(**names)
        client.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName=stack)
    except (ClientError, WaiterError) as error:
        raise KitError(f"CloudFormation could not change {stack}: {error}", remedy) from error
    return True


def _is_ready(client: Any, names: dict[str, str]) -> bool:
    """Wait for a change set; one that has nothing to do is deleted, and False.

    Raises:
        KitError: CloudFormation refuses it.
    """
    try:
        client.get_waiter("change_set_create_complete").wait(**names)
    except WaiterError as error:
        reason = client.describe_change_set(**names).get("StatusReason", str(error))
        if not any(words in reason for words in EMPTY):
            raise KitError(f"CloudFormation refuses it: {reason}") from error
        client.delete_change_set(**names)
        return False
    return True


def _withdraw(account: Account, names: dict[str, str]) -> None:
    """Delete a change set, and with it the empty stack that CloudFormation created for it."""
    client = account.client("cloudformation")
    client.delete_change_set(**names)
    stack = account.stack(names["StackName"])
    if stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        client.delete_stack(StackName=names["StackName"])


def changes(account: Account, **names: str) -> list[tuple[str, str, str]]:
    """What a change set does: the action, type and logical id of each resource."""
    rows = []
    for page in account.pages("cloudformation", "describe_change_set", "Changes", **names):
        change = page["ResourceChange"]
        replaced = " (replaced)" if change.get("Replacement") == "True" else ""
        rows.append(
            (change["Action"], change["ResourceType"], change["LogicalResourceId"] + replaced)
        )
    return rows
