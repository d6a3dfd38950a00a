"""DEP-02: A bot proposes updates of every requirements file and every action, grouped, as pull
requests with their changelogs.

Why: Without one, packages stayed unpatched for years or were all updated in a hurry.

Here: `.github/dependabot.yml`, which proposes an update a week after each release. Renovate can do
the same.

Fix: Let `directories` in `.github/dependabot.yml` cover the folder of that requirements file or
action, and keep a group for each ecosystem.

Defended by: gate.
"""

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.requirements import DEPENDABOT, RENOVATE, dependabot, requirements_files
from kit.gate.runs import steps
from kit.gate.service import Service, bring_back
from kit.template import line_of

LESSON = Lesson.read(__doc__)

# The ecosystems of Dependabot that update requirements, and actions.
PIP: tuple[str, ...] = ("uv", "pip")
ACTIONS: tuple[str, ...] = ("github-actions",)


@LESSON.check
def a_bot_updates(service: Service) -> Iterator[Finding]:
    """Dependabot covers each requirements file and each action, in groups; or Renovate is there."""
    path, entries = dependabot(service)
    if not path:
        if not any(renovate in service.files for renovate in RENOVATE):
            message = "is missing, and no other bot is set up"
            yield LESSON.finding(DEPENDABOT[0], 0, message, fix=bring_back(DEPENDABOT[0]))
        return
    missing = defaultdict(list)
    for ecosystems, folder in _updated(service):
        if not any(_covers(entry, ecosystems, folder) for entry in entries):
            missing[ecosystems].append(folder)
    for ecosystems, folders in missing.items():
        names = " or ".join(f"`{name}`" for name in ecosystems)
        message = f"no entry of {names} has the folder {and_more(folders)}"
        listed = " and ".join(f"`{folder}`" for folder in folders)
        fix = f"Let an entry of `{ecosystems[0]}` have {listed} in its `directories`."
        yield LESSON.finding(path, service.line_with(path, "updates:"), message, fix=fix)
    for entry in entries:
        if entry.get("open-pull-requests-limit") == 0:
            message = f"the entry of {entry.get('package-ecosystem')} proposes no update"
            fix = "Delete `open-pull-requests-limit: 0`: without it there may be five at a time."
            line = line_of(entry, "open-pull-requests-limit")
            yield LESSON.finding(path, line, message, fix=fix)
        if not entry.get("groups") and not entry.get("multi-ecosystem-group"):
            name = entry.get("package-ecosystem")
            message = f"the entry of {name} has no groups: every update becomes a pull request"
            fix = 'Give this entry `groups:` with `patterns: ["*"]`.'
            yield LESSON.finding(path, line_of(entry), message, fix=fix)


def _updated(service: Service) -> list[tuple[tuple[str, ...], str]]:
    """The ecosystems and the folders that a bot has to cover, as Dependabot writes them."""
    paths = [(PIP, path) for path in requirements_files(service)]
    if service.workflows:
        paths.append((ACTIONS, "action.yml"))  # / stands for .github/workflows
    # In an action that uses no other there is nothing to update.
    using = [step.path for step in steps(service) if step.job is None and "@" in step.action]
    paths += [(ACTIONS, path) for path in using]
    return list(dict.fromkeys((kind, f"/{path.rpartition('/')[0]}") for kind, path in paths))


def _covers(entry: dict[str, Any], ecosystems: tuple[str, ...], folder: str) -> bool:
    """Whether an entry of Dependabot is of one of these ecosystems and has that folder."""
    folders = [entry.get("directory") or "", *(entry.get("directories") or [])]
    patterns = ["/" + str(pattern).strip("/") for pattern in folders if pattern]
    return entry.get("package-ecosystem") in ecosystems and any(
        fnmatch(folder, p) if "**" in p else PurePosixPath(folder).match(p) for p in patterns
    )
