"""What people read in the chat. Of a log line only a few fields: the rest may be personal."""

import json
from collections.abc import Sequence
from typing import Any

LINES = 5
LINE_LENGTH = 300


def of_alarm(subject: str | None, message: str) -> str:
    """Describe a notification of the alarm topic: a CloudWatch alarm, or a budget's plain text."""
    alarm = parsed(message)
    if "AlarmName" not in alarm:
        return shortened(f"{subject or 'Notification'}: {message}")
    return "\n".join(
        [
            f"{alarm['AlarmName']} is {alarm.get('NewStateValue')} ({alarm.get('Region')})",
            shortened(str(alarm.get("AlarmDescription") or "")),
            shortened(str(alarm.get("NewStateReason") or "")),
        ]
    )


def of_logs(log_group: str, lines: Sequence[str]) -> str:
    """Describe lines of a function's log."""
    told = [f"Errors in {log_group}:", *map(of_line, lines[:LINES])]
    if len(lines) > LINES:
        told.append(f"… and {len(lines) - LINES} more")
    return "\n".join(told)


def of_line(line: str) -> str:
    entry = parsed(line)
    record = entry.get("record", {})
    request = entry.get("function_request_id") or entry.get("requestId") or record.get("requestId")
    said = entry.get("message") or entry.get("errorMessage") or f"ended with {record.get('status')}"
    error = entry.get("exception_name") or entry.get("errorType") or record.get("errorType")
    return shortened(f"{said}{f' ({error})' if error else ''}, request {request}")


def parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def shortened(text: str) -> str:
    """A text of a sensible length, which calls nobody: <!channel> and @all would."""
    text = text.translate(str.maketrans("<>@", "‹›＠"))
    return text if len(text) <= LINE_LENGTH else f"{text[: LINE_LENGTH - 1]}…"
