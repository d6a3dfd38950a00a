"""Functions come, are renamed and go in any order, between edits of whatever a user may edit."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_copie.plugin import Copie

from conftest import KIT, QUESTIONS, check, commit, render, run
from kit.gate.service import Service
from kit.lessons import lessons
from kit.spelling import kebab, pascal
from test_merging import places

# The triggers that functions come with here.
TRIGGERS = QUESTIONS["triggers"]["default"]
# Names that are parts of each other, and words that the template uses too.
NAMES = ["app", "app_admin", "admin", "application", "item", "bell", "nightly_report_of_sales"]

# Triggers whose functions are tried before traffic moves to them, by one that is made for it.
PROBED = {"api", "queue", "stream"}

# The lessons that tie a function's parts together.
TIES = {"IAC-07", "EVT-09"}


class CloudFormation(yaml.SafeLoader):
    """Reads `!Sub x` as "x"."""


CloudFormation.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", None))


# Files that the template and a service's user share.
SHARED = ["template.yaml", "README.md", "Makefile", "pyproject.toml", "samconfig.toml"]
SHARED += ["infra/environment.yaml", "docs/architecture.md", "docs/operations.md"]
SHARED += [".github/workflows/dev_cicd.yml", "requirements-dev.in"]


def open_lines(path: str, lines: list[str]) -> list[int]:
    """The lines of a file that a remark can stand at without being part of a text or a command."""
    closed = {number for number, line in enumerate(lines) if not line.strip()}
    closed |= {number + 1 for number, line in enumerate(lines) if line.endswith("\\\n")}
    if path.endswith((".yaml", ".yml")):
        for token in yaml.scan("".join(lines)):
            if isinstance(token, yaml.ScalarToken):
                closed |= {*range(token.start_mark.line + 1, token.end_mark.line + 1)}
    if path.endswith(".md"):
        fenced = False
        for number, line in enumerate(lines):
            is_fence = line.startswith("```")
            if fenced or is_fence or line.startswith(("#", "|")):
                closed.add(number)
            fenced ^= is_fence
    return [number for number in range(len(lines)) if number not in closed]


@dataclass
class Edited:
    """What was done to one function, by hand."""

    trigger: str
    marks: dict[str, str] = field(default_factory=dict)  # text → file below the four folders
    deleted: set[str] = field(default_factory=set)
    block: list[str] = field(default_factory=list)  # text in its block of template.yaml
    timeout: int | None = None


class Functions(RuleBasedStateMachine):
    """A service and what its user did to it."""

    template: ClassVar[Path]
    environment: ClassVar[Path]  # of the service: .venv
    caches: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="functions-"))
        self.service = self.folder / "orders"
        self.functions: dict[str, Edited] = {}
        self.shared: dict[str, str] = {}  # text → file
        self.anywhere: dict[str, str] = {}  # text → file: at any line of it
        self.count = 0

    # ── What a user does ─────────────────────────────────────────────────────

    @initialize(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
        triggers=st.lists(st.sampled_from(TRIGGERS), min_size=2, max_size=2),
    )
    def begin(self, names: list[str], triggers: list[str]) -> None:
        pairs = list(zip(names, triggers, strict=False))
        render(
            self.template,
            self.service,
            service_name="orders",
            functions=", ".join(f"{name}:{trigger}" for name, trigger in pairs),
        )
        (self.service / ".venv").symlink_to(self.environment)
        check("git", "init", "--quiet", cwd=self.service)
        (self.service / ".git/info/exclude").write_text(".venv\n", "utf-8")
        commit(self.service)
        self.functions = {name: Edited(trigger) for name, trigger in pairs}

    def command(self, *arguments: str, old: str = "", new: str = "") -> bool:
        """Whether a command did its work; one that stops names an edit, and leaves all as it was.

        Args:
            old: the function that goes or has another name afterwards.
            new: that name.
        """
        before = {path: self.text(path) for path in sorted({*self.anywhere.values()})}
        done = run(*KIT, "functions", *arguments, cwd=self.service)
        if done.returncode:
            named = {mark for mark in self.anywhere if mark in done.stdout}
            assert old, done.stdout
            assert named, done.stdout
            assert check("git", "status", "--porcelain", cwd=self.service) == "", done.stdout
            return False
        assert check("git", "ls-files", "-u", cwd=self.service) == "", done.stdout
        commit(self.service)
        for path, text in before.items():
            self.stayed(text, self.text(path), old, new)
        return True

    def stayed(self, before: str, after: str, old: str, new: str) -> None:
        """Each mark is in the section where it was, or went with what it was about."""
        there, here = places(before), places(after)
        for mark in there.keys() & self.anywhere.keys():
            section, below = there[mark]
            if mark not in here:
                is_left = below in {line.strip() for line in after.splitlines()}
                removing = bool(old) and not new
                assert removing, f"{mark} is lost"
                assert not is_left, f"{mark} is lost, and {below!r} is there"
                del self.anywhere[mark]
                continue
            expected = {section}
            for spell in (str, pascal, kebab):
                expected.add(section.replace(spell(old), spell(new)) if new else section)
            assert here[mark][0] in expected, f"{mark} of {section!r} is in {here[mark][0]!r}"

    @precondition(lambda self: len(self.functions) < 4)
    @rule(data=st.data(), trigger=st.sampled_from(TRIGGERS))
    def add(self, data: st.DataObject, trigger: str) -> None:
        name = data.draw(st.sampled_from([item for item in NAMES if item not in self.functions]))
        self.command("add", f"--name={name}", f"--trigger={trigger}")
        self.functions[name] = Edited(trigger)

    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(list(self.functions)))
        new = data.draw(st.sampled_from([item for item in NAMES if item not in self.functions]))
        if self.command("rename", f"--name={name}", f"--to={new}", old=name, new=new):
            self.functions = {
                new if each == name else each: edited for each, edited in self.functions.items()
            }

    @precondition(lambda self: len(self.functions) > 1)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(list(self.functions)))
        if self.command("remove", f"--name={name}", "--yes=1", old=name):
            del self.functions[name]

    @rule(
        data=st.data(),
        kinds=st.lists(
            st.sampled_from(
                [
                    "handler",
                    "module",
                    "deletion",
                    "readme",
                    "timeout",
                    "variable",
                    "comment",
                    "test",
                ]
            ),
            min_size=2,
            max_size=4,
            unique=True,
        ),
    )
    def edit_a_function(self, data: st.DataObject, kinds: list[str]) -> None:
        name = data.draw(st.sampled_from(list(self.functions)))
        for kind in kinds:
            getattr(self, f"edit_{kind}")(name)
        check("ruff", "format", "--quiet", cwd=self.service)
        commit(self.service)

    @rule(
        places=st.lists(
            st.sampled_from(
                [
                    "parameter",
                    "resource",
                    "output",
                    "about",
                    "makefile",
                    "pyproject",
                    "row",
                    "requirement",
                ]
            ),
            min_size=2,
            max_size=4,
            unique=True,
        ),
        data=st.data(),
    )
    def edit_what_is_shared(self, places: list[str], data: st.DataObject) -> None:
        some = data.draw(st.sampled_from(list(self.functions)))
        for place in places:
            mark = self.mark()
            path, old, new = {
                "parameter": ("template.yaml", "  # Your own parameters go here.\n", f"\\g<0>  {mark}:\n    Type: String\n    Default: x\n"),
                "resource": ("template.yaml", "  # ── Your own resources go here ──\n", f"\\g<0>\n  {mark}:\n    Type: AWS::SNS::Topic\n"),
                "output": ("template.yaml", "  # Your own outputs go here.\n", f"\\g<0>\n  {mark}:\n    Value: x\n"),
                "about": ("README.md", "_Yours:", f"{mark}\n\n\\g<0>"),
                "makefile": ("Makefile", "ENV \\?= dev\n", f"\\g<0># {mark}\n"),
                "pyproject": ("pyproject.toml", "\\[tool.coverage.run\\]", f"\\g<0> # {mark}"),
                "row": ("README.md", f"\\(src/orders/{some}/README.md\\)", f"\\g<0> {mark}"),
                "requirement": ("requirements-dev.in", "boto3\n", f"# {mark}\n\\g<0>"),
            }[place]  # fmt: skip
            self.replace(path, old, new)
            if place == "row":
                self.functions[some].block.append(f"README.md:{mark}")
            else:
                self.shared[mark] = path
        commit(self.service)

    @rule(data=st.data(), path=st.sampled_from(SHARED), count=st.integers(1, 3))
    def edit_any_line(self, data: st.DataObject, path: str, count: int) -> None:
        """A remark of the user's, above any line of a file that the template and its user share."""
        for _ in range(count):
            lines = self.text(path).splitlines(keepends=True)
            number = data.draw(st.sampled_from(open_lines(path, lines)))
            line, mark = lines[number], self.mark()
            if path.endswith(".md"):
                lines[number] = f"{line.rstrip()} {mark}\n"
            else:
                lines.insert(number, f"{line[: len(line) - len(line.lstrip())]}# {mark}\n")
            (self.service / path).write_text("".join(lines), "utf-8")
            self.anywhere[mark] = path
        commit(self.service)

    def mark(self) -> str:
        self.count += 1
        return f"Mine{self.count:03}"

    def replace(self, path: str, pattern: str, new: str) -> None:
        text = (self.service / path).read_text("utf-8")
        changed, times = re.subn(pattern, new, text, count=1)
        assert times, (path, pattern)
        (self.service / path).write_text(changed, "utf-8")

    def append(self, name: str, path: str, text: str) -> None:
        mark = self.mark()
        file = self.service / path.format(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text("utf-8") if file.exists() else ""
        file.write_text(before + text.format(mark=mark, name=name), "utf-8")
        self.functions[name].marks[mark] = path

    def edit_handler(self, name: str) -> None:
        self.append(name, "src/orders/{}/lambda_pkg/index.py", "# {mark}\n")

    def edit_module(self, name: str) -> None:
        number = self.count + 1
        self.append(name, f"src/orders/{{}}/lambda_pkg/extra_{number}.py", '"""{mark}."""\n')

    def edit_test(self, name: str) -> None:
        number = self.count + 1
        self.append(
            name,
            f"tests/unit/{{}}/test_extra_{number}.py",
            '"""{mark}."""\n\nfrom orders.{name}.lambda_pkg import settings\n\n\n'
            "def test_extra() -> None:\n    assert settings\n",
        )

    def edit_readme(self, name: str) -> None:
        self.append(name, "src/orders/{}/README.md", "\n{mark}\n")

    def edit_deletion(self, name: str) -> None:
        path = "tests/unit/{}/test_settings.py"
        (self.service / path.format(name)).unlink(missing_ok=True)
        self.functions[name].deleted.add(path)

    def edit_block(self, name: str, pattern: str, new: str) -> None:
        self.replace(
            "template.yaml", f"(\n  {pascal(name)}Function:\n(?:    .*\n)*?){pattern}", new
        )

    def edit_timeout(self, name: str) -> None:
        self.count += 1
        self.functions[name].timeout = 10 + self.count
        self.edit_block(name, "      Timeout: \\d+", f"\\g<1>      Timeout: {10 + self.count}")

    def edit_variable(self, name: str) -> None:
        mark = self.mark()
        # One that only a library reads: no code needs to be changed with it.
        variable = f"          POWERTOOLS_{mark}: x\n"
        self.edit_block(name, "        Variables:\n", f"\\g<0>{variable}")
        self.functions[name].block.append(f"template.yaml:{mark}")

    def edit_comment(self, name: str) -> None:
        mark = self.mark()
        self.edit_block(name, "      Handler:", f"\\g<1>      # {mark}\n      Handler:")
        self.functions[name].block.append(f"template.yaml:{mark}")

    # ── What holds after each step ───────────────────────────────────────────

    def text(self, path: str) -> str:
        return (self.service / path).read_text("utf-8")

    @precondition(lambda self: self.functions)
    @invariant()
    def no_edit_is_lost(self) -> None:
        for mark, path in (self.shared | self.anywhere).items():
            assert self.text(path).count(mark) == 1, (mark, path)
        resources = self.resources()
        for name, edited in self.functions.items():
            for mark, path in edited.marks.items():
                assert self.text(path.format(name)).count(mark) == 1, (mark, path)
            for path in edited.deleted:
                assert not (self.service / path.format(name)).exists()
            for item in edited.block:
                path, mark = item.split(":")
                assert self.text(path).count(mark) == 1, item
            function = resources[f"{pascal(name)}Function"]["Properties"]
            assert function["CodeUri"] == f"src/orders/{name}/"
            if edited.timeout:
                assert function["Timeout"] == edited.timeout

    @precondition(lambda self: self.functions)
    @invariant()
    def nothing_of_a_removed_function_is_left(self) -> None:
        known = {
            mark
            for edited in self.functions.values()
            for mark in [*edited.marks, *(item.split(":")[1] for item in edited.block)]
        } | (self.shared | self.anywhere).keys()
        names = check("git", "ls-files", cwd=self.service).split()
        left = {
            mark
            for mark in (f"Mine{number:03}" for number in range(1, self.count + 1))
            if mark not in known and any(mark in self.text(name) for name in names)
        }
        assert not left

    def resources(self) -> dict[str, Any]:
        loaded = yaml.load(self.text("template.yaml"), Loader=CloudFormation)  # noqa: S506
        found: dict[str, Any] = loaded["Resources"]
        return found

    @precondition(lambda self: self.functions)
    @invariant()
    def answers_and_files_agree(self) -> None:
        answers = yaml.safe_load(self.text(".copier-answers.yml"))
        wanted = {name: edited.trigger for name, edited in self.functions.items()}
        assert answers["functions"] == ", ".join(f"{n}:{t}" for n, t in wanted.items())
        assert answers["seen"] == list(wanted)
        for folder in ("src/orders", "tests/unit", "tests/integration", "events"):
            there = {
                path.name
                for path in (self.service / folder).iterdir()
                if path.is_dir() and path.name != "__pycache__"
            }
            expected = {
                name
                for name, trigger in wanted.items()
                if folder != "tests/integration" or trigger == "api"
            }
            if folder != "tests/integration" and PROBED & {*wanted.values()}:
                expected.add("traffic_check")
            assert there == expected, folder
        blocks = [line for line in self.text("template.yaml").splitlines() if line[:5] == "  # ─"]
        assert blocks[:-2] == [f"  # ── {name} ({trigger}) ──" for name, trigger in wanted.items()]
        listed = check(*KIT, "functions", "list", cwd=self.service)
        rows = [line for line in listed.splitlines()[1:] if line[:1].strip()]
        assert [row.split()[0] for row in rows] == list(wanted)

    @precondition(lambda self: self.functions)
    @invariant()
    def quick_checks_pass(self) -> None:
        assert check("git", "status", "--porcelain", cwd=self.service) == ""
        for command in (("ruff", "format", "--check", "--quiet"), ("ruff", "check", "--quiet")):
            check(*command, cwd=self.service)
        # What is in the way when functions come and go; the edits here break others.
        service = Service(self.service)
        checks = [check for lesson in sorted(TIES) for check in lessons()[lesson].checks]
        assert [finding for check in checks for finding in check(service)] == []

    def teardown(self) -> None:
        # What `quick_checks_pass` leaves out of `make check`, and such edits leave alone.
        if self.functions:
            check(".venv/bin/mypy", cwd=self.service, MYPY_CACHE_DIR=str(self.caches))
            check("sam", "validate", "--lint", "--config-env", "dev", cwd=self.service)
            check(".venv/bin/pytest", "-q", cwd=self.service)
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def machine(template: Path, copie_session: Copie, tmp_path_factory: Any) -> type[Functions]:
    """The machine, with an environment in which all triggers' functions run."""
    functions = ", ".join(f"of_{trigger}:{trigger}" for trigger in TRIGGERS)
    result = copie_session.copy(
        extra_answers={"service_name": "orders", "functions": functions}, template_dir=template
    )
    assert result.project_dir is not None
    Functions.template = template
    Functions.environment = result.project_dir / ".venv"
    Functions.caches = tmp_path_factory.mktemp("caches")
    return Functions


def test_any_sequence(machine: type[Functions]) -> None:
    deep = settings.default is not None and settings.default.max_examples > 100
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=100 if deep else 2, stateful_step_count=20 if deep else 12),
    )
