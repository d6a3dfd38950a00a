"""What requirements files pin, which bot updates them, and for which Python."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from kit.pins import canonical
from kit.template import at

from .commands import Command, program_name
from .environments import environments, resolved
from .parsers import Pin
from .runs import all_commands, run_by, steps_of
from .service import Job, Resource, Service

DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE = (
    *("renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5"),
    *(".renovaterc", ".renovaterc.json", ".renovaterc.json5"),
)


# Lists of public packages, by their names: requirements-dev.txt, requirements/prod.txt.
LIST = re.compile(r"(.*/)?(requirements/[^/]+|([^/]*[-_.])?requirements([-_.][^/]*)?)\.txt")
INCLUDES = re.compile(r"(?:-r|--requirement)[ =]*(.+)")
CONSTRAINS = re.compile(r"(?:-c|--constraint)[ =]*(.+)")
INSTALLERS = re.compile(r"pip[\d.]*|pipx|uv|npm|pnpm|yarn")
INSTALLING = {"add", "i", "install"}
# Options of installers that a value follows, which is no package.
WITH_VALUE = re.compile(
    r"-[cefirt]|--(cert|constraint|editable|exclude-newer|find-links|log|no-binary|only-binary"
    r"|platform|prefix|proxy|python|python-version|requirement|root|target|timeout|trusted-host"
    r"|cache-dir|.*index-url)"
)


@lru_cache(maxsize=1)
def requirements_files(service: Service) -> list[str]:
    """The lists that pip installs from: by their names, or because a command or a list has them
    behind `-r`, whatever they are called."""
    paths = [path for path in sorted(service.files) if LIST.fullmatch(path)]
    paths += [p for _, command in all_commands(service) for p in installed(command).lists]
    return _with_included(service, [path for path in paths if path in service.files])


def _with_included(service: Service, paths: list[str]) -> list[str]:
    """These lists, and those that they have behind `-r`."""
    for path in paths:  # which grows
        paths += [inner for inner in _named(service, path, INCLUDES) if inner not in paths]
    return list(dict.fromkeys(paths))


def constrained(service: Service) -> set[str]:
    """The packages that a list behind `-c` pins for lists that leave their version open."""
    paths = {c for path in requirements_files(service) for c in _named(service, path, CONSTRAINS)}
    pins = [item for path in paths for item in required(service, path).items()]
    return {name for name, pin in pins if not pin_problem(pin)}


def _named(service: Service, path: str, option: re.Pattern[str]) -> Iterator[str]:
    """The files of the service that a list names by this option."""
    for pin in service.requirements(path):
        if match := option.match(pin.text):
            named = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
            if named in service.files:
                yield named


def required(service: Service, path: str) -> dict[str, Pin]:
    """The packages that a list names, itself or behind `-r`, by their canonical names; nothing if
    there is no list."""
    paths = _with_included(service, [path]) if path in service.files else []
    pins = [pin for path in reversed(paths) for pin in service.requirements(path)]
    return {canonical(pin.requirement.name): pin for pin in pins if pin.requirement}


class Installed(NamedTuple):
    """What a command installs: packages by their names, and lists. Both are empty if nothing."""

    names: list[str]
    lists: list[str]


def installed(command: Command) -> Installed:
    """What a command of pip, pipx, uv or npm installs; names with -c have their versions there."""
    words = (*command.runner, *command.words)
    place = next((i for i, word in enumerate(words) if word in INSTALLING), 0)
    programs = [*map(program_name, command.runner), command.program]
    if not place or words[place - 1] == "python" or not any(map(INSTALLERS.fullmatch, programs)):
        return Installed([], [])
    pairs = list(pairwise(("", *words[place + 1 :])))
    names = [word for option, word in pairs if not WITH_VALUE.fullmatch(option) and _is_name(word)]
    lists = [word for option, word in pairs if option in ("-r", "--requirement")]
    lists += [match[1] for _, word in pairs if (match := INCLUDES.fullmatch(word))]
    has_constraints = any(CONSTRAINS.match(f"{option} {word}") for option, word in pairs)
    return Installed([] if has_constraints else names, list(map(posixpath.normpath, lists)))


def _is_name(word: str) -> bool:
    """Whether a word names a package of an index, and no option, path or variable."""
    is_path = re.search(r"[$]|^[^@=<>~]*/|\.whl$", word[1:])
    return word.startswith("git+") or bool(re.match(r"@?[A-Za-z]", word) and not is_path)


def commands_with_roles(service: Service) -> Iterator[tuple[Job, str, Command]]:
    """Each command of a job that can become a role, with its file; also those that it runs."""
    for job in service.jobs:
        permissions = job.body.get("permissions", service.workflows[job.path].get("permissions"))
        if permissions == "write-all" or at(permissions, "id-token") == "write":
            for step in steps_of(service, job):
                for command in step.commands:
                    yield from ((job, *ran) for ran in run_by(service, step.path, command))


# The modules of packages that are called otherwise.
MODULES = {"beautifulsoup4": "bs4", "pillow": "PIL", "pyjwt": "jwt", "pyyaml": "yaml"}


def modules_of(service: Service, path: str) -> set[str]:
    """The modules that the packages of a list bring, as far as they are called alike."""
    return {MODULES.get(name, name.replace("-", "_")) for name in required(service, path)}


def pin_problem(pin: Pin) -> str:
    """Why a line allows more than one version; empty if it does not."""
    if re.match(r"(-r|--requirement)[ =]*https?:", pin.text):
        return "is a list at an address, which may be another tomorrow"
    if pin.requirement is None:
        is_option = pin.text.startswith("-") and not re.match(r"(-e|--editable)\b", pin.text)
        return "" if is_option else "is no pin such as httpx==0.28.1"
    if url := pin.requirement.url:
        is_exact = re.search(r"@[0-9a-f]{40}\b|\.whl\b|sha256[=:]", url)
        return "" if is_exact else "may be another version tomorrow"
    specifiers = map(str, pin.requirement.specifier)
    exact = any(re.fullmatch(r"===?[^*]+", specifier) for specifier in specifiers)
    return "" if exact else "is not pinned to one version"


def dependabot(service: Service) -> tuple[str, list[dict[str, Any]]]:
    """The file of Dependabot with its entries; an empty path if there is none."""
    path = next((path for path in DEPENDABOT if path in service.files), "")
    entries = at(service.yaml(path), "updates") if path else []
    return path, [entry for entry in entries or [] if isinstance(entry, dict)]


def wanted_python(service: Service) -> str:
    """The version in .python-version, as 3.13."""
    text = service.text(".python-version").strip()
    version = re.search(r"\d+\.\d+", text)
    return version[0] if version else text


def runtimes_of(service: Service, resource: Resource) -> Iterator[str]:
    """The runtimes of a function in its environments, as far as they are known."""
    for template in environments(service).values():
        runtime = resolved(template, resource.get("Runtime"))
        if isinstance(runtime, str):
            yield runtime
