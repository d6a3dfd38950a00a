"""The whole service on this machine: its API, what is between its functions, a line for each call.

It needs no AWS account, no Docker and no network. A saved file counts at the next call; a changed
template.yaml is deployed again. Ctrl-C ends everything.
"""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError
from rich.text import Text

from kit.delivery.service import Service
from kit.errors import KitError
from kit.layout import ROOT

from . import emulator
from .bridge import Bridged
from .screen import Screen, place
from .session import Session
from .triggers import triggers

ENVIRONMENT = "dev"
OPTIONS = {"--keep": {"action": "store_true", "help": "keep the data for the next start"}}
CONFIGURATION = ("template.yaml", "samconfig.toml", ".env.local")
LOOK_SECONDS, QUEUE_SECONDS = 0.2, 2


def saved() -> dict[Path, int]:
    """When each file was saved that is watched."""
    files = [ROOT / name for name in CONFIGURATION] + list(ROOT.glob("src/*/*/**/*.py"))
    return {file: file.stat().st_mtime_ns for file in files if file.exists()}


class Up:
    """`make up` while it runs."""

    def __init__(self, service: Service, *, keep: bool) -> None:
        self.screen = Screen()
        self.session = Session(service, self.screen.report, self._refused, keep=keep)
        self.ended = threading.Event()
        self.waiting: dict[str, str] = {}

    def _refused(self, method: str, path: str, status: int) -> None:
        line = self.screen.call(time.time(), "API", f"{method} {path}", str(status), 0)
        line.append("  no function was called", "dim")
        self.screen.print(line)

    def start(self) -> None:
        begin = time.monotonic()
        self.screen.print(f"Starting {self.session.service.name}, as dev")
        result = self.session.start()
        self.show(result)
        seconds = time.monotonic() - begin
        self.screen.print(f"\nReady in {seconds:.1f} s. Ctrl-C ends it.\n", "green")

    def show(self, result: Bridged) -> None:
        """The functions with their triggers and addresses, and what is not as on AWS."""
        rows = triggers(self.session.service, self.session.state, result)
        self.screen.width = max([8, *(len(row.function) for row in rows)])
        for row in rows:
            line = Text(f"  {row.function:<{self.screen.width}}  ", "bold")
            self.screen.print(line.append(f"{row.kind:<8}  ", "cyan").append(row.where, ""))
        for name in self.session.made_up:
            self.screen.print(
                f"  The secret {name} is made up; for a real one: {name}=... in .env.local",
                "yellow",
            )
        for note in result.notes:
            self.screen.print(f"  {note}", "dim")

    def watch(self) -> None:
        """Take over what is saved, until Ctrl-C."""
        threading.Thread(target=self._queues, daemon=True).start()
        before = saved()
        for function in sorted(self.session.state.functions, key=self._api_first):
            self.load(function, quiet=True)
        while True:
            time.sleep(LOOK_SECONDS)
            now = saved()
            changed = {
                path for path in now.keys() | before.keys() if now.get(path) != before.get(path)
            }
            before = now
            if any(path.parent == ROOT for path in changed):
                self.redeploy()
            for folder in sorted(
                {path.relative_to(ROOT).parts[2] for path in changed if path.parent != ROOT}
            ):
                if folder in self.session.state.functions:
                    self.load(folder)
            if self.session.emulator.process.poll() is not None:
                raise KitError("The emulator ended.", f"Its log: {emulator.LOG.relative_to(ROOT)}")

    def _api_first(self, function: str) -> bool:
        return f"{function}:api" not in str(self.session.service.answers["functions"]).replace(
            " ", ""
        )

    def load(self, function: str, *, quiet: bool = False) -> None:
        """Let a function import what was saved; say what is wrong, and what is right again."""
        begin = time.monotonic()
        problem = self.session.load(function)
        if problem:
            where = place(problem.get("file", ""), problem.get("line"))
            message = problem.get("error") or problem.get("errorMessage")
            self.screen.print(f"{function} does not start: {where}: {message}", "red")
        elif not quiet:
            spent = (time.monotonic() - begin) * 1000
            self.screen.print(f"{function} runs the saved code ({spent:.0f} ms)", "green")

    def redeploy(self) -> None:
        """Deploy what template.yaml says now; what runs goes on when that is impossible."""
        begin = time.monotonic()
        try:
            self.show(self.session.redeploy())
        except KitError as error:
            self.screen.print(str(error), "red")
            return
        self.screen.print(f"Deployed again in {time.monotonic() - begin:.1f} s", "green")

    def _queues(self) -> None:
        """Say how many messages wait, whenever that changes."""
        client = self.session.client("sqs")
        while not self.ended.wait(QUEUE_SECONDS):
            try:
                waiting = self._waiting(client)
            except BotoCoreError as error:
                if not self.ended.is_set():
                    self.screen.print(f"The queues can't be read: {error}", "red")
                continue
            for name, number in waiting.items():
                if number != self.waiting.get(name, "0"):
                    style = "yellow" if "dead-letters" in name and number != "0" else "dim"
                    self.screen.print(f"  {name}: {number} waiting", style)
            self.waiting = waiting

    def _waiting(self, client: Any) -> dict[str, str]:
        return {
            url.rpartition("/")[2]: client.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
            )["Attributes"]["ApproximateNumberOfMessages"]
            for url in client.list_queues().get("QueueUrls", [])
        }


def interrupt(*_arguments: Any) -> None:
    raise KeyboardInterrupt


def main(service: Service, options: Namespace) -> int:
    """Run until Ctrl-C; 0 then."""
    emulator.forget_account()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    if not options.keep:
        shutil.rmtree(emulator.DATA, ignore_errors=True)
    up = Up(service, keep=options.keep)
    try:
        up.start()
        up.watch()
    except KeyboardInterrupt:
        print("\nStopping", file=sys.stderr)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        up.ended.set()
        up.session.stop()
    return 0
