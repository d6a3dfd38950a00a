"""CI-05: Actions are pinned to the full id of a commit, with its version in a comment that the bot
updates; images of containers to their digest.

Why: A tag was moved to a malicious commit, and every workflow that named the tag ran it.

Here: Every `uses` in `.github/workflows/`.

Fix: Write `uses: owner/name@<40 hexadecimal digits> # v1.2.3`, and
`uses: docker://image@sha256:<digest>`.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import audits
from kit.gate.service import Service
from kit.gate.tools import LinterResult

LESSON = Lesson.read(__doc__)
VALUE = re.compile(r": *['\"]?([^\s'\"@{}]+)")
PINNED = re.compile(r"\buses: *['\"]?(?P<action>[^@\s]+)@[0-9a-f]{40}\b['\"]?(?P<rest>.*)")
VERSION = re.compile(r"#.*\bv?\d+(\.\d+)*\b")


@LESSON.check
def actions_are_pinned(service: Service) -> Iterator[Finding]:
    for result in audits(service, "unpinned-uses"):
        action = _used(service, result)
        message = f"`{action}` is not pinned to the id of a commit"
        url = f"https://github.com/{'/'.join(action.split('/')[:2])}"
        fix = f"Write `{action}@<id> # v1.2.3`: `git ls-remote --tags {url}` prints the ids."
        yield LESSON.finding(result.path, result.line, message, fix=fix)


@LESSON.check
def images_are_pinned(service: Service) -> Iterator[Finding]:
    """Those of steps; those of jobs, maybe of a registry of one's own, have a version at least."""
    for result in audits(service, "unpinned-images"):
        image = _used(service, result)
        if image.startswith("docker://") or not result.message.endswith("SHA256 hash"):
            message = f"the image `{image}` is not pinned to its digest"
            inspect = f"docker buildx imagetools inspect {image.removeprefix('docker://')}"
            fix = f"Write `{image}@sha256:<digest>`: `{inspect}` prints the digest."
            yield LESSON.finding(result.path, result.line, message, fix=fix)


@LESSON.check
def pins_have_their_version(service: Service) -> Iterator[Finding]:
    """Behind the id of a commit is the version; zizmor finds what has no id."""
    for path in (*service.workflows, *service.actions):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            pin = PINNED.search(line)
            if pin and not VERSION.search(pin["rest"]):
                message = f"`{pin['action']}` is pinned, but no comment has its version"
                fix = "Write the version of that commit behind it: `# v1.2.3`."
                yield LESSON.finding(path, number, message, fix=fix)


def _used(service: Service, result: LinterResult) -> str:
    """The action or the image that zizmor means, without its version."""
    used = VALUE.search(service.text(result.path).splitlines()[result.line - 1])
    return used[1] if used else "it"
