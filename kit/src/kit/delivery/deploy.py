"""Deploy an environment: preflight, build, change set, outputs, and a look at the live service."""

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from kit.errors import KitError
from kit.terminal import table

from . import change_sets, markdown, packages, preflight, smoke
from .account import Account, outputs, pairs
from .failures import explain_deployment
from .service import Service

OPTIONS = {
    "--built": {"action": "store_true", "help": "deploy .aws-sam/build as it is"},
    "--import": {
        "dest": "take_existing",
        "action": "store_true",
        "help": "take over existing resources of the same names, with their data",
    },
}


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
        KitError: the build failed.
    """
    container = os.environ.get("CONTAINER") or "yes"
    command = ["make", "build", f"ENV={service.environment}", f"CONTAINER={container}"]
    if stream(command, service.root)[0]:
        raise KitError("The build failed; nothing was deployed.", "Its output is above.")


def sam(service: Service, command: str, account_id: str, *options: str) -> list[str]:
    """A command of SAM with the bucket of that account."""
    return [
        *(os.environ.get("SAM", "sam"), command, "--config-env", service.environment),
        *("--s3-bucket", service.bucket(account_id), *options),
    ]


def sam_deploy(service: Service, account_id: str) -> list[str]:
    """The command that deploys what was built, without questions (CD-09)."""
    # SAM leaves a parameter that it isn't given as it was deployed: it gets all of them.
    parameters = service.root / ".aws-sam" / "parameters.yaml"
    parameters.write_text(yaml.safe_dump(service.all_parameters), "utf-8")
    return sam(
        *(service, "deploy", account_id),
        *("--role-arn", service.arn(account_id, "role", service.execution_role)),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--parameter-overrides", f"file://{parameters}"),
    )


def take_over(service: Service, account: Account, account_id: str) -> None:
    """Import into the stack the resources that exist already, where the template retains them anyway.

    CloudFormation imports what has its name in the template and a DeletionPolicy that retains it
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html).

    Raises:
        KitError: the change set could not be created or executed.
    """
    packaged = service.root / ".aws-sam" / "packaged.yaml"
    options = ("--s3-prefix", service.stack, "--output-template-file", str(packaged))
    if stream(sam(service, "package", account_id, *options), service.root)[0]:
        raise KitError("The packages could not be uploaded.", "SAM's output is above.")
    changed = change_sets.carry_out(
        *(account, service.stack, "import"),
        remedy=f"make status ENV={service.environment}",
        instead=f"make deploy ENV={service.environment} IMPORT=yes at a terminal, to see and confirm it",
        ImportExistingResources=True,
        RoleARN=service.arn(account_id, "role", service.execution_role),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        TemplateURL=_upload(service, account, account_id, packaged),
        Parameters=pairs(service.all_parameters, "Parameter"),
        # Those of samconfig.toml, or the deployment that follows would update every resource.
        Tags=pairs(service.tags),
    )
    if not changed:
        print("\nNothing to take over: the stack is as the template says.")


def _upload(service: Service, account: Account, account_id: str, template: Path) -> str:
    """Put a template into the bucket for packages, since a call takes only small ones; its URL."""
    bucket, key = service.bucket(account_id), f"{service.stack}/{template.name}"
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=template.read_bytes())
    return f"https://{bucket}.s3.{service.region}.{service.domain}/{key}"


def summarize(
    service: Service, account: Account, stack: dict[str, Any], before: dict[str, Any]
) -> None:
    """Write endpoints and changes on the page of the workflow's run, where there is one.

    Args:
        before: the stack before the deployment: its change set stays when nothing is to change.
    """
    path, change_set = os.environ.get("GITHUB_STEP_SUMMARY"), stack.get("ChangeSetId")
    if not path:
        return
    changes: list[tuple[str, ...]] = []
    if change_set and change_set != before.get("ChangeSetId"):
        try:
            changes += change_sets.changes(
                account, ChangeSetName=change_set, StackName=service.stack
            )
        except ClientError as error:
            print(f"What changed can't be shown: {error}", file=sys.stderr)
    parts = [
        f"## {service.stack}",
        markdown.table("Output | Value", sorted(outputs(stack).items())),
        "### What changed",
        markdown.table("Action | Type | Resource", changes) or "Nothing.",
    ]
    with Path(path).open("a", encoding="utf-8") as page:
        page.write("\n\n".join(parts) + "\n")


def deploy(service: Service, account: Account, *, built: bool, take_existing: bool) -> int:
    """Deploy, and return the exit code.

    Args:
        built: whether .aws-sam/build is to be deployed as it is.
        take_existing: whether existing resources of the same names become the stack's.
    """
    failed = {item.check for item in preflight.show(service) if item.status == "failed"}
    if failed - ({"names"} if take_existing else set()):
        print("\nNothing was deployed: fix what failed, then make deploy again.", file=sys.stderr)
        return 1
    if not built:
        build(service)
    if not (service.root / ".aws-sam" / "build" / "template.yaml").is_file():
        raise KitError("Nothing is built.", f"make build ENV={service.environment}")
    account_id = account.identity()["Account"]
    begin = account.now()
    before = account.stack(service.stack) or {}
    packages_before = packages.named(service, account) if before else ""
    if take_existing:
        take_over(service, account, account_id)
    failure, printed = stream(sam_deploy(service, account_id), service.root)
    if failure:
        print(f"\nThe deployment of {service.stack} failed:\n")
        print(explain_deployment(account, begin, printed))
        return 1
    stack = account.service_stack()
    print(f"\n{service.stack} is deployed:\n")
    table(sorted(outputs(stack).items()))
    try:
        packages.retire(service, account, packages_before)
    except (ClientError, BotoCoreError) as error:  # the deployment is not worse for it
        print(f"\nOld packages stay in the artifact bucket: {error}", file=sys.stderr)
    summarize(service, account, stack, before)
    print("\nThe live service:\n")
    return 0 if smoke.run(service, account) else 1


def main(service: Service, options: Namespace) -> int:
    """0 when the live service is what was deployed, 1 otherwise."""
    account = Account(service)
    return deploy(service, account, built=options.built, take_existing=options.take_existing)
