"""The whole service on this machine: its API, what is between its functions, a line for each call.

It needs no AWS account or Docker, and no network after the first start, which installs the
emulator. A saved file counts at the next call; a changed template.yaml is deployed again. Ctrl-C
ends everything.
"""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from kit.delivery.service import Service
from kit.errors import KitError
from kit.layout import ROOT

from . import emulator
from .bridge import Bridged
from .examples import kinds
from .screen import Screen, place
from .session import Session

ENVIRONMENT = "dev"
OPTIONS = {"--keep": {"action": "store_true", "help": "keep the data for the next start"}}
CONFIGURATION = ("template.yaml", "samconfig.toml", ".env.local")
LOOK_SECONDS, QUEUE_SECONDS = 0.2, 2


def saved() -> dict[Path, int]:
    """When each file was saved that is watched."""
    files = [ROOT / name for name in CONFIGURATION] + list(ROOT.glob("src/*/*/**/*.py"))
    times = {}
    for file in files:
        with suppress(FileNotFoundError):  # removed or renamed in between
            times[file] = file.stat().st_mtime_ns
    return times


class Up:
    """`make up` while it runs."""

    def __init__(self, service: Service, *, keep: bool) -> None:
        self.screen = Screen()
        self.session = Session(service, self.screen.report, self._refused, keep=keep)
        self.ended = threading.Event()
        self.waiting: dict[str, str] = {}
        self.shown: list[Text] = []
        self.saved = saved()  # before the first deployment, which reads these files

    def _refused(self, method: str, path: str, status: int) -> None:
        line = self.screen.call(time.time(), "API", f"{method} {path}", str(status), 0)
        line.append("  no function was called", "dim")
        self.screen.print(line)

    def start(self) -> None:
        begin = time.monotonic()
        self.screen.print(f"Starting {self.session.service.name}, as dev")
        self.show(self.session.start())
        seconds = time.monotonic() - begin
        self.screen.print(f"\nReady in {seconds:.1f} s. Ctrl-C ends it.", "green")
        if first := next(iter(kinds(self.session.service)), None):
            self.screen.print(f"Try it in another terminal: make send FN={first}\n", "dim")

    def show(self, result: Bridged) -> None:
        """The functions with their triggers and addresses, and what is not as on AWS, when it is new."""
        known = kinds(self.session.service)
        names = {logical_id: folder.name for logical_id, folder in result.functions.items()}
        self.screen.width = max([8, *map(len, names.values())])
        lines = []
        for logical_id, name in names.items():
            deployed = self.session.state.unqualified(name)
            if deployed.startswith("CodeDeployHook_"):  # which only a gradual deployment invokes
                continue
            line = Text(f"  {name:<{self.screen.width}}  ", "bold")
            line.append(f"{known.get(name, ''):<8}  ", "cyan")
            lines.append(line.append(result.paths.get(logical_id, deployed), ""))
        lines += [
            Text(
                f"  The secret {name} is made up; for a real one: {name}=... in .env.local",
                "yellow",
            )
            for name in self.session.made_up
        ]
        lines += [Text(f"  {note}", "dim") for note in result.notes]
        if lines != self.shown:
            for line in lines:
                self.screen.print(line)
        self.shown = lines

    def watch(self) -> None:
        """Take over what is saved, until Ctrl-C."""
        threading.Thread(target=self._queues, daemon=True).start()
        self.load_all()
        while True:
            time.sleep(LOOK_SECONDS)
            now = saved()
            changed = {
                path
                for path in now.keys() | self.saved.keys()
                if now.get(path) != self.saved.get(path)
            }
            self.saved = now
            if any(path.parent == ROOT for path in changed):
                self.redeploy()
            for folder in sorted(
                {path.relative_to(ROOT).parts[2] for path in changed if path.parent != ROOT}
            ):
                if folder in self.session.state.functions:
                    self.load(folder)
            if self.session.emulator.process.poll() is not None:
                raise KitError(
                    "The emulator ended.", f"Its log: {self.session.emulator.log.relative_to(ROOT)}"
                )

    def load_all(self) -> None:
        """Start every function, those of the API first, and say which ones can't."""
        apis = {name for name, kind in kinds(self.session.service).items() if kind == "api"}
        for function in sorted(self.session.state.functions, key=lambda name: name not in apis):
            self.load(function, quiet=True)

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
        except (KitError, ClientError) as error:
            self.screen.print(f"Not deployed: {error}", "red")
            return
        except (AttributeError, LookupError, TypeError, ValueError) as error:  # half written
            self.screen.print(
                f"Not deployed: template.yaml or samconfig.toml has something incomplete: {error!r}",
                "red",
            )
            return
        self.screen.print(f"Deployed again in {time.monotonic() - begin:.1f} s", "green")
        self.load_all()

    def _queues(self) -> None:
        """Say how many messages wait, whenever that changes."""
        client = self.session.state.client("sqs")
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
    up = Up(service, keep=options.keep)
    if not options.keep:
        shutil.rmtree(up.session.folder / "data", ignore_errors=True)
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
