"""The recent log lines of a function."""

import json
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from kit.errors import KitError
from kit.terminal import printable

from .account import Account, unless_absent
from .service import Service

OPTIONS = {
    "function": {"nargs": "?", "help": "its folder's name in src/, for example app"},
    "--minutes": {"type": int, "default": 60, "help": "how far back (60)"},
}


def log_groups(service: Service) -> dict[str, str]:
    """The log group of each function, by the name of its folder in src/."""
    groups = {}
    for resource in service.template("").resources():
        if resource.type == "AWS::Serverless::Function" and resource.name:
            folder = str(resource.properties["CodeUri"]).strip("/").split("/")[-1]
            groups[folder] = f"/aws/lambda/{resource.name}"
    return groups


def entries(
    account: Account, group: str, seconds: int, level: str = ""
) -> list[dict[str, Any]] | None:
    """The entries of a log group, the oldest first; None when there is no such group.

    Args:
        seconds: how far back.
        level: only entries of this level.
    """
    events: list[dict[str, Any]] | None = unless_absent(
        account.pages,
        client="logs",
        operation="filter_log_events",
        key="events",
        logGroupName=group,
        startTime=int((account.now().timestamp() - seconds) * 1000),
        filterPattern='{ $.level = "' + level + '" }' if level else "",
    )
    return events


def readable(entry: dict[str, Any]) -> str:
    """An entry on one line: the time, the level, the message, and what names the request.

    A log has what callers sent: its control characters would reach this terminal.
    """
    when = datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
    text = entry["message"].strip()
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if isinstance(fields, dict):
        names = ("exception_name", "correlation_id", "function_request_id")
        message = fields.get("message") or fields.get("type")
        parts = [fields.get("level"), message, *map(fields.get, names)]
        text = "  ".join(str(part) for part in parts if part)
    return f"{when:%H:%M:%S}  {printable(text)}"


def main(service: Service, options: Namespace) -> int:
    """Print the entries of the last minutes."""
    if options.minutes < 1:
        raise KitError(f"MINUTES={options.minutes} is not a time to look back.", "MINUTES=60")
    groups, name = log_groups(service), options.function
    if name not in groups:
        raise KitError(
            f"There is no function {name}." if name else "Of which function?",
            f"make logs FN={next(iter(groups), 'app')} ENV={service.environment};"
            f" there are: {', '.join(groups)}",
        )
    recent = entries(Account(service), groups[name], options.minutes * 60)
    if recent is None:
        raise KitError(
            f"There is no log group {groups[name]} in {service.region}.",
            f"It comes with the first deployment: make deploy ENV={service.environment}",
        )
    for entry in recent:
        print(readable(entry))
    if not recent:
        print(f"Nothing in {groups[name]} for {options.minutes} minutes.")
    return 0
