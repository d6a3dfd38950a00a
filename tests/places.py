"""Where each file of a room gets to in a service, by what Jinja and the template's paths say."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader
from jinja2_ansible_filters import AnsibleCoreFiltersExtension

ROOT = Path(__file__).parents[1]
QUESTIONS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
ROOMS = [
    path for name in ("triggers", "own", "features") for path in sorted((ROOT / name).iterdir())
]
ROOMS.append(ROOT / "common")
JINJA = Environment(  # noqa: S701 — nothing of it is HTML
    loader=FileSystemLoader(ROOT),
    extensions=[AnsibleCoreFiltersExtension],
    **QUESTIONS["_envops"],
)
JINJA.globals["pathjoin"] = posixpath.join  # as Copier has it


def files_of(room: Path) -> list[Path]:
    """The files of a room, in the order of a listing."""
    return sorted(
        path for path in room.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )


def rendered(question: str, **answers: Any) -> str:
    """What a computed answer comes to, without the rest of the service."""
    conf = {"_copier_conf": {"src_path": ROOT}, "secret_list": []}
    return JINJA.from_string(QUESTIONS[question]["default"]).render(conf | answers)


@cache
def functions() -> list[dict[str, Any]]:
    """A function of each kind, named like it, with everything that it can have; an api twice."""
    triggers = QUESTIONS["triggers"]["default"]
    answers = {
        "functions": ", ".join(f"{name}:{name}" for name in triggers),
        "secret_list": [{"name": "key", "function": name} for name in triggers],
        "table": True,
        "alarm_chat_webhook": "chat-webhook",
        "probed_functions": triggers,
    }
    listed: list[dict[str, Any]] = []
    for framework in QUESTIONS["api_framework"]["choices"].values():
        for question in ("function_list", "own_functions"):
            text = rendered(question, api_framework=framework, **answers)
            listed += yaml.safe_load(text)
    return listed


def slots() -> dict[str, str]:
    """The folder of a service that each kind of a function's files fills."""
    names = {"package_name": "<package>", "fn": "<function>"}
    paths = {}
    for path in sorted((ROOT / "template").rglob("*yield file*")):
        (kind,) = re.findall(r"yield file from fn\.(\w+)", path.name)
        folder = path.parent.relative_to(ROOT / "template").as_posix()
        folder = re.sub(r"{% yield (\w+) .*?endyield %}", r"{{ \1 }}", folder)
        paths[kind] = re.sub(r"{{ (\w+) }}", lambda match: names[match[1]], folder)
    return paths


def includes() -> dict[str, str]:
    """The file that includes a part of a room, by how the part's path ends."""
    found = {}
    for folder in ("macros", "template"):
        for path in sorted((ROOT / folder).rglob("*.jinja")):
            for part in re.findall(r"{% include .*?'([^']+\.jinja)'", path.read_text("utf-8")):
                found[part] = path.relative_to(ROOT).as_posix()
    return found


@cache
def places() -> dict[str, str]:
    """Each file of a room, with its place: in a service, or what reads it here."""
    found = {
        source: f"{folder}/{name}"
        for kind, folder in slots().items()
        for function in functions()
        for name, source in function[kind].items()
    }
    parts = includes()
    for room in ROOMS:
        for path in files_of(room):
            name = path.relative_to(ROOT).as_posix()
            for part, reader in parts.items():
                if f"/{name}".endswith(f"/{part}"):
                    found[name] = re.sub(r"^template/(.*)\.jinja$", r"\1", reader)
    return found
