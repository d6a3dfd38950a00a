"""Delete the stack of an environment, after asking; says what stays (CD-13)."""

import argparse
from datetime import datetime
from typing import Any

from botocore.exceptions import WaiterError

from .account import Account
from .errors import DeliveryError, printable
from .prompts import ask
from .service import Service, here
from .status import ways_out, why


def retained(service: Service, account: Account) -> list[str]:
    """Resources of the stack that outlive it, by the template: its data."""
    template = service.template(account.identity()["Account"])
    keeps = {
        each.logical_id
        for each in template.resources()
        if each.deletion_policy.startswith("Retain")
    }
    return [
        f"{each['ResourceType'].split('::', 1)[1]} {each['PhysicalResourceId']}"
        for each in account.resources(service.stack)
        if each["LogicalResourceId"] in keeps
    ]


def destroy(service: Service, account: Account, confirmed: str | None) -> None:
    """Delete the stack.

    Args:
        confirmed: the name of the stack, typed by whoever wants that; None to ask for it.

    Raises:
        DeliveryError: it was not confirmed, or CloudFormation failed.
    """
    stack = account.stack(service.stack)
    if stack is None:
        print(f"There is no stack {service.stack} in {service.region}: nothing to delete.")
        return
    staying = retained(service, account)
    print(
        f"This deletes {service.stack} in {service.region}, account {account.identity()['Account']}.\n"
    )
    print("  What stays, with its data:" if staying else "  Nothing with data stays.")
    for each in staying:
        print(f"    {each}")
    print(
        f"  The stack {service.infra_stack}, with roles and packages, stays too; so do secrets.\n"
    )
    if confirmed is None:
        confirmed = ask(
            f"Type {service.stack} to delete it: ",
            f"make destroy ENV={service.environment} CONFIRM={service.stack}",
        )
    if confirmed != service.stack:
        raise DeliveryError(f"{confirmed!r} is not {service.stack!r}: nothing was deleted.")
    begin = account.now()
    client = account.client("cloudformation")
    role = service.arn(account.identity()["Account"], "role", service.execution_role)
    client.delete_stack(StackName=service.stack, RoleARN=role)
    print("Working, some minutes …", flush=True)
    try:
        client.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"])
    except WaiterError as error:
        tell(service, account, account.stack(stack["StackId"]) or stack, begin)
        raise DeliveryError(f"{service.stack} was not deleted, or not wholly.") from error
    print(f"{service.stack} is deleted.")
    if staying:
        print(
            "A new stack would want the same names as what stays: deploy it with"
            f" make deploy ENV={service.environment} IMPORT=yes to take that over, or delete it."
        )


def tell(service: Service, account: Account, stack: dict[str, Any], begin: datetime) -> None:
    """Print why a deletion failed, per resource, and the way on."""
    state = stack["StackStatus"]
    print(f"\nThe deletion of {service.stack} failed:")
    for line in why(service, account, stack, begin):
        print(printable(line))
    print(f"The stack is left in {state}.")
    for line in ways_out(service, state):
        print(line)


def main(arguments: list[str]) -> int:
    """`python .kit delivery destroy`."""
    parser = argparse.ArgumentParser(prog="delivery destroy", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument(
        "--confirm", metavar="STACK", help="the stack's name, instead of being asked"
    )
    given: Any = parser.parse_args(arguments)
    service = here(given.env)
    destroy(service, Account(service), given.confirm)
    return 0
