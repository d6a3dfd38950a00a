"""This service as data: what its files say, read when a check asks for it."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from kit.layout import ANSWERS, INFRA, TEMPLATE
from kit.spelling import snake
from kit.template import LocatedMapping, Template, at, line_of, mapping_of, merged

from . import parsers
from .findings import GATE, BrokenFileError, Finding
from .parsers import Module, Pin, Section, UnparsedError
from .tools import Tools

Data = TypeVar("Data")

# Made up: which one it is makes no difference to what a template says.
ACCOUNT = "123456789012"
FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
# A Region of any partition, as botocore tells them apart; to be put between boundaries.
A_REGION = (
    r"(?:af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov|us-iso[a-f]*)"
    r"-(?:north|south|central)?(?:east|west|north|south|central)?-\d"
)
# Folders that hold nothing of the service's own. Where git runs, .gitignore counts too.
IGNORED = {
    *(".aws-sam", ".git", ".kit", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"),
    *(".venv-copier", ".venv-local", ".venv-sam", "__pycache__", "htmlcov", "node_modules"),
}


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource of template.yaml.

    Args:
        logical_id: its name in template.yaml.
        type: AWS::DynamoDB::Table, or empty when it has none.
        body: all of it, as it is written.
        properties: its Properties; those of a function with what Globals add.
        line: where it begins.
    """

    logical_id: str
    type: str
    body: dict[str, Any]
    properties: dict[str, Any]
    line: int

    def get(self, *keys: str | int) -> Any:
        """The property at these keys, or None."""
        return at(self.properties, *keys)

    def line_of(self, *keys: str | int) -> int:
        """The line of that property, or of what is nearest to where it should be."""
        here = keys and keys[0] in self.properties
        return line_of(self.properties, *keys) if here else self.line


@dataclass(frozen=True, eq=False)
class Function(Resource):
    """An AWS::Serverless::Function, or an AWS::Lambda::Function.

    Args:
        folder: where CodeUri or Code points to, without a slash at the end; empty when it can't be told.
    """

    folder: str

    @property
    def name(self) -> str:
        """The last part of its folder: app."""
        return PurePosixPath(self.folder).name

    @property
    def variables(self) -> dict[str, Any]:
        """What its environment gets, with what Globals add."""
        return mapping_of(self.properties, "Environment", "Variables")

    @property
    def events(self) -> dict[str, dict[str, Any]]:
        """Its events that have a Type, by name."""
        events = mapping_of(self.properties, "Events").items()
        return {name: event for name, event in events if isinstance(at(event, "Type"), str)}


@dataclass(frozen=True, eq=False)
class Job:
    """A job of a workflow."""

    path: str
    id: str
    body: dict[str, Any]
    line: int

    @property
    def steps(self) -> list[dict[str, Any]]:
        steps = self.body.get("steps")
        return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


class Service:
    """A service in a folder. What it returns is shared, and nobody may change it."""

    def __init__(self, root: Path, today: datetime.date | None = None) -> None:
        self.root = root
        self.today = today or datetime.datetime.now(datetime.UTC).date()
        self.reading = "."
        """The file that was asked for last: where a check that crashes was."""

    # ── Files ────────────────────────────────────────────────────────────────

    @cached_property
    def files(self) -> frozenset[str]:
        """The paths of all files that git has or would take, relative to the service."""
        return frozenset(_from_git(self.root) or _from_walk(self.root))

    def files_in(self, folder: str, *suffixes: str) -> list[str]:
        """The files below a folder, in order; with one of these suffixes, if any is given."""
        start = f"{folder}/" if folder else ""
        paths = (path for path in self.files if path.startswith(start))
        return sorted(path for path in paths if not suffixes or path.endswith(suffixes))

    def has(self, path: str) -> bool:
        """Whether there is such a file, or a folder with files."""
        return path in self.files or any(item.startswith(f"{path}/") for item in self.files)

    def text(self, path: str) -> str:
        """A file's text.

        Raises:
            BrokenFileError: there is no such file, or it is no text.
        """
        self.reading = path
        if path not in self._texts:
            try:
                self._texts[path] = (self.root / path).read_text("utf-8-sig")
            except FileNotFoundError as error:
                raise BrokenFileError(path, 0, "is not there", bring_back(path)) from error
            except (OSError, UnicodeDecodeError) as error:
                raise BrokenFileError(
                    path, 0, f"can't be read: {error}", "Save it as a text file in UTF-8."
                ) from error
        return self._texts[path]

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {}

    def line_with(self, path: str, text: str) -> int:
        """The first line that has this text, or 1: for files whose parser tells no lines."""
        lines = enumerate(self.text(path).splitlines(), 1)
        return next((number for number, line in lines if text in line), 1)

    def _parsed(self, path: str, parse: Callable[[str], Data]) -> Data:
        try:
            return parse(self.text(path))
        except UnparsedError as error:
            raise BrokenFileError(path, error.line, str(error), "Fix its syntax.") from error

    def yaml(self, path: str) -> Any:
        return self._parsed(path, parsers.plain_yaml)

    def toml(self, path: str) -> dict[str, Any]:
        return self._parsed(path, parsers.toml)

    def json(self, path: str) -> Any:
        return self._parsed(path, parsers.json_data)

    def requirements(self, path: str) -> tuple[Pin, ...]:
        """The lines of a requirements file."""
        return self._parsed(path, parsers.requirements)

    def document(self, path: str) -> tuple[Section, ...]:
        """The sections of a Markdown file."""
        return self._parsed(path, parsers.markdown)

    def module(self, path: str) -> Module:
        """A Python file."""
        return Module(path, self._parsed(path, parsers.python))

    def modules(self, folder: str = "") -> Iterator[Module]:
        """The Python files below a folder, but for those that don't parse, which are told once."""
        for path in self.files_in(folder, ".py"):
            try:
                yield self.module(path)
            except BrokenFileError:
                continue

    def texts(self) -> Iterator[tuple[str, str]]:
        """The path and the text of every file but pictures, archives and their like."""
        for path in sorted(self.files):
            try:
                yield path, self.text(path)
            except BrokenFileError:
                continue

    def unreadable(self) -> Iterator[Finding]:
        """The files of the service that can't be read as what they are."""
        reads: dict[str, Callable[[str], object]] = {
            **dict.fromkeys(self.files_in("", ".py"), self.module),
            **dict.fromkeys(self.files_in(".github", ".yml", ".yaml"), self.yaml),
            **dict.fromkeys(["pyproject.toml", "samconfig.toml"], self.toml),
            ANSWERS: self.yaml,
            TEMPLATE: self.cloudformation,
            INFRA: self.cloudformation,
        }
        for path, read in reads.items():
            try:
                read(path)
            except BrokenFileError as error:
                yield error.finding
        with contextlib.suppress(BrokenFileError):  # told above
            yield from self._broken_json()

    def _broken_json(self) -> Iterator[Finding]:
        """Texts of template.yaml that AWS reads as JSON, and can't: a deployment would end there."""
        for resource in self.resources.values():
            for key in ("DashboardBody", "DefinitionString"):
                text = resource.get(key, "Fn::Sub") or resource.get(key)
                if isinstance(text, str):
                    try:
                        # What !Sub replaces may stand where a number does.
                        parsers.json_data(re.sub(r"\$\{[^}]*\}", "0", text))
                    except UnparsedError as error:
                        line = resource.line_of(key) + error.line
                        fix = "Fix its syntax: is a comma missing, or one too many?"
                        message = f"`{key}` of `{resource.logical_id}` {error}"
                        yield Finding(GATE, TEMPLATE, line, message, resource.logical_id, fix)

    # ── What the files say ───────────────────────────────────────────────────

    @cached_property
    def tools(self) -> Tools:
        """What linters say of it."""
        return Tools(self.root, self.files, self.text)

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What the template was answered."""
        return mapping_of(self.yaml(ANSWERS))

    @property
    def name(self) -> str:
        return str(self.answers.get("service_name", ""))

    @property
    def package(self) -> str:
        """The folder below src that has the functions."""
        return snake(self.name)

    @property
    def samconfig(self) -> dict[str, Any]:
        return self.toml("samconfig.toml")

    @property
    def pyproject(self) -> dict[str, Any]:
        return self.toml("pyproject.toml")

    def cloudformation(self, path: str) -> dict[str, Any]:
        """A template as it is written; intrinsics as {"Ref": …}, {"Fn::Sub": …}."""
        template = self._parsed(path, parsers.cloudformation)
        if isinstance(template, dict) and isinstance(template.get("Resources"), dict):
            return template
        fix = "Bring its Resources back, as they were in the last commit."
        raise BrokenFileError(path, 1, "has no mapping of Resources", fix)

    @property
    def template(self) -> dict[str, Any]:
        """template.yaml."""
        return self.cloudformation(TEMPLATE)

    def resources_of(self, path: str) -> dict[str, Resource]:
        """The resources of a template by their logical ids; functions as Function."""
        template = self.cloudformation(path)
        shared = at(template, "Globals", "Function")
        bodies = template["Resources"]
        return {
            str(name): _resource(str(name), body, line_of(bodies, name), shared)
            for name, body in bodies.items()
            if isinstance(body, dict)
        }

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources of template.yaml."""
        resources = self.resources_of(TEMPLATE)
        self.reading = TEMPLATE
        return resources

    def of_type(self, *kinds: str) -> list[Resource]:
        """The resources of template.yaml of these types, or of types that begin like "AWS::SQS::"."""
        self.reading = TEMPLATE
        return [
            resource
            for resource in self.resources.values()
            if any(
                resource.type == k or (k.endswith("::") and resource.type.startswith(k))
                for k in kinds
            )
        ]

    @property
    def functions(self) -> list[Function]:
        """The Lambda functions of template.yaml."""
        self.reading = TEMPLATE
        return [resource for resource in self.resources.values() if isinstance(resource, Function)]

    @cached_property
    def function_folders(self) -> list[str]:
        """The folders below src/<package>, whether or not template.yaml knows them."""
        start = f"src/{self.package}/"
        below = (path.removeprefix(start) for path in self.files if path.startswith(start))
        return sorted({start + path.split("/")[0] for path in below if "/" in path})

    @cached_property
    def workflows(self) -> dict[str, dict[str, Any]]:
        """The workflows of GitHub Actions, by their paths."""
        return dict(self._mappings(self.files_in(".github/workflows", ".yml", ".yaml")))

    @cached_property
    def actions(self) -> dict[str, dict[str, Any]]:
        """The repository's own actions, by the paths of their files."""
        names = ("action.yml", "action.yaml")
        paths = [path for path in self.files_in("", *names) if PurePosixPath(path).name in names]
        return dict(self._mappings(paths))

    def _mappings(self, paths: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in paths:
            try:
                workflow = self.yaml(path)
            except BrokenFileError:
                continue  # reported once, by `unreadable`
            if isinstance(workflow, dict):
                yield path, workflow

    @property
    def jobs(self) -> list[Job]:
        """The jobs of all workflows."""
        return [
            Job(path, str(name), body, line_of(workflow, "jobs", name))
            for path, workflow in self.workflows.items()
            for name, body in mapping_of(workflow, "jobs").items()
            if isinstance(body, dict)
        ]

    def parameters(self, environment: str) -> dict[str, str]:
        """The parameters that samconfig.toml passes to an environment."""
        deploy = at(self.samconfig, environment, "deploy", "parameters", "parameter_overrides")
        try:
            pairs = shlex.split(deploy) if isinstance(deploy, str) else deploy
        except ValueError:  # a quote is open, which SAM refuses
            pairs = []
        listed = pairs if isinstance(pairs, list) else []
        return dict(str(pair).split("=", 1) for pair in listed if "=" in str(pair))

    def template_in(self, environment: str) -> Template:
        """template.yaml in an environment of an account that is made up: resolves !Sub and !If."""
        region = str(at(self.samconfig, environment, "global", "parameters", "region"))
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": region,
            "AWS::StackName": f"{self.name}-{environment}",
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        # What is passed as EnvironmentName may be wrong: IAC-02 alone tells that.
        passed = self.parameters(environment) | {"EnvironmentName": environment}
        return Template(self.template, passed, pseudo)


def bring_back(path: str) -> str:
    """What fixes that a file is not there."""
    return (
        f"Bring it back: `git checkout HEAD -- {path}`; if its deletion is committed,"
        f" `git log --diff-filter=D -- {path}` says in which commit, then"
        f" `git checkout <commit>^ -- {path}`."
    )


def _from_git(root: Path) -> list[str]:
    """The files that git has or would take; none without git or a repository."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return []
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    names = set(done.stdout.decode("utf-8", "replace").split("\0"))
    return [name for name in names if name and (root / name).is_file()]


def _from_walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in IGNORED]
        start = Path(folder).relative_to(root).as_posix()
        for name in names:
            if (root / start / name).is_file():  # a pipe would never end
                yield name if start == "." else f"{start}/{name}"


# ── Parts of template.yaml ───────────────────────────────────────────────────


def _resource(name: str, body: dict[str, Any], line: int, shared: Any) -> Resource:
    kind = body.get("Type")
    kind = kind if isinstance(kind, str) else ""
    own = body.get("Properties")
    properties = own if isinstance(own, dict) else LocatedMapping()
    if kind not in FUNCTIONS:
        return Resource(name, kind, body, properties, line)
    is_merged = kind == FUNCTIONS[0] and isinstance(shared, dict)
    whole = merged(shared, properties) if is_merged else properties
    code = whole.get("CodeUri" if kind == FUNCTIONS[0] else "Code")
    folder = os.path.normpath(code) if isinstance(code, str) else ""
    return Function(name, kind, body, whole, line, folder=folder)
