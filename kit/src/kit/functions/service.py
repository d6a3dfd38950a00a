"""This service: its answers, its functions, their files and resources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kit.errors import KitError
from kit.layout import ANSWERS, ROOT, TEMPLATE
from kit.spelling import kebab, pascal, snake

from .proof import parsed

# A resource, parameter or output of template.yaml, or the comment above those of a function.
ENTRY = re.compile(r"^  (?:([A-Za-z]\w*):|# ── (.*?) ──)", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    name: str
    trigger: str

    @property
    def pascal(self) -> str:
        """How its logical ids begin: orders_api → OrdersApi."""
        return pascal(self.name)

    @property
    def kebab(self) -> str:
        """How its resources are called: orders_api → orders-api."""
        return kebab(self.name)

    @property
    def folders(self) -> list[str]:
        """Where its files are."""
        return [
            f"src/{package()}/{self.name}",
            f"tests/unit/{self.name}",
            f"tests/integration/{self.name}",
            f"events/{self.name}",
        ]


def answers(root: Path = ROOT) -> dict[str, Any]:
    """The answers from which this service was rendered, or the one in another folder; KitError where
    they can't be read."""
    try:
        data: dict[str, Any] = yaml.safe_load((root / ANSWERS).read_text("utf-8"))
        _ = data["service_name"], data["functions"], data["_src_path"], data["_commit"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise KitError(
            f"{ANSWERS} can't be read: {error!r}",
            "It records how this service was rendered. Restore it with git.",
        ) from error
    return data


def package() -> str:
    """The Python package of the service: orders-api → orders_api."""
    return snake(str(answers()["service_name"]))


def functions() -> list[Function]:
    items = [item.split(":") for item in answers()["functions"].split(",")]
    return [Function(name.strip(), trigger.strip()) for name, trigger in items]


def function(name: str) -> Function:
    """The function of that name; KitError where there is none."""
    known = {function.name: function for function in functions()}
    if name not in known:
        raise KitError(f'There is no function "{name}" here. The functions are: {", ".join(known)}')
    return known[name]


def secrets() -> list[tuple[str, str]]:
    """Each secret that a function reads, with the function's name."""
    pairs = (item.partition(":") for item in answers()["secrets"].split(",") if item.strip())
    return [(secret.strip(), reader.strip()) for secret, _, reader in pairs]


def answers_with(items: list[Function], new_names: dict[str, str] | None = None) -> dict[str, str]:
    """The answers for these functions. Secrets go with functions that go, and follow a new name."""
    names = {item.name for item in items}
    pairs = [(secret, (new_names or {}).get(reader, reader)) for secret, reader in secrets()]
    return {
        "functions": ", ".join(f"{item.name}:{item.trigger}" for item in items),
        "secrets": ", ".join(f"{secret}:{name}" for secret, name in pairs if name in names),
    }


def user_paths() -> tuple[str, ...]:
    """What is the user's from the first day, as _exclude in the template's copier.yml says: files,
    and folders with a slash at the end."""
    folders = (f"{folder}/" for function in functions() for folder in function.folders)
    return ("CHANGELOG.md", *folders)


# ── Files ────────────────────────────────────────────────────────────────────


def files(root: Path) -> set[str]:
    """The paths of all files below a folder."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def content(path: Path) -> bytes | None:
    """What is in a file; None when there is none."""
    return path.read_bytes() if path.is_file() else None


def text(path: Path) -> str | None:
    """The text of a file; None when there is none, or it is no text."""
    try:
        return path.read_bytes().decode() if path.is_file() else None
    except UnicodeDecodeError:
        return None


# ── template.yaml ────────────────────────────────────────────────────────────


def template(root: Path = ROOT) -> dict[str, Any]:
    """The template.yaml of this service, or of the one in another folder."""
    data: dict[str, Any] = parsed((root / TEMPLATE).read_text("utf-8"), TEMPLATE)
    return data


def entries(root: Path = ROOT) -> set[tuple[str, str]]:
    """What the template.yaml of a service declares: sections and names, such as Resources, Table."""
    sections = template(root).items()
    return {
        (section, name) for section, names in sections if isinstance(names, dict) for name in names
    }


def new_ids(before: Path, after: Path) -> set[str]:
    """The logical ids that one service declares in template.yaml and the other does not."""
    return {name for _, name in entries(after) - entries(before)}


def kinds(ids: Iterable[str]) -> dict[str, str]:
    """The type of each that is a resource, and whether its data stays in the account."""
    resources = template()["Resources"]

    def kind(resource: dict[str, Any]) -> str:
        stays = str(resource.get("DeletionPolicy", "")).startswith("Retain")
        return f"{resource['Type']} (stays)" if stays else resource["Type"]

    return {name: kind(resources[name]) for name in ids if name in resources}


def owners(known: list[Function], shared: Iterable[str] = (), own: bool = True) -> dict[str, str]:
    """The resources of template.yaml that belong to functions, each with its function's name: by the
    comment above the function's block, and among the user's own by the longest name that the
    logical id begins with.

    Args:
        known: the functions.
        shared: logical ids that end a function's block.
        own: whether the user's own resources count.
    """
    resources = (ROOT / TEMPLATE).read_text("utf-8").split("\nResources:")[1].split("\nOutputs:")[0]
    result = {}
    block = ""
    for logical_id, heading in ENTRY.findall(resources):
        if heading or logical_id in shared:
            block = heading
        if not logical_id:
            continue
        named = [function for function in known if block == f"{function.name} ({function.trigger})"]
        if own and "Your own" in block:
            named = [item for item in known if re.match(rf"{item.pascal}(?![a-z])", logical_id)]
        if named:
            result[logical_id] = max(named, key=lambda function: len(function.pascal)).name
    return result


def resources(name: str, shared: Iterable[str] = (), own: bool = True) -> dict[str, str]:
    """The resources of a function, as kinds() gives them."""
    found = owners(functions(), shared, own)
    return kinds(logical_id for logical_id, owner in found.items() if owner == name)
