"""The recent log lines of a function."""

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from .account import Account, code
from .errors import DeliveryError, printable
from .service import Service, here


def log_groups(service: Service, account: Account) -> dict[str, str]:
    """The log group of each function: its name as in src/ → the group."""
    found = {}
    for resource in service.template(account.identity()["Account"]).resources():
        if resource.type == "AWS::Serverless::Function" and resource.name:
            folder = str(resource.properties["CodeUri"]).strip("/").split("/")[-1]
            found[folder] = f"/aws/lambda/{resource.name}"
    return found


def entries(account: Account, group: str, seconds: int, level: str = "") -> list[dict[str, Any]]:
    """The entries of a log group, the oldest first; none when there is no such group.

    Args:
        seconds: how far back.
        level: only entries of this level.
    """
    return _entries(account, group, seconds, level) or []


def _entries(
    account: Account, group: str, seconds: int, level: str = ""
) -> list[dict[str, Any]] | None:
    pages = account.client("logs").get_paginator("filter_log_events")
    pattern = '{ $.level = "LEVEL" }'.replace("LEVEL", level) if level else ""
    begin = int((account.now().timestamp() - seconds) * 1000)
    try:
        return [
            event
            for page in pages.paginate(logGroupName=group, startTime=begin, filterPattern=pattern)
            for event in page["events"]
        ]
    except ClientError as error:
        if code(error) == "ResourceNotFoundException":
            return None
        raise


def readable(entry: dict[str, Any]) -> str:
    """An entry on one line: the time, the level, the message, and what names the request.

    A log has what callers sent: its control characters would reach this terminal.
    """
    when = datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
    text = entry["message"].strip()
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict):
        parts = [said.get("level"), said.get("message") or said.get("type")]
        parts += [
            said.get(key) for key in ("exception_name", "correlation_id", "function_request_id")
        ]
        text = "  ".join(str(part) for part in parts if part)
    return f"{when:%H:%M:%S}  {printable(text)}"


def main(arguments: list[str]) -> int:
    """`python .kit delivery logs`."""
    parser = argparse.ArgumentParser(prog="delivery logs", description=__doc__)
    parser.add_argument("function", nargs="?", help="its folder's name in src/, for example app")
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument("--minutes", type=int, default=60, help="how far back (60)")
    given = parser.parse_args(arguments)
    if given.minutes < 1:
        raise DeliveryError(f"MINUTES={given.minutes} is not a time to look back.", "MINUTES=60")
    service = here(given.env)
    account = Account(service)
    groups = log_groups(service, account)
    if given.function not in groups:
        raise DeliveryError(
            f"There is no function {given.function}." if given.function else "Of which function?",
            f"make logs FN={next(iter(groups), 'app')} ENV={service.environment}; there are: {', '.join(groups)}",
        )
    found = _entries(account, groups[given.function], given.minutes * 60)
    if found is None:
        raise DeliveryError(
            f"There is no log group {groups[given.function]} in {service.region}.",
            f"It comes with the first deployment: make deploy ENV={service.environment}",
        )
    for entry in found:
        print(readable(entry))
    if not found:
        print(f"Nothing in {groups[given.function]} for {given.minutes} minutes.")
    return 0
