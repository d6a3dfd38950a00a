"""CI-05: Actions are pinned to the full id of a commit, with its version in a comment that the bot
updates.

Why: A tag was moved to a malicious commit, and every workflow that named the tag ran it.

Here: Every `uses` in `.github/workflows/`.

Fix: Write `uses: owner/name@<40 hexadecimal digits> # v1.2.3`.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service

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
PINNED = re.compile(r"\buses: *['\"]?(?P<action>[^@\s]+)@[0-9a-f]{40}\b['\"]?(?P<rest>.*)")
VERSION = re.compile(r"#.*\bv?\d+(\.\d+)*\b")


@LESSON.check
def zizmor(service: Service) -> Iterator[Finding]:
    """What the linter of workflows finds of CI-02, CI-04 and CI-05."""
    for result in service.tools.zizmor:
        if result.rule in ZIZMOR:
            lesson, message = ZIZMOR[result.rule]
            if result.rule == "excessive-permissions":  # which of them is in its message
                message += f": {result.message.partition(': ')[2]}"
            yield Finding(lesson, result.path, result.line, message)


@LESSON.check
def pins_have_their_version(service: Service) -> Iterator[Finding]:
    """Behind the id of a commit is the version; zizmor finds what has no id."""
    for path in (*service.workflows, *service.actions):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            pin = PINNED.search(line)
            if pin and not VERSION.search(pin["rest"]):
                message = f"`{pin['action']}` is pinned, but no comment has its version"
                yield LESSON.finding(path, number, message)
