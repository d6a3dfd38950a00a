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
from kit.gate.runs import audits
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)
PINNED = re.compile(r"\buses: *['\"]?(?P<action>[^@\s]+)@[0-9a-f]{40}\b['\"]?(?P<rest>.*)")
VERSION = re.compile(r"#.*\bv?\d+(\.\d+)*\b")


@LESSON.check
def actions_are_pinned(service: Service) -> Iterator[Finding]:
    for result in audits(service, "unpinned-uses"):
        message = "the action is not pinned to the id of a commit"
        yield LESSON.finding(result.path, result.line, message)


@LESSON.check
def pins_have_their_version(service: Service) -> Iterator[Finding]:
    """Behind the id of a commit is the version; zizmor finds what has no id."""
    for path in (*service.workflows, *service.actions):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            pin = PINNED.search(line)
            if pin and not VERSION.search(pin["rest"]):
                message = f"`{pin['action']}` is pinned, but no comment has its version"
                yield LESSON.finding(path, number, message)
