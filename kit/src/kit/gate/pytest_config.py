"""pytest_config"""

from __future__ import annotations

import configparser
import shlex

from kit.gate.service import Service
from kit.gate.tested import UNIT
from kit.template import at

PYPROJECT = "pyproject.toml"


INTEGRATION = "tests/integration"


TESTS_README = f"{UNIT}/README.md"


# Files that pytest and coverage read in place of pyproject.toml, with the section that counts.
PYTEST_FILES = {"pytest.ini": "pytest", ".pytest.ini": "pytest"}


def pytest_arguments(service: Service) -> tuple[str, list[str]]:
    """The arguments that pytest always gets, and the file that says so."""
    for path, section in PYTEST_FILES.items():
        if path in service.files:
            return path, shlex.split(
                pytest_options(service, path).get(section, "addopts", fallback="")
            )
    tool = at(service.pyproject, "tool", "pytest")
    found = at(tool, "ini_options", "addopts") or at(tool, "addopts") or []
    return PYPROJECT, shlex.split(found) if isinstance(found, str) else [str(e) for e in found]


def pytest_options(service: Service, path: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(service.text(path))
    except configparser.Error:
        return configparser.ConfigParser()  # says nothing, then
    return parsed
