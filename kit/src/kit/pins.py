"""What requirements files pin: `make setup`, `make lock` and `make lessons` read it here.

Nothing but the standard library: `make setup` runs before anything is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PIN = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*===?\s*([^\s;]+)")


def canonical(name: str) -> str:
    """A package's name as indexes compare it: Python_Slugify → python-slugify."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines without their comments, each with its number and what continues it after `\\`."""
    number = 1
    for line in re.split(r"(?<!\\)\n", text):
        content = re.sub(r"(^|\s)#.*", "", line.replace("\\\n", " ")).strip()
        if content:
            yield number, content
        number += 1 + line.count("\n")


def requirements(text: str) -> Iterator[str]:
    """The lines that name a package, with what continues them."""
    return (line for _number, line in lines(text) if not line.startswith("-"))


def pins(text: str) -> dict[str, set[str]]:
    """Each package with its versions: several, where markers choose between them."""
    versions: dict[str, set[str]] = {}
    for line in requirements(text):
        match = PIN.match(line)
        if match:
            versions.setdefault(canonical(match[1]), set()).add(match[2])
    return versions


def has_hashes(text: str) -> bool:
    """Whether pip and uv compare everything that is installed with a hash."""
    return all(re.search("--hash=|#sha256=", line) for line in requirements(text))


def development(root: Path) -> list[str]:
    """The lists that `make setup` installs into .venv, all together."""
    functions = sorted(root.glob("src/*/*/requirements.txt"))
    return ["requirements-dev.txt", *(path.relative_to(root).as_posix() for path in functions)]


def disagreements(texts: dict[str, str]) -> Iterator[tuple[str, dict[str, set[str]]]]:
    """Each package for which no version satisfies all lists: its name, and each list's versions."""
    packages: dict[str, dict[str, set[str]]] = {}
    for path, text in texts.items():
        for name, versions in pins(text).items():
            packages.setdefault(name, {})[path] = versions
    for name, by_path in packages.items():
        if not set.intersection(*by_path.values()):
            yield name, by_path
