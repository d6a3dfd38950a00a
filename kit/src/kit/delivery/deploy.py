"""Deploy an environment: preflight, build, change set, outputs, and a look at the live service."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from . import change_sets, packages, preflight, smoke
from .account import Account, outputs
from .checks_account import way_out
from .errors import DeliveryError
from .failures import explain, failures
from .service import Service, here

# The clocks of two AWS services may differ, and one of them tells whole seconds.
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


def parameters_file(service: Service) -> Path:
    """Every parameter with its value, for SAM: what it isn't given stays as it was deployed."""
    path = service.root / ".aws-sam" / "parameters.yaml"
    path.write_text(yaml.safe_dump(service.all_parameters), "utf-8")
    return path


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
        "--parameter-overrides",
        f"file://{parameters_file(service)}",
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
    changed = change_sets.carry_out(
        account,
        service.stack,
        "import",
        remedy=f"make status ENV={service.environment}",
        instead=f"make deploy ENV={service.environment} IMPORT=yes at a terminal, to see and confirm it",
        ImportExistingResources=True,
        RoleARN=service.arn(number, "role", service.execution_role),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        TemplateURL=_upload(service, account, number, packaged),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in service.all_parameters.items()
        ],
        # Those of samconfig.toml, or the deployment that follows would update every resource.
        Tags=[{"Key": key, "Value": value} for key, value in service.tags.items()],
    )
    if not changed:
        print("\nNothing to take over: the stack is as the template says.")


def _upload(service: Service, account: Account, number: str, template: Path) -> str:
    """Put a template into the bucket for packages, since a call takes only small ones; its URL."""
    bucket, key = service.bucket(number), f"{service.stack}/{template.name}"
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=template.read_bytes())
    suffix = "amazonaws.com.cn" if service.partition == "aws-cn" else "amazonaws.com"
    return f"https://{bucket}.s3.{service.region}.{suffix}/{key}"


def last_changes(account: Account, stack: dict[str, Any], before: str | None) -> list[str]:
    """What the last change set of a stack did; nothing when it can't be told any more.

    Args:
        before: the change set before this deployment, which stays when nothing is to change.
    """
    change_set = stack.get("ChangeSetId")
    if not change_set or change_set == before:
        return []
    client = account.client("cloudformation")
    try:
        return change_sets.changes(client, ChangeSetName=change_set, StackName=stack["StackName"])
    except ClientError:
        return []


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
    except ClientError:  # a Region without it, or a role that may not call it
        pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
        events = [event for page in pages for event in page["StackEvents"]]
    return [_as_stack_event(each, stack) for each in events if each["Timestamp"] >= begin - SLACK]


def _as_stack_event(event: dict[str, Any], stack: str) -> dict[str, Any]:
    reasons = ("ResourceStatusReason", "ValidationStatusReason", "HookStatusReason")
    status = str(event.get("ResourceStatus", ""))
    resource = event.get("LogicalResourceId", stack)
    if found := _hook_or_validation(event):
        status = "VALIDATION_FAILED"
        # What stops the whole stack, or names no resource, is told by its own name.
        resource = found if resource == stack else resource
    return {
        "LogicalResourceId": resource,
        "ResourceType": event.get("ResourceType", "the stack"),
        "ResourceStatus": status,
        "ResourceStatusReason": " ".join(event[key] for key in reasons if event.get(key)),
    }


def _hook_or_validation(event: dict[str, Any]) -> str:
    """The hook or validation that failed in an event, and did more than warn; "" for none.

    The resource's own status says nothing of it: CREATE_IN_PROGRESS.
    """
    for kind in ("Hook", "Validation"):
        failed = str(event.get(f"{kind}Status", "")).endswith("FAILED")
        if failed and event.get(f"{kind}FailureMode") != "WARN":
            return str(event.get("HookType") or event.get("ValidationName") or kind)
    return ""


def _events_of(
    account: Account, stack: str, begin: datetime, *, there: bool
) -> list[dict[str, Any]]:
    """The failed events; of a stack that is gone there may be none to be had."""
    try:
        return failed_events(account, stack, begin)
    except ClientError:
        if there:
            raise
        return []


def tell_failure(service: Service, account: Account, begin: datetime, printed: str) -> None:
    """Print why a deployment failed, per resource, and the way out of the state it is in."""
    print(f"\nThe deployment of {service.stack} failed:\n")
    try:
        stack = account.stack(service.stack)
        events = _events_of(account, service.stack, begin, there=stack is not None)
    except (ClientError, BotoCoreError) as error:
        print(explain(failures([], printed, service.stack), service.environment, service.stack))
        print(f"\nWhat CloudFormation says can't be asked for: {error}")
        print(f"  make status ENV={service.environment}")
        return
    print(explain(failures(events, printed, service.stack), service.environment, service.stack))
    if stack is None:
        print(f"\nThere is no stack {service.stack}: nothing was made.")
        return
    print(f"\nThe stack is left in {stack['StackStatus']}.")
    lines = way_out(service, stack["StackStatus"])
    for line in lines or ["nothing is in the way of the next deployment"]:
        print(f"  {service.in_region(line)}")


def clean_up(service: Service, account: Account, before: str) -> None:
    """Let go of packages that nothing names any more; a deployment doesn't fail by that."""
    try:
        packages.retire(service, account, before)
    except (ClientError, BotoCoreError) as error:
        print(f"\nOld packages stay in the artifact bucket: {error}", file=sys.stderr)


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
        print("\nNothing was deployed: fix what failed, then make deploy again.", file=sys.stderr)
        return 1
    if not built:
        build(service)
    if not (service.root / ".aws-sam" / "build" / "template.yaml").is_file():
        raise DeliveryError("Nothing is built.", f"make build ENV={service.environment}")
    number = account.identity()["Account"]
    begin = account.now()
    before = account.stack(service.stack) or {}
    packages_before = packages.named(service, account) if before else ""
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
    clean_up(service, account, packages_before)
    summarize(service, stack, last_changes(account, stack, before.get("ChangeSetId")))
    print("\nThe live service:\n")
    return 0 if smoke.run(service, account) else 1


def main(arguments: list[str]) -> int:
    """`python .kit delivery deploy`: 0 when the live service is what was deployed, 1 otherwise."""
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
