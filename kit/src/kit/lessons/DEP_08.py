"""DEP-08: What is installed is what was reviewed: requirements have hashes wherever a job can
become a role, and new releases are taken only after a cooldown.

Why: A popular package carried malware for some hours, and whoever installed it unpinned in these
hours lost their keys.

Here: `make lock` writes hashes into every list and takes no release of the last 7 days (`COOLDOWN`
in the `Makefile`); `cooldown` in `.github/dependabot.yml`; the job `deploy` installs
`requirements-deploy.txt` and `requirements-sam.txt`.

Fix: Name the package in the `.in` file beside this list, then `make lock`, which pins it with its
hashes. For a package from git, give the URL of a wheel with `#sha256=…`.

Defended by: gate.

See: docs/decisions/0004-requirements.md.
"""

import re
from collections.abc import Iterator

from kit.gate.commands import Command, program_name
from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.requirements import (
    RENOVATE,
    commands_with_roles,
    dependabot,
    installed,
    pin_problem,
    required,
)
from kit.gate.runs import all_commands, make_rules
from kit.gate.service import Job, Service
from kit.pins import development
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)

# Commands that take the newest version there is, whatever a list says.
RUNNERS = re.compile(r"(?<!\S)(bunx|npx|pipx|pnpx|uvx|npm exec|(pnpm|yarn) dlx|uv tool run)(?!\S)")
NPM = {"npm", "pnpm", "yarn"}
NPM_INSTALLS = {"add", "i", "install", "up", "update"}
NO_NEWEST = (
    "Name it in a `requirements*.in` and let `make setup` install it, or move it to a job without"
    " `id-token: write`."
)
WAIT = "Write `COOLDOWN = 7 days`, and keep `--cooldown` in the rule `lock`."
COOLDOWN = re.compile(r"(?:\w+ +)?COOLDOWN *[?:]*= *(.*)")


@LESSON.check
def hashes_where_a_job_can_become_a_role(service: Service) -> Iterator[Finding]:
    """A job with `id-token: write` installs by hashes only, itself and in what it makes."""
    newest: dict[tuple[str, int], tuple[Job, Command]] = {}
    lists: dict[str, str] = {}  # what is installed, with a job that does it
    for job, path, command in commands_with_roles(service):
        names, own = installed(command)
        # pip and its like in workflows are DEP-07's.
        by_make = path.startswith(".github/") and command.program in ("pip", "pip3", "uv")
        if (names and not by_make) or _takes_the_newest(command):
            newest[path, command.line] = (job, command)
        if command.program == "make" and "setup" in command.arguments:
            is_deploying = any("--deploy" in word for word in command.words)
            own = ["requirements-deploy.txt"] if is_deploying else development(service.root)
            own = ["requirements-sam.txt", *own]
        lists |= dict.fromkeys(own, job.id)
    for (path, line), (job, command) in newest.items():
        message = f"the job {job.id}, which can become a role, runs `{command.text[:60]}`"
        yield LESSON.finding(path, line, message, fix=NO_NEWEST)
    for path, job_id in lists.items():
        # What is not pinned at all is for DEP-01.
        pins = {name: pin for name, pin in required(service, path).items() if not pin_problem(pin)}
        bare = [name for name, p in pins.items() if not re.search("--hash=|#sha256=", p.text)]
        if bare:
            who = f"the job {job_id}, which can become a role"
            message = f"no hash for {and_more(bare)}, installed by {who}"
            yield LESSON.finding(path, pins[bare[0]].line, message)


def _takes_the_newest(command: Command) -> bool:
    by_npm = command.program in NPM and NPM_INSTALLS & {*command.arguments}
    # curl … | bash
    of_stdin = command.program in ("bash", "sh") and command.arguments[:1] in ((), ("-",), ("-s",))
    runners = " ".join(map(program_name, (*command.runner, command.program)))
    return bool(by_npm or of_stdin or RUNNERS.search(runners))


@LESSON.check
def new_releases_wait(service: Service) -> Iterator[Finding]:
    """The bot takes no release before its cooldown is over."""
    path, entries = dependabot(service)
    fix = "Let `cooldown:` of this entry have `default-days: 7`, and exclude no package by `*`."
    for entry in entries:
        days = at(entry, "cooldown", "default-days")
        if not isinstance(days, int) or days < 1 or "*" in (at(entry, "cooldown", "exclude") or ()):
            message = f"the entry of {entry.get('package-ecosystem')} has no cooldown"
            yield LESSON.finding(path, line_of(entry), message, fix=fix)
    for renovate in filter(service.files.__contains__, RENOVATE):
        if not path and "minimumReleaseAge" not in service.text(renovate):
            fix = 'Add `"minimumReleaseAge": "7 days"`.'
            yield LESSON.finding(renovate, 0, "has no `minimumReleaseAge`", fix=fix)


@LESSON.check
def lock_waits(service: Service) -> Iterator[Finding]:
    """`make lock`, and whatever else pins, takes no release before its cooldown is over."""
    message = "`make lock` takes releases of the same day"
    values = []
    for path in ("Makefile", *(p for p in service.files_in("", ".mk") if "/" not in p)):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            if match := COOLDOWN.match(line):
                values.append(match[1])
                if not re.match(r"[1-9]\d* (day|week)", match[1]):
                    yield LESSON.finding(path, number, message, fix=WAIT)
    rule = make_rules(service).get("lock")
    if rule and (not values or not any("$COOLDOWN" in c.text for c in rule.commands)):
        yield LESSON.finding(rule.path, rule.line, message, fix=WAIT)
    for path, command in all_commands(service):
        compiles = command.program == "uv" and {"compile", "lock"} & {*command.arguments[:2]}
        waits = at(service.pyproject, "tool", "uv", "exclude-newer") or any(
            "exclude-newer" in word for word in command.words
        )
        if compiles and not waits:
            fix = "Use `make lock`, or add `--exclude-newer '7 days'`."
            text = f"`{command.text}` takes releases of the same day"
            yield LESSON.finding(path, command.line, text, fix=fix)
