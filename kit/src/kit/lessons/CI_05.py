"""CI-05: Actions are pinned to the full id of a commit, with its version in a comment that the bot
updates.

Why: A tag was moved to a malicious commit, and every workflow that named the tag ran it.

Here: Every `uses` in `.github/workflows/`.

Fix: Write `uses: owner/name@<40 hexadecimal digits> # v1.2.3`.

Defended by: gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


# Audits of zizmor: the lesson of each, and what it finds.
ZIZMOR = {
    "artipacked": (
        "CI-04",
        "keeps the token where later steps find it: no `persist-credentials: false`",
    ),
    "dangerous-triggers": ("CI-02", "runs code of others with the token of this repository"),
    "excessive-permissions": ("CI-04", "gives jobs more than they need"),
    "unpinned-uses": (LESSON.id, "the action is not pinned to the id of a commit"),
}


VERSION = re.compile(r"\bv?\d+(\.\d+)*\b")


@LESSON.check
def zizmor(service: Service) -> Iterator[Finding]:
    """What the linter of workflows knows of CI-02, CI-04 and CI-05."""
    for told in service.tools.zizmor:
        if told.rule in ZIZMOR:
            lesson, found = ZIZMOR[told.rule]
            if told.rule == "excessive-permissions":  # which of them is in its message
                found += f": {told.message.partition(': ')[2]}"
            yield Finding(lesson, told.path, told.line, found)


def _uses(service: Service) -> Iterator[tuple[str, str, int]]:
    """Every action that is used: file, action, line; those of own actions too."""
    for job in service.jobs:
        for each in (job.body, *job.steps):
            if isinstance(uses := each.get("uses"), str):
                yield job.path, uses, line_of(each, "uses")
    for path in service.files_in(".github/actions", "action.yml", "action.yaml"):
        steps = at(service.yaml(path), "runs", "steps")
        for step in steps if isinstance(steps, list) else ():
            if isinstance(uses := at(step, "uses"), str):
                yield path, uses, line_of(step, "uses")


@LESSON.check
def pins_say_their_version(service: Service) -> Iterator[Finding]:
    """Behind the id of a commit is the version; zizmor finds what has no id."""
    for path, uses, line in _uses(service):
        action, _at, reference = uses.partition("@")
        if action.startswith("docker://") and not reference.startswith("sha256:"):
            yield LESSON.finding(path, line, f"`{uses}` is pinned to no digest")
        if not re.fullmatch(r"[0-9a-f]{40}", reference):
            continue
        rest = service.text(path).splitlines()[line - 1].partition(reference)[2]
        comment = rest.partition("#")[2].strip()
        if not VERSION.search(comment):
            said = (
                f"its comment `{comment}` is no version"
                if comment
                else "no comment gives its version"
            )
            yield LESSON.finding(path, line, f"`{action}` is pinned, but {said}")
