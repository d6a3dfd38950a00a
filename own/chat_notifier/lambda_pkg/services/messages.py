"""What people read in the chat. Of a log line only a few fields: the rest may be personal.

Whatever a line holds, it becomes a text: one that can't be read must not take the others along.
"""

import json
from collections.abc import Sequence
from typing import Any

LINES = 5
LINE_LENGTH = 300
UNREADABLE = (RecursionError, ValueError)


def of_alarm(subject: str | None, message: str) -> str:
    """Describe a notification of the alarm topic: a CloudWatch alarm, or a budget's plain text."""
    alarm = parsed(message)
    if "AlarmName" not in alarm:
        return shortened(f"{subject or 'Notification'}: {message}")
    lines = [
        f"{alarm['AlarmName']} is {alarm.get('NewStateValue')} ({alarm.get('Region')})",
        str(alarm.get("AlarmDescription") or ""),
        str(alarm.get("NewStateReason") or ""),
    ]
    return "\n".join(map(shortened, lines))


def of_logs(log_group: str, lines: Sequence[str]) -> str:
    """Describe lines of a function's log."""
    told = [f"Errors in {log_group}:", *map(of_line, lines[:LINES])]
    if len(lines) > LINES:
        told.append(f"… and {len(lines) - LINES} more")
    return "\n".join(told)


def of_line(line: str) -> str:
    """Describe a line of the function, or one that Lambda itself wrote about it.

    What an exception says is left out, in Lambda's `errorMessage` too: it may repeat its input.
    """
    entry = parsed(line)
    # Lambda's reports have a record; in a line of the function it may be anything.
    record = entry["record"] if isinstance(entry.get("record"), dict) else {}
    status = text_in(record, "status")
    said = text_in(entry, "message") or (f"ended with {status}" if status else "failed")
    error = text_in(entry, "exception_name", "errorType") or text_in(record, "errorType")
    request = text_in(entry, "function_request_id", "requestId") or text_in(record, "requestId")
    return shortened(f"{said}{f' ({error})' if error else ''}, request {request or 'unknown'}")


def text_in(entry: dict[str, Any], *keys: str) -> str:
    """The first of these that is text; empty when none is."""
    return next((entry[key] for key in keys if isinstance(entry.get(key), str)), "")


def parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except UNREADABLE:
        return {}
    return data if isinstance(data, dict) else {}


def shortened(text: str) -> str:
    """A text of a sensible length, which calls nobody: <!channel> and @all would."""
    # JSON may hold half of a surrogate pair, which can't be sent.
    text = text.encode("utf-8", "replace").decode()
    text = text.translate(str.maketrans("<>@", "‹›＠"))
    return text if len(text) <= LINE_LENGTH else f"{text[: LINE_LENGTH - 1]}…"
