"""Deploy an environment: preflight, build, change set, outputs, and a look at the live service."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, OperationNotPageableError, WaiterError

from . import preflight, smoke
from .account import Account, outputs
from .checks_account import STATES
from .errors import DeliveryError
from .failures import explain, failures
from .service import Service, here

# AWS's clock and this one may differ.
SLACK = timedelta(minutes=1)


def stream(command: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run a command, showing what it prints; its exit code and what it printed."""
    printed = []
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        printed.append(line)
    return process.wait(), "".join(printed)


def build(service: Service) -> None:
    """Build the functions in the Lambda container, unless CONTAINER=no.

    Raises:
        DeliveryError: the build failed.
    """
    container = os.environ.get("CONTAINER") or "yes"
    command = ["make", "build", f"ENV={service.environment}", f"CONTAINER={container}"]
    if stream(command, service.root)[0]:
        raise DeliveryError("The build failed; nothing was deployed.", "What it said is above.")


def sam_deploy(service: Service, account: str) -> list[str]:
    """The command that deploys what was built, without questions (CD-09)."""
    return [
        os.environ.get("SAM", "sam"),
        "deploy",
        "--config-env",
        service.environment,
        "--s3-bucket",
        service.bucket(account),
        "--role-arn",
        service.arn(account, "role", service.execution_role),
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
    ]


def take_over(service: Service, account: Account, number: str) -> None:
    """Make the stack's resources of those that exist already, where the template keeps them anyway.

    CloudFormation imports what has its name in the template and a DeletionPolicy that retains it
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html).

    Raises:
        DeliveryError: the change set could not be made or executed.
    """
    packaged = service.root / ".aws-sam" / "packaged.yaml"
    package = [
        *(os.environ.get("SAM", "sam"), "package", "--config-env", service.environment),
        *("--s3-bucket", service.bucket(number), "--s3-prefix", service.stack),
        *("--output-template-file", str(packaged)),
    ]
    if stream(package, service.root)[0]:
        raise DeliveryError("The packages could not be uploaded.", "What SAM said is above.")
    client = account.client("cloudformation")
    exists = (account.stack(service.stack) or {}).get("StackStatus", "REVIEW_IN_PROGRESS")
    kind = "CREATE" if exists == "REVIEW_IN_PROGRESS" else "UPDATE"
    name = f"import-{datetime.now(UTC):%Y%m%d%H%M%S}"
    where = {"StackName": service.stack, "ChangeSetName": name}
    try:
        client.create_change_set(
            **where,
            ChangeSetType=kind,
            ImportExistingResources=True,
            RoleARN=service.arn(number, "role", service.execution_role),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            TemplateURL=_upload(service, account, number, packaged),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in service.parameters.items()
            ],
        )
        client.get_waiter("change_set_create_complete").wait(**where)
        for line in changes(client.describe_change_set(**where)):
            print(f"  {line}")
        if input("\nExecute these changes? [y/N] ").strip().lower() not in ("y", "yes"):
            client.delete_change_set(**where)
            raise DeliveryError("Nothing was changed.")
        client.execute_change_set(**where)
        client.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName=service.stack)
    except (ClientError, WaiterError) as error:
        raise DeliveryError(f"The import failed: {error}", "make status") from error


def _upload(service: Service, account: Account, number: str, template: Path) -> str:
    """Put a template into the bucket for packages, since a call takes only small ones; its URL."""
    bucket, key = service.bucket(number), f"{service.stack}/{template.name}"
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=template.read_bytes())
    suffix = "amazonaws.com.cn" if service.partition == "aws-cn" else "amazonaws.com"
    return f"https://{bucket}.s3.{service.region}.{suffix}/{key}"


def changes(change_set: dict[str, Any]) -> list[str]:
    """What a change set does, a line per resource."""
    found = []
    for each in change_set.get("Changes", []):
        change = each["ResourceChange"]
        replaces = " (replaced)" if change.get("Replacement") == "True" else ""
        found.append(
            f"{change['Action']:<7} {change['ResourceType']:<32} {change['LogicalResourceId']}{replaces}"
        )
    return found


def last_changes(account: Account, stack: dict[str, Any]) -> list[str]:
    """What the last change set of a stack did; nothing when it can't be told any more."""
    change_set = stack.get("ChangeSetId")
    if not change_set:
        return []
    try:
        found = account.client("cloudformation").describe_change_set(
            ChangeSetName=change_set, StackName=stack["StackName"]
        )
    except ClientError:
        return []
    return changes(found)


def failed_events(account: Account, stack: str, begin: datetime) -> list[dict[str, Any]]:
    """What happened to a stack since then, the newest first, as DescribeStackEvents tells it.

    DescribeEvents tells more: what validation before a deployment and hooks refused.
    """
    client = account.client("cloudformation")
    try:
        pages = client.get_paginator("describe_events").paginate(
            StackName=stack, Filters={"FailedEvents": True}
        )
        events = [event for page in pages for event in page["OperationEvents"]]
    except (ClientError, BotoCoreError, OperationNotPageableError):  # an older botocore or Region
        pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
        events = [event for page in pages for event in page["StackEvents"]]
    return [_as_stack_event(each, stack) for each in events if each["Timestamp"] >= begin - SLACK]


def _as_stack_event(event: dict[str, Any], stack: str) -> dict[str, Any]:
    reasons = ("ResourceStatusReason", "ValidationStatusReason", "HookStatusReason")
    status = event.get("ResourceStatus") or event.get("ValidationStatus") or event.get("HookStatus")
    return {
        "LogicalResourceId": event.get("LogicalResourceId", stack),
        "ResourceType": event.get("ResourceType", ""),
        "ResourceStatus": "VALIDATION_FAILED" if status == "FAILED" else str(status or ""),
        "ResourceStatusReason": " ".join(event[key] for key in reasons if event.get(key)),
    }


def tell_failure(service: Service, account: Account, begin: datetime, printed: str) -> None:
    """Print why a deployment failed, per resource, and the way out of the state it is in."""
    try:
        events = failed_events(account, service.stack, begin)
        stack = account.stack(service.stack)
    except ClientError:
        events, stack = [], None  # there is no stack, and SAM has said why
    found = failures(events, printed, service.stack)
    print(f"\nThe deployment of {service.stack} failed:\n")
    print(explain(found, service.environment, service.stack))
    state = stack["StackStatus"] if stack else "no state: there is no stack"
    print(f"\nThe stack is left in {state}.")
    names = {"env": service.environment, "stack": service.stack}
    for line in STATES.get(state, ("nothing is in the way of the next deployment",)):
        print(f"  {line.format(**names)}")


def summarize(service: Service, stack: dict[str, Any], changed: Sequence[str]) -> None:
    """Write endpoints and changes on the page of the workflow's run, where there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    rows = "\n".join(f"| {key} | `{value}` |" for key, value in sorted(outputs(stack).items()))
    listed = "\n".join(changed) or "nothing"
    with Path(path).open("a", encoding="utf-8") as page:
        page.write(
            f"## {service.stack}\n\n| output | value |\n| --- | --- |\n{rows}\n\n"
            f"<details><summary>What changed</summary>\n\n```\n{listed}\n```\n\n</details>\n"
        )


def deploy(service: Service, account: Account, *, built: bool, take_existing: bool) -> int:
    """Deploy, and return the exit code.

    Args:
        built: whether .aws-sam/build is to be deployed as it is.
        take_existing: whether existing resources of the same names become the stack's.
    """
    results = preflight.show(service)
    blocking = [
        each
        for each in results
        if each.status == "failed" and not (take_existing and each.check == "names")
    ]
    if blocking:
        print("\nNothing was deployed: mend what failed, then make deploy again.", file=sys.stderr)
        return 1
    if not built:
        build(service)
    if not (service.root / ".aws-sam" / "build" / "template.yaml").is_file():
        raise DeliveryError("Nothing is built.", f"make build ENV={service.environment}")
    number = account.identity()["Account"]
    begin = datetime.now(UTC)
    if take_existing:
        take_over(service, account, number)
    failure, printed = stream(sam_deploy(service, number), service.root)
    if failure:
        tell_failure(service, account, begin, printed)
        return 1
    stack = account.stack(service.stack)
    if stack is None:
        raise DeliveryError(f"SAM said that all went well, but there is no stack {service.stack}.")
    print(f"\n{service.stack} is deployed:\n")
    for key, value in sorted(outputs(stack).items()):
        print(f"  {key:<28} {value}")
    summarize(service, stack, last_changes(account, stack))
    print("\nThe live service:\n")
    return 0 if smoke.run(service, account) else 1


def main(arguments: list[str]) -> int:
    """`python -m delivery deploy`: 0 when the live service is what was deployed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="delivery deploy", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument("--built", action="store_true", help="deploy .aws-sam/build as it is")
    parser.add_argument(
        "--import",
        dest="take_existing",
        action="store_true",
        help="take over existing resources of the same names, with their data",
    )
    given = parser.parse_args(arguments)
    service = here(given.env)
    return deploy(service, Account(service), built=given.built, take_existing=given.take_existing)
