"""Run the checks of a service, one line for each; `make check`, `lint`, `lessons` and `test` call this.

What a check prints is shown when it fails or warns, and always with V=1 or where it is the only one.
The first failure ends the run; with `make -k` the others follow.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kit.layout import ROOT

PYTHON = os.path.relpath(sys.executable, ROOT)
BIN = os.path.dirname(PYTHON)
SAM = os.environ.get("SAM", "sam")
ESCAPES = re.compile(r"\x1b\[[\d;]*m")
WARNING = re.compile(r"^[= ]*warnings?\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A check.

    Args:
        name: what its line begins with.
        command: what runs, from the folder of the service.
        fix: what to do when it fails, where the command does not say so.
        details: options with which it tells more, where everything is shown.
    """

    name: str
    command: tuple[str, ...]
    fix: str = ""
    details: tuple[str, ...] = ()


def steps() -> dict[str, list[Step]]:
    """The checks of each part, in their order."""
    schema = (f"{BIN}/check-jsonschema", "--builtin-schema")
    workflows = sorted(path.as_posix() for path in Path(".github/workflows").glob("*.y*ml"))
    return {
        "lint": [
            Step("ruff format", (f"{BIN}/ruff", "format", "--check"), "make format"),
            Step("ruff check", (f"{BIN}/ruff", "check")),
            Step("mypy", (f"{BIN}/mypy",)),
            Step("sam validate", (SAM, "validate", "--lint", "--config-env", "dev")),
            Step(
                "cfn-lint",
                (
                    *(f"{BIN}/cfn-lint", "--non-zero-exit-code", "warning"),
                    *("--", "infra/environment.yaml"),
                ),
            ),
            Step("workflows", (*schema, "vendor.github-workflows", *workflows)),
            Step("dependabot", (*schema, "vendor.dependabot", ".github/dependabot.yml")),
            Step(
                "zizmor",
                (
                    *(f"{BIN}/zizmor", "--offline", "--quiet", "--persona=auditor"),
                    *("--config", ".github/zizmor.yml", ".github"),
                ),
            ),
        ],
        "lessons": [Step("lessons", (PYTHON, ".kit", "lessons"), details=("--table",))],
        "test": [
            Step("pytest", (f"{BIN}/pytest", "--cov", "--cov-report=term-missing:skip-covered"))
        ],
    }


class Report:
    """What a person sees: lines that follow each other, in colour at a terminal."""

    def __init__(self) -> None:
        self.is_live = sys.stdout.isatty()
        self.is_coloured = self.is_live and not os.environ.get("NO_COLOR")

    def begin(self, name: str) -> None:
        """Show at a terminal which check runs."""
        if self.is_live:
            print(f"{name:<15} ...", end="", flush=True)

    def end(self, name: str, failed: bool, seconds: float) -> None:
        """Write the line of a check."""
        word, colour = ("FAILED", 31) if failed else ("ok", 32)
        word = f"\x1b[{colour}m{word:<6}\x1b[0m" if self.is_coloured else f"{word:<6}"
        clear = "\r\x1b[K" if self.is_live else ""
        print(f"{clear}{name:<15} {word} {seconds:6.1f} s", flush=True)

    def environment(self) -> dict[str, str]:
        """The variables with which a check writes as it would at this terminal."""
        columns = str(shutil.get_terminal_size().columns)
        shown = {"COLUMNS": columns} if self.is_live else {}
        return {**os.environ, **shown, **({"FORCE_COLOR": "1"} if self.is_coloured else {})}


def run(step: Step, report: Report, is_verbose: bool) -> bool:
    """Run a check and show how it went.

    Returns:
        Whether it passed.
    """
    start = time.monotonic()
    if is_verbose:
        print("$", *step.command, flush=True)
        output, code = "", subprocess.run([*step.command, *step.details], check=False).returncode
    else:
        report.begin(step.name)
        done = subprocess.run(
            step.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=report.environment(),
            check=False,
        )
        output, code = done.stdout, done.returncode
    report.end(step.name, bool(code), time.monotonic() - start)
    if code or WARNING.search(ESCAPES.sub("", output)):
        print(output.rstrip(), flush=True)
    return not code


def main() -> int:
    parts = steps()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", help=f"{', '.join(parts)}; all of them without")
    chosen = parser.parse_args().part or [*parts]
    if unknown := [part for part in chosen if part not in parts]:
        parser.error(f"there is no part {', '.join(unknown)}: {', '.join(parts)}")
    selected = [step for part in chosen for step in parts[part]]
    if len(selected) == 1:
        return subprocess.run([*selected[0].command, *selected[0].details], check=False).returncode
    report, is_verbose = Report(), os.environ.get("V", "") not in ("", "0")
    goes_on = re.match("[A-Za-z]*k", os.environ.get("MAKEFLAGS", ""))
    failed = []
    for step in selected:
        if not run(step, report, is_verbose):
            failed.append(step)
            if not goes_on:
                break
    if failed:
        fixes = "".join(f" To fix it: {step.fix}" for step in failed if step.fix)
        print(f"Failed: {', '.join(step.name for step in failed)}.{fixes}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main())
    except FileNotFoundError as error:
        sys.exit(f"\n{error.filename} is not installed here: make setup")
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        sys.exit(130)
