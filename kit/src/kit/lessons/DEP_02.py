"""DEP-02: A bot proposes updates of every requirements file and every action, grouped, as pull
requests with their changelogs.

Why: Without one, packages stayed unpatched for years or were all updated in a hurry.

Here: `.github/dependabot.yml`, which proposes an update a week after each release.

Fix: Let `directories` in `.github/dependabot.yml` cover the folder of that requirements file or
action, and keep a schedule and a group for each ecosystem.

Defended by: gate.
"""

import fnmatch
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kit.gate.findings import BrokenFileError, Finding, and_more
from kit.gate.runs import steps
from kit.gate.service import Service
from kit.template import at, line_of

if TYPE_CHECKING:
    pass
from kit.gate.lesson import Lesson
from kit.gate.requirements import DEPENDABOT, RENOVATE, requirements_files

LESSON = Lesson.read(__doc__)


ECOSYSTEMS = {"requirements": ("uv", "pip"), "actions": ("github-actions",)}


def _folder(path: str) -> str:
    """The folder of a file as Dependabot writes it: /src/orders/app, and / for the top."""
    above = path.rpartition("/")[0]
    return f"/{above}"


def _updated(service: Service) -> Iterator[tuple[str, str, str]]:
    """What a bot has to cover: its kind, the folder (/ for the top), a file in it."""
    for path in requirements_files(service):
        yield "requirements", _folder(path), path
    for path in list(service.workflows)[:1]:
        yield "actions", "/", path
    # Those that use others'; of an own action by its path there is nothing to update.
    using = {step.path for step in steps(service) if step.job is None and "@" in step.action}
    for path in sorted(using):
        yield "actions", _folder(path), path


@LESSON.check
def a_bot_updates(service: Service) -> Iterator[Finding]:
    """Dependabot, or Renovate, covers each requirements file and each action, in groups."""
    dependabot = next((path for path in DEPENDABOT if path in service.files), None)
    renovate = next((path for path in RENOVATE if path in service.files), None)
    if dependabot:
        yield from _dependabot(service, dependabot)
    elif renovate:
        yield from _renovate(service, renovate)
    else:
        yield LESSON.finding(DEPENDABOT[0], 0, "is not there, and no other bot is set up")


def _dependabot(service: Service, path: str) -> Iterator[Finding]:
    data = service.yaml(path)
    found = at(data, "updates")
    entries = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    used: dict[int, dict[str, Any]] = {}
    left_out: dict[str, list[str]] = {}
    for kind, folder, file in _updated(service):
        covering = [each for each in entries if _covers(each, ECOSYSTEMS[kind], folder, file)]
        used |= {id(each): each for each in covering}
        if not covering and folder not in left_out.setdefault(kind, []):
            left_out[kind].append(folder)
    for kind, folders in left_out.items():
        if folders:
            names = " or ".join(f"`{each}`" for each in ECOSYSTEMS[kind])
            found = f"no entry of {names} has the folder {and_more(folders)}"
            yield LESSON.finding(path, line_of(data, "updates"), found)
    for entry in used.values():
        name = entry.get("package-ecosystem")
        for problem in _entry_problems(entry):
            yield LESSON.finding(path, line_of(entry), f"the entry of {name} {problem}")


def _covers(entry: dict[str, Any], ecosystems: tuple[str, ...], folder: str, file: str) -> bool:
    if entry.get("package-ecosystem") not in ecosystems:
        return False
    several = entry.get("directories")
    places = [entry.get("directory"), *(several if isinstance(several, list) else [])]
    excluded = entry.get("exclude-paths")
    if any(fnmatch.fnmatch(file, str(e)) for e in (excluded if isinstance(excluded, list) else [])):
        return False
    return any(_matches(folder, str(place)) for place in places if place)


def _matches(folder: str, pattern: str) -> bool:
    """Whether a pattern of `directories` is for a folder: * is of one name, ** of any number."""
    normal = "/" + pattern.strip("/")
    rule = "".join(
        {"**": ".*", "*": "[^/]*"}.get(part, re.escape(part))
        for part in re.split(r"(\*\*|\*)", normal)
    )
    return re.fullmatch(rule, folder) is not None


def _entry_problems(entry: dict[str, Any]) -> Iterator[str]:
    if not at(entry, "schedule", "interval") and not entry.get("multi-ecosystem-group"):
        yield "has no schedule"
    if not entry.get("groups") and not entry.get("multi-ecosystem-group"):
        yield "has no groups: each update would be a pull request of its own"
    if str(entry.get("open-pull-requests-limit")) == "0":
        yield "is switched off by open-pull-requests-limit: 0"
    ignored = entry.get("ignore")
    for each in ignored if isinstance(ignored, list) else []:
        if at(each, "dependency-name") == "*" and set(each) == {"dependency-name"}:
            yield "ignores every dependency"


def _renovate(service: Service, path: str) -> Iterator[Finding]:
    try:
        data = service.json(path)
    except BrokenFileError:
        return  # JSON5, which Renovate reads and this does not
    managers = at(data, "enabledManagers")
    if isinstance(managers, list):
        for wanted in ("pip_requirements", "github-actions"):
            if not {wanted, "pip-compile" if wanted[0] == "p" else wanted} & {*managers}:
                yield LESSON.finding(path, 0, f"enables some managers, and not {wanted}")
    if at(data, "enabled") is False:
        yield LESSON.finding(path, 0, "has enabled: false")
    extended = at(data, "extends")
    presets = [str(each) for each in extended] if isinstance(extended, list) else []
    if '"groupName"' not in service.text(path) and not any(
        each.startswith(("config:", "group:", "local>", "github>")) for each in presets
    ):
        told = "groups nothing: it extends no `group:` preset and has no `groupName`"
        yield LESSON.finding(path, 0, told)
