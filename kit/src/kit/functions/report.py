"""What a command prints when it is done."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

from kit.layout import ANSWERS, ROOT, TEMPLATE

from .access import public_endpoints
from .git import conflicts, git, tracked
from .plan import Plan
from .renaming import aws_names
from .service import Function, functions, template, text


def say(*lines: str) -> None:
    """Print lines, also where nobody reads on: after `| head` the work continues all the same."""
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def say_some(lines: list[str], limit: int) -> None:
    """Print the first lines, and how many more there are."""
    say(*lines[:limit])
    if lines[limit:]:
        indentation = " " * (len(lines[0]) - len(lines[0].lstrip()))
        say(f"{indentation}… and {len(lines) - limit} more")


def say_changed(folders: Iterable[str] = ()) -> None:
    """The files that changed, but for those in these folders, and the conflicts."""
    paths = git("diff", "--staged", "--name-only", "--relative", "-z").split("\0")
    inside = tuple(f"{folder}/" for folder in folders)
    say("Changed:", *(f"  {path}" for path in paths if path and not path.startswith(inside)))
    if conflicts():
        say("Conflicts to resolve, your text against the template's (git ls-files -u):")
        say(*(f"  {path}" for path in conflicts()))


def say_by_hand(plan: Plan) -> None:
    """What could not be changed in files that are the user's."""
    if plan.by_hand:
        say("", "These are yours, and you changed them where the answer would. Do it by hand:")
    for path, lines in plan.by_hand.items():
        say(f"  {path}")
        say_some([f"    {line}" for line in lines], 40)


def say_public() -> None:
    """The endpoints that need no token."""
    if TEMPLATE in conflicts():
        say(
            "",
            f"Which endpoints are public is known once the conflicts in {TEMPLATE} are resolved.",
        )
        return
    endpoints = [*public_endpoints(template())] or [("none", "")]
    say("", "Public, so that whoever knows the address can call them without a token:")
    say(*(f"  {endpoint:<32} {reason}" for endpoint, reason in endpoints))


def say_left(old: Function, ids: Iterable[str], rendered: set[str], question: str) -> None:
    """Lines that may still mean a function by its old name.

    Args:
        ids: logical ids that it had.
        rendered: the lines of the service as the template renders it now, which are right.
        question: what to ask about them.
    """
    names = "|".join(map(re.escape, (old.name, old.kebab, *ids)))
    pattern = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])|{aws_names(old, functions())}")
    lines = [
        f"  {path}:{number}: {line.strip()}"
        for path in tracked()
        if path not in ("CHANGELOG.md", ANSWERS)
        for number, line in enumerate((text(ROOT / path) or "").splitlines(), 1)
        if line not in rendered and pattern.search(line)
    ]
    if lines:
        say(question)
        say_some(lines, 30)


def say_next(*steps: tuple[str, str]) -> None:
    """What to do next: commands and what they are for. Last comes the review."""
    review = ("git diff --staged", "review it, then: git commit")
    revert = ("git reset --hard", "or revert it")
    say("", "Next:")
    say(*(f"  {command:<24} {purpose}" for command, purpose in (*steps, review, revert)))
