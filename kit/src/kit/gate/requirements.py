"""What requirements files pin, which bot updates them, and for which Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from kit.pins import canonical
from kit.template import at

from .environments import environments, resolved
from .parsers import Pin
from .service import Resource, Service

DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE = (
    *("renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5"),
    *(".renovaterc", ".renovaterc.json", ".renovaterc.json5"),
)


def requirements_files(service: Service) -> list[str]:
    """The requirements files that pip installs from, wherever they are."""
    name = re.compile(r"(.*[-_.])?requirements([-_.].*)?\.txt")
    return [path for path in sorted(service.files) if name.fullmatch(PurePosixPath(path).name)]


def required(service: Service, path: str) -> dict[str, Pin]:
    """The packages that a list names, by their canonical names; nothing if there is no list."""
    pins = service.requirements(path) if path in service.files else ()
    return {canonical(pin.requirement.name): pin for pin in pins if pin.requirement}


def modules_of(service: Service, path: str) -> set[str]:
    """The modules that the packages of a list bring, as far as they are called alike."""
    return {name.replace("-", "_") for name in required(service, path)}


def pin_problem(pin: Pin) -> str:
    """Why a line allows more than one version; empty if it does not."""
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
