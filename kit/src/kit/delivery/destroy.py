"""Delete the stack of an environment, after asking; says what stays (CD-13)."""

from argparse import Namespace

from botocore.exceptions import WaiterError

from kit.errors import KitError
from kit.prompts import ask

from .account import Account
from .causes import way_out
from .failures import explain_stack
from .service import Service

OPTIONS = {"--confirm": {"metavar": "STACK", "help": "the stack's name, instead of being asked"}}


def retained(service: Service, account: Account, number: str) -> list[str]:
    """Resources of the stack that outlive it, by the template: its data."""
    keeps = {
        resource.logical_id
        for resource in service.template(number).resources()
        if resource.deletion_policy.startswith("Retain")
    }
    return [
        f"{resource['ResourceType'].split('::', 1)[1]} {resource['PhysicalResourceId']}"
        for resource in account.resources(service.stack)
        if resource["LogicalResourceId"] in keeps
    ]


def destroy(service: Service, account: Account, confirmed: str | None) -> None:
    """Delete the stack.

    Args:
        confirmed: the name of the stack, typed by whoever wants that; None to ask for it.

    Raises:
        KitError: it was not confirmed, or CloudFormation failed.
    """
    name, environment = service.stack, service.environment
    stack = account.stack(name)
    if stack is None:
        print(f"There is no stack {name} in {service.region}: nothing to delete.")
        return
    number = account.identity()["Account"]
    staying = retained(service, account, number)
    print(f"This deletes {name} in {service.region}, account {number}.\n")
    print("  What stays, with its data:" if staying else "  Nothing with data stays.")
    for resource in staying:
        print(f"    {resource}")
    print(f"  The stack {service.infra_stack}, with roles and packages, stays; so do secrets.\n")
    if confirmed is None:
        confirmed = ask(
            f"Type {name} to delete it: ", f"make destroy ENV={environment} CONFIRM={name}"
        )
    if confirmed != name:
        raise KitError(f"{confirmed!r} is not {name!r}: nothing was deleted.")
    begin = account.now()
    client = account.client("cloudformation")
    client.delete_stack(StackName=name, RoleARN=service.arn(number, "role", service.execution_role))
    print("Working, some minutes …", flush=True)
    try:
        client.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"])
    except WaiterError as error:
        stack = account.stack(stack["StackId"]) or stack
        print(f"\nThe deletion of {name} failed:\n\n{explain_stack(account, stack, begin)}")
        print(f"\nThe stack is left in {stack['StackStatus']}.")
        for line in way_out(service, stack["StackStatus"]):
            print(f"  {line}")
        raise KitError(f"{name} was not deleted, or not all of it.") from error
    print(f"{name} is deleted.")
    if staying:
        print(
            "A new stack would want the same names as what stays: deploy it with"
            f" make deploy ENV={environment} IMPORT=yes to take that over, or delete it."
        )


def main(service: Service, options: Namespace) -> int:
    destroy(service, Account(service), options.confirm)
    return 0
