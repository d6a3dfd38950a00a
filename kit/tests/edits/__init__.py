"""How edits are declared, and what helps to make them."""

import itertools
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from kit.gate.findings import Finding
from kit.spelling import kebab, pascal, snake

# What a module has below `import boto3`, for clients that end before their function does.
CONFIG = """from botocore.config import Config

CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
"""


class NotHereError(Exception):
    """The sample has nothing that this edit could be made to."""


@dataclass(frozen=True)
class Function:
    """A function of a sample, of those that its answers name."""

    name: str
    trigger: str
    package: str

    @property
    def folder(self) -> str:
        """src/orders/app"""
        return f"src/{self.package}/{self.name}"

    @property
    def code(self) -> str:
        """src/orders/app/lambda_pkg"""
        return f"{self.folder}/lambda_pkg"

    @property
    def pascal(self) -> str:
        """With what the logical ids of its resources begin."""
        return pascal(self.name)

    @property
    def logical_id(self) -> str:
        return f"{self.pascal}Function"

    @property
    def kebab(self) -> str:
        return kebab(self.name)


class Edit:
    """A copy of a rendered sample that an edit may change.

    Args:
        root: its folder.
        sample: the name of the sample.
    """

    def __init__(self, root: Path, sample: str) -> None:
        self.root = root
        self.sample = sample

    # ── What is there ──

    @cached_property
    def answers(self) -> dict[str, str]:
        answers: dict[str, str] = yaml.safe_load(self.read(".copier-answers.yml"))
        return answers

    @property
    def service(self) -> str:
        return self.answers["service_name"]

    @property
    def package(self) -> str:
        return snake(self.service)

    @property
    def functions(self) -> list[Function]:
        pairs = [item.strip().split(":") for item in self.answers["functions"].split(",")]
        return [Function(name, trigger, self.package) for name, trigger in pairs]

    def function(self, *triggers: str) -> Function:
        """The first function, or the first of one of these triggers; else the edit is skipped."""
        for item in self.functions:
            if not triggers or item.trigger in triggers:
                return item
        raise NotHereError

    def two(self) -> tuple[Function, Function]:
        """The first two functions; an edit of a service with one is skipped."""
        if len(self.functions) < 2:
            raise NotHereError
        first, second, *_others = self.functions
        return first, second

    def skip(self) -> None:
        """The edit can't be made to this sample."""
        raise NotHereError

    def has(self, path: str) -> bool:
        return (self.root / path).exists()

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, in order."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern))

    def read(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")

    # ── Edits of any file ──

    def write(self, path: str, text: str) -> None:
        """Write a file, new or not."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def append(self, path: str, text: str) -> None:
        self.write(path, self.read(path) + text)

    def pin(self, path: str, name: str, version: str) -> None:
        """Add a pin to a list, as `make lock` would: with a hash, in the version that tools have."""
        known = re.search(rf"^{name}==(\S+)", self.read("requirements-dev.txt"), re.MULTILINE)
        wanted = known[1] if known else version
        self.append(path, f"{name}=={wanted} \\\n    --hash=sha256:{'a' * 64}\n")

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace the first place that has `old`; there must be one."""
        text = self.read(path)
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new, 1))

    def replace_all(self, path: str, old: str, new: str) -> None:
        """Replace every place that has `old`; there must be one."""
        text = self.read(path)
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def sub(self, path: str, pattern: str, new: str) -> None:
        """Replace the first match of a regular expression (MULTILINE); there must be one."""
        text, count = re.subn(pattern, new, self.read(path), count=1, flags=re.MULTILINE)
        assert count, f"{path} has nothing like {pattern!r}"
        self.write(path, text)

    def line(self, finding: Finding) -> str:
        """The line of a finding, with its end."""
        return self.read(finding.path).splitlines(keepends=True)[finding.line - 1]

    def in_line(self, finding: Finding, pattern: str, new: str) -> None:
        """Replace what matches in the line of a finding; something must."""
        line, count = re.subn(pattern, new, self.line(finding))
        assert count, f"{finding.path}:{finding.line} has nothing like {pattern!r}"
        self._set_lines(finding, 1, line)

    def delete_line(self, finding: Finding) -> None:
        """Delete the line of a finding."""
        self._set_lines(finding, 1, "")

    def delete_block(self, finding: Finding) -> None:
        """Delete the line of a finding and what is indented below it."""
        below = self.read(finding.path).splitlines()[finding.line :]
        depth = _depth(self.line(finding))
        deeper = itertools.takewhile(lambda line: not line or _depth(line) > depth, below)
        self._set_lines(finding, 1 + len([*deeper]), "")

    def _set_lines(self, finding: Finding, count: int, text: str) -> None:
        lines = self.read(finding.path).splitlines(keepends=True)
        lines[finding.line - 1 : finding.line - 1 + count] = [text]
        self.write(finding.path, "".join(lines))

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it."""
        whole = self.root / path
        shutil.rmtree(whole) if whole.is_dir() and not whole.is_symlink() else whole.unlink()

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link; `target` is relative to the folder that the link is in."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).symlink_to(target)

    def move(self, old: str, new: str) -> None:
        """Move a file or a folder."""
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    # ── Edits of template.yaml ──

    def resource(self, logical_id: str, path: str = "template.yaml") -> str:
        """The text of a resource; a sample without it is skipped."""
        found = re.search(
            rf"^  {logical_id}:\n(?:(?:    .*)?\n)*?(?=^ {{0,2}}\S|\Z)",
            self.read(path),
            re.MULTILINE,
        )
        if not found:
            raise NotHereError
        return found[0]

    def in_resource(self, logical_id: str, old: str, new: str, path: str = "template.yaml") -> None:
        """Replace the first place in a resource that has `old`; there must be one."""
        text = self.resource(logical_id, path)
        assert old in text, f"{logical_id} has no {old!r}"
        self.replace(path, text, text.replace(old, new, 1))

    def declare(self, text: str) -> None:
        """Add a resource, where users add theirs. `text` begins with its logical id, unindented."""
        marker = "  # ── Your own resources go here ──\n"
        self.replace("template.yaml", marker, f"{marker}\n{_indented(text)}")

    def parameter(self, text: str) -> None:
        """Add a parameter. `text` begins with its name, unindented."""
        marker = "  # Your own parameters go here.\n"
        self.replace("template.yaml", marker, _indented(text))

    def output(self, text: str) -> None:
        """Add an output. `text` begins with its name, unindented."""
        marker = "  # Your own outputs go here.\n"
        self.replace("template.yaml", marker, _indented(text))

    def pass_variable(self, function: Function, name: str, value: str) -> None:
        """Pass a variable to a function, which has some of its own, and tell it in its README."""
        head = "        Variables:\n"
        self.in_resource(function.logical_id, head, f"{head}          {name}: {value}\n")
        row = f"| `{name}` | what it says | `x` |\n"
        self.sub(f"{function.folder}/README.md", r"^(\| `STAGE` .*\n)", rf"\1{row}")

    def document(self, path: str, text: str) -> None:
        """Write a document, to which docs/README.md leads. `path` is that below docs/."""
        self.write(f"docs/{path}", text)
        row = f"| [A page]({path}) | What else is there to know? |\n"
        self.sub("docs/README.md", r"^(\| \[Decisions\])", rf"{row}\1")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indented(text: str) -> str:
    """Two spaces deeper."""
    return "".join(f"  {line}\n" if line else "\n" for line in text.strip("\n").split("\n"))
