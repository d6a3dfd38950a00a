"""What linters report: each runs once, beside the checks, and its results become findings."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .findings import BrokenFileError

# ruff's rules that a check uses, whatever pyproject.toml selects.
RUFF_RULES = ["S105", "S106", "S107", "S113", "T100", "T201", "T203"]
# The results by the content of what they are about (see parsers.py).
_known: dict[tuple[object, ...], Any] = {}


@dataclass(frozen=True)
class LinterResult:
    """A linter's result: which rule, where, in its own words."""

    rule: str
    path: str
    line: int
    message: str


class ToolError(Exception):
    """A linter did not run; the message says why."""


class Tool:
    """A linter that runs while others work.

    Args:
        name: the command, beside this Python.
        arguments: what follows it.
        root: the folder in which it runs.
        inputs: all that its result depends on.
    """

    def __init__(self, name: str, arguments: list[str], root: Path, inputs: object) -> None:
        self._name = name
        self._command = [str(Path(sys.executable).with_name(name)), *arguments]
        self._root = root
        self._key = (name, *arguments, inputs)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self._key in _known or self._process:
            return
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                self._command, cwd=self._root, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
            )
        except OSError as error:
            raise ToolError(f"`{self._name}` did not start: {error.strerror}") from error

    def result(self) -> Any:
        """What it printed, as data."""
        self.start()
        if self._process:
            printed, errors = self._process.communicate()
            self._process = None
            try:
                _known[self._key] = json.loads(printed)
            except json.JSONDecodeError:
                reason = " ".join(errors.split())[:300] or "it said nothing"
                raise ToolError(f"`{self._name}` failed: {reason}") from None
        return _known[self._key]


class Tools:
    """The linters of a service."""

    def __init__(self, root: Path, files: Iterable[str], text: Callable[[str], str]) -> None:
        self._root = root
        self._files = sorted(files)
        self._text = text

    def start(self) -> None:
        """Let all of them run, in the background. Who needs one reports what goes wrong."""
        for tool in (self._ruff, self._zizmor):
            with contextlib.suppress(ToolError):
                tool.start()

    @cached_property
    def ruff(self) -> list[LinterResult]:
        """ruff's results for RUFF_RULES in src, without what pyproject.toml leaves out."""
        return [
            LinterResult(
                str(item["code"]),
                Path(item["filename"]).relative_to(self._root.resolve()).as_posix(),
                int(item["location"]["row"]),
                str(item["message"]),
            )
            for item in self._ruff.result()
        ]

    @cached_property
    def zizmor(self) -> list[LinterResult]:
        """zizmor's results for .github; its rules are audits, like unpinned-uses."""
        return [
            LinterResult(
                str(item["ident"]),
                str(place["symbolic"]["key"]["Local"]["verbatim_path"]),
                int(place["concrete"]["location"]["start_point"]["row"]) + 1,
                f"{item['desc']}: {place['symbolic']['annotation']}",
            )
            for item in self._zizmor.result()
            for place in item["locations"]
            if place["symbolic"]["kind"] == "Primary"
        ]

    @cached_property
    def _ruff(self) -> Tool:
        arguments = ["check", "--isolated", "--exit-zero", "--quiet", "--output-format=json"]
        arguments += ["--no-cache", f"--select={','.join(RUFF_RULES)}", "src"]
        return Tool("ruff", arguments, self._root, self._contents("src/", ".py"))

    @cached_property
    def _zizmor(self) -> Tool:
        arguments = ["--offline", "--quiet", "--no-exit-codes", "--format=json"]
        arguments += ["--persona=auditor"]  # what is no violation of a lesson is left out
        arguments += ["--config=.github/zizmor.yml", ".github"]
        return Tool("zizmor", arguments, self._root, self._contents(".github/", ""))

    def _contents(self, start: str, suffix: str) -> tuple[tuple[str, str], ...]:
        paths = [p for p in self._files if p.startswith(start) and p.endswith(suffix)]
        texts = []
        for path in paths:
            with contextlib.suppress(BrokenFileError):  # reported once, by `unreadable`
                texts.append((path, self._text(path)))
        return tuple(texts)
