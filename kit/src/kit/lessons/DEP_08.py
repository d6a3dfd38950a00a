"""DEP-08: What is installed is what was reviewed: requirements have hashes wherever a job can
become a role, and new releases are taken only after a cooldown.

Why: A popular package carried malware for some hours, and whoever installed it unpinned in these
hours lost their keys.

Here: `make lock` writes hashes into every list and takes no release of the last 7 days (`COOLDOWN`
in the `Makefile`); `cooldown` in `.github/dependabot.yml`; the job `deploy` installs
`requirements-deploy.txt` and `requirements-sam.txt`.

Fix: `make lock` writes the hashes. Of a package from git, name a wheel by its address with
`#sha256=…`. Keep `cooldown` with `default-days` for each entry of `.github/dependabot.yml`, and
`COOLDOWN = 7 days` in the `Makefile`.

Defended by: gate.

See: docs/decisions/0004-requirements.md.
"""

import re
from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.requirements import RENOVATE, dependabot, pin_problem, required
from kit.gate.runs import steps
from kit.gate.service import Job, Service
from kit.pins import development
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)

# Commands that take the newest version there is, whatever a list says.
RUNNERS = {"bunx", "npx", "pipx", "pnpx", "uvx"}
INSTALLERS = {"npm", "pnpm", "yarn"}
INSTALLING = {"add", "exec", "i", "install", "update"}
NO_NEWEST = (
    "Name it in a `requirements*.in` and let `make setup` install it, or move it to a job without"
    " `id-token: write`."
)


@LESSON.check
def hashes_where_a_job_can_become_a_role(service: Service) -> Iterator[Finding]:
    """A job with `id-token: write` installs by hashes only."""
    installed: dict[str, str] = {}  # the lists, with a job that installs them
    for step in steps(service):
        job = step.job
        if job is None or not _becomes_a_role(service, job):
            continue
        for command in step.commands:
            if _takes_the_newest(command):
                text = command.text[:60]
                message = f"the job {job.id}, which can become a role, runs `{text}`"
                yield LESSON.finding(job.path, command.line, message, fix=NO_NEWEST)
            if command.program == "make" and "setup" in command.arguments:
                is_deploying = any("--deploy" in word for word in command.words)
                lists = ["requirements-deploy.txt"] if is_deploying else development(service.root)
                for path in ("requirements-sam.txt", *lists):
                    installed.setdefault(path, job.id)
    for path, job_id in installed.items():
        # What is not pinned at all is for DEP-01.
        pins = {name: pin for name, pin in required(service, path).items() if not pin_problem(pin)}
        bare = [name for name, p in pins.items() if not re.search("--hash=|#sha256=", p.text)]
        if bare:
            who = f"the job {job_id}, which can become a role"
            message = f"no hash for {and_more(bare)}, installed by {who}"
            yield LESSON.finding(path, pins[bare[0]].line, message)


def _becomes_a_role(service: Service, job: Job) -> bool:
    """Whether a job may ask for the token with which it becomes a role."""
    permissions = job.body.get("permissions", service.workflows[job.path].get("permissions"))
    return permissions == "write-all" or at(permissions, "id-token") == "write"


def _takes_the_newest(command: Command) -> bool:
    installs = command.program in INSTALLERS and bool(INSTALLING & {*command.arguments})
    return installs or bool(RUNNERS & {*command.runner, command.program})


@LESSON.check
def new_releases_wait(service: Service) -> Iterator[Finding]:
    """The bot takes no release before its cooldown is over."""
    path, entries = dependabot(service)
    for entry in entries:
        days = at(entry, "cooldown", "default-days")
        if not isinstance(days, int) or days < 1:
            message = f"the entry of {entry.get('package-ecosystem')} has no cooldown"
            yield LESSON.finding(path, line_of(entry), message)
    for renovate in filter(service.files.__contains__, RENOVATE):
        if not path and "minimumReleaseAge" not in service.text(renovate):
            fix = 'Add `"minimumReleaseAge": "7 days"`.'
            yield LESSON.finding(renovate, 0, "has no `minimumReleaseAge`", fix=fix)


@LESSON.check
def lock_waits(service: Service) -> Iterator[Finding]:
    """`make lock` takes no release before its cooldown is over."""
    text = service.text("Makefile")
    waits = re.search(r"^COOLDOWN *[?:]*= *[1-9]\d* (day|week)", text, re.MULTILINE)
    if not waits or "$$COOLDOWN" not in text:
        line = service.line_with("Makefile", "COOLDOWN")
        yield LESSON.finding("Makefile", line, "`make lock` takes releases of the same day")
