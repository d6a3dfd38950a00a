"""requirements"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kit.gate.environments import environments, resolved
from kit.gate.parsers import Pin
from kit.gate.service import Resource, Service

if TYPE_CHECKING:
    pass


def requirements_files(service: Service) -> list[str]:
    """The requirements files that pip installs from, wherever they are."""
    return sorted(path for path in service.files if is_requirements_file(path))


def is_requirements_file(path: str) -> bool:
    return bool(re.fullmatch(r"(.*[-_.])?requirements([-_.].*)?\.txt", PurePosixPath(path).name))


def pin_problem(pin: Pin) -> str:
    if pin.requirement is None:
        if re.match(r"(-e|--editable)\b", pin.text) or not pin.text.startswith("-"):
            return "is no pin such as httpx==0.28.1"
        return ""
    if pin.requirement.url:
        is_exact = re.search(r"@[0-9a-f]{40}\b|\.whl\b|sha256[=:]", pin.requirement.url)
        return "" if is_exact else "may be another version tomorrow"
    exact = [
        each
        for each in pin.requirement.specifier
        if each.operator == "===" or (each.operator == "==" and not each.version.endswith("*"))
    ]
    return "" if exact else "is not pinned to one version"


DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")


RENOVATE = (
    *("renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5"),
    *(".renovaterc", ".renovaterc.json", ".renovaterc.json5"),
)


def wanted_python(service: Service) -> str:
    """The version of this service, as 3.13."""
    found = re.search(r"\d+\.\d+", service.text(".python-version"))
    return found[0] if found else service.text(".python-version").strip()


def runtimes_of(service: Service, resource: Resource) -> Iterator[str]:
    """The runtimes of a function in its environments, as far as can be told."""
    written = resource.get("Runtime")
    for template in environments(service).values():
        found = resolved(template, written)
        if isinstance(found, str):
            yield found
