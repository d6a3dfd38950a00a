"""DEP-06: Internal packages come from the private index alone, with a login for laptops, CI and
container builds, and no public package can take the place of one.

Why: An internal name was free on the public index: whoever registers it there gets code into every
build.

Here: `requirements.private` beside a function that needs internal packages, each of them pinned;
workflows sign in before they install. No list, setting or workflow adds an index to the public one.

Fix: Put internal packages into `requirements.private`, pinned, and not into `requirements.in`;
instead of adding an index, name it with `make answer NAME=private_index VALUE=…`.
`docs/private-packages.md`, which comes with that, says the rest.

Defended by: gate.
"""

import configparser
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.runs import Step, steps
from kit.gate.service import Service
from kit.pins import canonical
from kit.template import at, line_of

if TYPE_CHECKING:
    pass
from kit.gate.lesson import Lesson
from kit.gate.requirements import pin_problem, requirements_files

LESSON = Lesson.read(__doc__)


PRIVATE = "requirements.private"


# Options and variables of pip and uv that add an index; one index instead of another is well.
INDEX_OPTIONS = ("--extra-index-url", "--find-links", "--index", "-f")


INDEX_VARIABLES = {
    *("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX"),
}


def has_private_index(service: Service) -> bool:
    return bool(at(service.pyproject, "tool", "private-index"))


def _private(service: Service) -> list[str]:
    return [path for path in service.files_in("src") if PurePosixPath(path).name == PRIVATE]


@LESSON.check
def private_lists(service: Service) -> Iterator[Finding]:
    """What is private is pinned, is installed by somebody, and is on no public list."""
    internal: dict[str, str] = {}
    for path in _private(service):
        if not has_private_index(service):
            told = "is installed by nobody: the service has no private index"
            yield LESSON.finding(path, 0, told)
        for pin in service.requirements(path):
            problem = "is no pin such as acme-tools==1.4.2"
            if pin.requirement:
                internal[canonical(pin.requirement.name)] = f"{path}:{pin.line}"
                problem = (
                    "is no pin of the private index" if pin.requirement.url else pin_problem(pin)
                )
            if problem:
                yield LESSON.finding(path, pin.line, f"{problem}: {pin.text}")
    public = requirements_files(service)
    public += [each.removesuffix(".txt") + ".in" for each in public]
    for path in public:
        for pin in service.requirements(path) if path in service.files else ():
            name = canonical(pin.requirement.name) if pin.requirement else ""
            if name in internal:
                found = f"{name} is private ({internal[name]}), and this list is the public index's"
                yield LESSON.finding(path, pin.line, found)


@LESSON.check
def no_other_index(service: Service) -> Iterator[Finding]:
    """No list, setting or workflow adds an index: the highest version of any would win."""
    lists = requirements_files(service)
    for path in [*lists, *(each.removesuffix(".txt") + ".in" for each in lists)]:
        for pin in service.requirements(path) if path in service.files else ():
            option = re.split(r"[ =]", pin.text)[0]
            if option in INDEX_OPTIONS:
                told = f"adds an index for all of the list: {option}"
                yield LESSON.finding(path, pin.line, told)
    for keys in (("tool", "uv", "extra-index-url"), ("tool", "uv", "pip", "extra-index-url")):
        if at(service.pyproject, *keys):
            line = service.line_with("pyproject.toml", "extra-index-url")
            found = f"{'.'.join(keys)} adds an index for every package"
            yield LESSON.finding("pyproject.toml", line, found)
    indexes = at(service.pyproject, "tool", "uv", "index")
    for each in indexes if isinstance(indexes, list) else []:
        if not at(each, "explicit"):
            line = service.line_with("pyproject.toml", str(at(each, "url")))
            found = f"tool.uv.index {at(each, 'name') or at(each, 'url')} is not explicit"
            yield LESSON.finding("pyproject.toml", line, found)
    for path in sorted(service.files):
        if PurePosixPath(path).name in ("pip.conf", "pip.ini"):
            settings = configparser.RawConfigParser(strict=False)
            settings.read_string(service.text(path))
            for option in ("extra-index-url", "find-links"):
                if any(settings.has_option(section, option) for section in settings.sections()):
                    line = service.line_with(path, option)
                    told = f"adds an index for every package: {option}"
                    yield LESSON.finding(path, line, told)
    yield from _indexes_of_workflows(service)


def _indexes_of_workflows(service: Service) -> Iterator[Finding]:
    bodies = [(path, body) for path, body in service.workflows.items()]
    bodies += [(job.path, job.body) for job in service.jobs]
    bodies += [(step.path, step.body) for step in steps(service)]
    for path, body in bodies:
        variables = body.get("env")
        for name in variables if isinstance(variables, dict) else ():
            if name in INDEX_VARIABLES:
                line = line_of(body, "env", name)
                yield LESSON.finding(path, line, f"adds an index for every package: {name}")
    for step in steps(service):
        for command in step.commands:
            for word in command.words[1:]:
                option = word.partition("=")[0]
                if option.startswith("--") and option in INDEX_OPTIONS:
                    found = f"adds an index for every package: {option}"
                    yield LESSON.finding(step.path, command.line, found)


@LESSON.check
def jobs_sign_in(service: Service) -> Iterator[Finding]:
    """A job that installs or builds signs in before, where there are private packages."""
    if not has_private_index(service) or not _private(service):
        return
    for job in service.jobs:
        places = [job.body, service.workflows[job.path]]
        signed_in = any(at(place, "env", "PRIVATE_INDEX_URL") for place in places)
        for step in (Step(job.path, line_of(body), body, job) for body in job.steps):
            signed_in = signed_in or step.uses == "aws-actions/configure-aws-credentials"
            # An action of one's own may sign in.
            signed_in = signed_in or step.uses.startswith("./")
            if signed_in or at(step.body, "env", "PRIVATE_INDEX_URL"):
                continue
            command = next(filter(_needs_the_index, step.commands), None)
            if command:
                found = f"the job {job.id} runs `{command.text}` without a login to the index"
                yield LESSON.finding(job.path, command.line, found, fix=SIGN_IN)
                break


SIGN_IN = (
    "Sign in before it: use `aws-actions/configure-aws-credentials`, or pass `PRIVATE_INDEX_URL`."
)


def _needs_the_index(command: Command) -> bool:
    """Whether it installs or builds functions."""
    needs = command.program == "make" and {"setup", "build"} & {*command.arguments}
    return bool(needs) and not any("--deploy" in word for word in command.words)
