"""DEP-08: What is installed is what was reviewed: requirements have hashes wherever a job can
become a role, and new releases are taken only after a cooldown.

Why: A popular package carried malware for some hours, and whoever installed it unpinned in these
hours lost their keys.

Here: `make lock` writes hashes into every list and takes no release of the last 7 days (`COOLDOWN`
in the `Makefile`); `cooldown` in `.github/dependabot.yml`; the job `deploy` installs
`requirements-deploy.txt` and `requirements-sam.txt`.

Fix: `make lock` writes the hashes. Of what comes from git, name a wheel by its address with
`#sha256=…`. Keep `cooldown` with `default-days` for each entry of `.github/dependabot.yml`, and
`COOLDOWN = 7 days` in the `Makefile`.

Defended by: gate.

See: docs/decisions/0004-requirements.md.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kit.gate.commands import Command
from kit.gate.findings import Finding, and_more
from kit.gate.runs import Step
from kit.gate.service import Job, Service
from kit.pins import development
from kit.template import at, line_of

if TYPE_CHECKING:
    pass
from kit.gate.lesson import Lesson
from kit.gate.requirements import DEPENDABOT, RENOVATE, pin_problem

LESSON = Lesson.read(__doc__)


# What takes the newest version there is, whatever a list says.
RUNNERS = {"bunx", "npx", "pipx", "pnpx", "uvx"}


INSTALLERS = ("npm", "pnpm", "yarn")


INSTALLING = {"add", "exec", "i", "install", "update"}


# What `make setup` installs, with SETUP_ARGS=--deploy and without.
OF_SETUP = {True: ("requirements-deploy.txt",), False: ("requirements-dev.txt",)}


def _signs_in(service: Service, job: Job) -> bool:
    """Whether a job may ask for the token that becomes a role."""
    permissions = job.body.get("permissions", service.workflows[job.path].get("permissions"))
    return permissions == "write-all" or at(permissions, "id-token") == "write"


@LESSON.check
def hashes_where_a_job_can_become_a_role(service: Service) -> Iterator[Finding]:
    """What a job with `id-token: write` installs is listed with hashes."""
    told: set[str] = set()
    for job in service.jobs:
        if not _signs_in(service, job):
            continue
        for body in job.steps:
            step = Step(job.path, line_of(body), body, job)
            for command in step.commands:
                if _takes_the_newest(command):
                    found = f"the job {job.id}, which can become a role, runs `{command.text[:60]}`"
                    yield LESSON.finding(job.path, command.line, found, fix=NO_NEWEST)
                if command.program == "make" and "setup" in command.arguments:
                    for path in _installed(service, command):
                        if path not in told:
                            told.add(path)
                            yield from _without_hash(service, path, job.id)


NO_NEWEST = (
    "Name it in a `requirements*.in` and let `make setup` install it, or move it to a job without"
    " `id-token: write`."
)


def _takes_the_newest(command: Command) -> bool:
    installs = command.program in INSTALLERS and bool(INSTALLING & {*command.arguments})
    return installs or bool(RUNNERS & {*command.runner, command.program})


def _installed(service: Service, command: Command) -> list[str]:
    deploys = any("--deploy" in word for word in command.words)
    lists = [*OF_SETUP[deploys], "requirements-sam.txt"]
    if not deploys:
        lists += [each for each in development(service.root) if each not in lists]
    return [each for each in lists if each in service.files]


def _without_hash(service: Service, path: str, job: str) -> Iterator[Finding]:
    # What is not pinned at all is for DEP-01 to tell.
    pinned_ones = (p for p in service.requirements(path) if p.requirement and not pin_problem(p))
    bare = [each for each in pinned_ones if not re.search(r"--hash=|#sha256=", each.text)]
    if bare:
        names = and_more([each.requirement.name for each in bare if each.requirement])
        found = f"no hash for {names}, which the job {job} installs where it can become a role"
        yield LESSON.finding(path, bare[0].line, found)


@LESSON.check
def new_releases_wait(service: Service) -> Iterator[Finding]:
    """The bot and `make lock` take no release before its cooldown is over."""
    for path in (each for each in DEPENDABOT if each in service.files):
        updates = at(service.yaml(path), "updates")
        for entry in updates if isinstance(updates, list) else []:
            days = at(entry, "cooldown", "default-days")
            if isinstance(entry, dict) and not (isinstance(days, int) and days > 0):
                found = f"the entry of {entry.get('package-ecosystem')} has no cooldown"
                yield LESSON.finding(path, line_of(entry), found)
        return
    for path in (each for each in RENOVATE if each in service.files):
        if "minimumReleaseAge" not in service.text(path):
            yield LESSON.finding(path, 0, "has no `minimumReleaseAge`")


@LESSON.check
def lock_waits(service: Service) -> Iterator[Finding]:
    """What `make lock` takes by itself is some days old."""
    text = service.text("Makefile")
    waits = re.search(r"^COOLDOWN *[?:]*= *[1-9]\d* (day|week)", text, re.MULTILINE)
    if not (waits and "$$COOLDOWN" in text):
        line = service.line_with("Makefile", "COOLDOWN")
        yield LESSON.finding("Makefile", line, "`make lock` takes releases of the same day")
