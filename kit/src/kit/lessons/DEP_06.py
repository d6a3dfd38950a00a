"""DEP-06: Internal packages come from the private index alone, with a login for laptops, CI and
container builds, and no public package can take the place of one.

Why: An internal name was free on the public index: whoever registers it there gets code into every
build.

Here: `requirements.private` beside a function that needs internal packages, each of them pinned.
Workflows sign in before they install. No list, setting or workflow adds an index to the public one.

Fix: Delete it, and name the index with `make answer NAME=private_index VALUE=domain/repository`;
`docs/private-packages.md`, which comes with that, says where internal packages are listed.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.requirements import pin_problem, required, requirements_files
from kit.gate.runs import steps
from kit.gate.service import Service
from kit.template import at

LESSON = Lesson.read(__doc__)

# What adds an index in lists and settings of pip and uv. One index instead of another is fine.
ADDS_INDEX = re.compile(
    r"(?i)(?:--|pip_|uv_)?(?:extra[-_]index[-_]url|find[-_]links)|--index\b(?!-)|\bUV_INDEX\b"
    r"|tool\.uv\.index|^-f "
)
SETTINGS = ("pip.conf", "pip.ini", "pyproject.toml", "uv.toml")
URL = "PRIVATE_INDEX_URL"
SIGN_IN = (
    "Sign in by a step before it that uses `aws-actions/configure-aws-credentials`, or give the step"
    f" the variable `{URL}`."
)
ANSWER = "`make answer NAME=private_index VALUE=domain/repository`"


@LESSON.check
def private_lists(service: Service) -> Iterator[Finding]:
    """Each private package is pinned, is installed by somebody, and is on no public list."""
    internal: dict[str, str] = {}
    for path in _private(service):
        if not _has_private_index(service):
            message = "is installed by nobody: the service has no private index"
            fix = f"Delete it, or name the index: {ANSWER}."
            yield LESSON.finding(path, 0, message, fix=fix)
        internal |= dict.fromkeys(required(service, path), path)
        for pin in service.requirements(path):
            if not pin.requirement or pin.requirement.url or pin_problem(pin):
                message = f"is no pin such as acme-tools==1.4.2: `{pin.requirement or pin.text}`"
                fix = "Pin it to one version, as in `acme-tools==1.4.2`."
                yield LESSON.finding(path, pin.line, message, fix=fix)
    for path in _public(service):
        for name, pin in required(service, path).items():
            if name in internal:
                message = f"{name} is private ({internal[name]}), and this list is public"
                fix = f"Delete {name} from this list, and keep it in `requirements.private`."
                yield LESSON.finding(path, pin.line, message, fix=fix)


@LESSON.check
def no_other_index(service: Service) -> Iterator[Finding]:
    """Nothing adds an index for every package: the highest version of any index would win."""
    paths = [path for path in service.files if PurePosixPath(path).name in SETTINGS]
    for path in sorted([*paths, *_public(service), *service.workflows, *service.actions]):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            if "--hash" not in line and (adds := ADDS_INDEX.search(line.partition("#")[0])):
                message = f"adds an index for every package: {adds[0].strip()}"
                yield LESSON.finding(path, number, message)


@LESSON.check
def jobs_sign_in(service: Service) -> Iterator[Finding]:
    """Where there are private packages, a job signs in before it installs or builds."""
    if not _has_private_index(service) or not _private(service):
        return
    done = set()  # the jobs that have signed in, or are reported
    for step in steps(service):
        job = step.job
        if job is None or (job.path, job.id) in done:
            continue
        if any(at(body, "env", URL) for body in (service.workflows[job.path], job.body, step.body)):
            continue
        # An action of the repository may sign in.
        if step.uses.startswith(("aws-actions/configure-aws-credentials", "./")):
            done.add((job.path, job.id))
        elif command := next(filter(_needs_the_index, step.commands), None):
            done.add((job.path, job.id))
            message = f"the job {job.id} runs `{command.text}` without a login to the index"
            yield LESSON.finding(job.path, command.line, message, fix=SIGN_IN)


def _has_private_index(service: Service) -> bool:
    return bool(at(service.pyproject, "tool", "private-index"))


def _private(service: Service) -> list[str]:
    paths = service.files_in("src", ".private")
    return [path for path in paths if PurePosixPath(path).name == "requirements.private"]


def _public(service: Service) -> list[str]:
    """The lists of public packages, as they are wanted and as they are pinned."""
    pinned = requirements_files(service)
    wanted = (path.removesuffix(".txt") + ".in" for path in pinned)
    return [*pinned, *(path for path in wanted if path in service.files)]


def _needs_the_index(command: Command) -> bool:
    """Whether a command installs or builds functions."""
    needs = command.program == "make" and {"setup", "build"} & {*command.arguments}
    return bool(needs) and not any("--deploy" in word for word in command.words)
