"""What `make up` shows: a line for each call, with its log below."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from kit.layout import ROOT
from kit.terminal import printable

# What Powertools puts into every line, and the line of the call says.
COMMON = {
    *("cold_start", "correlation_id", "exception", "exception_name", "function_arn", "level"),
    *("function_memory_size", "function_name", "function_request_id", "function_version"),
    *("location", "message", "service", "stack_trace", "stage", "timestamp", "xray_trace_id"),
}
STYLES = {"ERROR": "red", "CRITICAL": "red", "WARNING": "yellow", "DEBUG": "dim"}


def place(file: str, line: int | None) -> str:
    """A file of the service and its line, as editors and terminals open it."""
    path = Path(file)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return f"{name}:{line}" if line else str(name)


class Screen:
    """Prints to the terminal, whole lines at a time."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, markup=False, soft_wrap=True)
        self.lock = threading.Lock()
        self.calls: dict[str, dict[str, Any]] = {}
        self.width = 8

    def print(self, text: str | Text = "", style: str = "") -> None:
        with self.lock:
            self.console.print(text, style=style or None)

    def call(self, time: float, function: str, trigger: str, result: str, ms: float) -> Text:
        """The line of a call."""
        bad = result == "error" or result[:1] == "5" or result.endswith("failed")
        style = "red" if bad else "yellow" if result[:1] == "4" else "green"
        line = Text(f"{datetime.fromtimestamp(time):%H:%M:%S.%f}"[:-3], "dim")  # noqa: DTZ006
        line.append(f"  {function:<{self.width}}  ", "bold").append(
            f"{printable(trigger):<36}  ", ""
        )
        return line.append(f"{result:>6}", style).append(f"  {ms:>7.0f} ms", "dim")

    def report(self, message: dict[str, Any]) -> None:
        """Take what a function reports; print a call when it is over."""
        request = message["request"]
        if "begin" in message:
            self.calls[request] = {**message, "logs": []}
        elif request in self.calls and "log" in message:
            self.calls[request]["logs"].append(message["log"])
        elif request in self.calls and "result" in message:
            call = self.calls.pop(request)
            name, trigger = message["function"], call["trigger"]
            lines = [self.call(call["begin"], name, trigger, message["result"], message["ms"])]
            for log in call["logs"]:
                lines += log_lines(log)
            if "error" in message:
                where = f"{place(message['file'], message['line'])}: " if "file" in message else ""
                lines.append(Text(f"    {where}{printable(message['error'])}", "red"))
                if not any('"exception"' in log for log in call["logs"]):  # whose trace is above
                    lines += trace_lines(message.get("trace", ""))
            for line in lines:
                self.print(line)


def trace_lines(trace: str) -> list[Text]:
    """A trace, indented, with files as from the service's folder."""
    lines = printable(trace).replace(f"{ROOT}/", "").splitlines()
    return [Text(f"      {line}", "dim") for line in lines]


def log_lines(text: str) -> list[Text]:
    """A line of a log, indented: level, message and what else it says; then its trace."""
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if isinstance(fields, dict) and "_aws" in fields:  # the embedded metric format
        listed = [
            metric["Name"]
            for item in fields["_aws"]["CloudWatchMetrics"]
            for metric in item["Metrics"]
        ]
        values = "  ".join(f"{name}={fields.get(name)}" for name in listed)
        return [Text(f"    METRIC  {values}", "dim")]
    if not isinstance(fields, dict) or "message" not in fields:
        return [Text(f"    {printable(text)}")]
    level = str(fields.get("level", ""))
    rest = "  ".join(f"{key}={value}" for key, value in fields.items() if key not in COMMON)
    line = Text(f"    {level:<8}", STYLES.get(level, "blue"))
    line.append(f"{printable(str(fields['message']))}  ").append(printable(rest), "dim")
    line.rstrip()
    return [line, *trace_lines(str(fields.get("exception", "")))]
