"""Every command of a rendered service's Makefile, and how `make check` says no."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from pytest_copie.plugin import Copie

from conftest import ROOT, check, run
from kit.__main__ import COMMANDS

INDEX = "src/orders/app/lambda_pkg/index.py"
ERRORS = "src/orders/app/lambda_pkg/utils/errors.py"
TEMPLATE = "template.yaml"
CHECKS = ".github/workflows/checks.yml"
UNTESTED = "def untested(x: int) -> int:\n" + "    x += 1\n" * 30 + "    return x\n\n\n"
NO_AWS = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_PROFILE": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "CI": "",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    done = run(sys.executable, "kit/src", name, "--help", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert f".kit {name}" in done.stdout


@pytest.fixture(scope="module")
def shared(template: Path, copie_session: Copie) -> Path:
    """A service with its environment, shared by the tests of this module."""
    result = copie_session.copy(extra_answers={"service_name": "orders"}, template_dir=template)
    assert result.exception is None, result.exception
    assert result.project_dir is not None
    return result.project_dir


@pytest.fixture
def service(shared: Path) -> Iterator[Path]:
    """The same, as it was committed."""
    yield shared
    check("git", "checkout", "--quiet", ".", cwd=shared)
    check("git", "clean", "--quiet", "--force", "-d", cwd=shared)


# ── make check says no ───────────────────────────────────────────────────────


Fault = tuple[str, str, str, str]
# What somebody writes into a file in place of something, and what the check says of it. Each target
# runs once, with all its faults: that takes the time of one.
OF_TOOLS: list[Fault] = [
    (INDEX, '"status": "ok"', '"status":  "ok"', "would be reformatted"),
    (INDEX, "import json\n", "import json\nimport os\n", "F401"),
    (INDEX, "-> dict[str, str]:", "-> int:", "Incompatible return value"),
    (TEMPLATE, "      MemorySize: 512", "      Memory: 512", "'Memory' was unexpected"),
    (TEMPLATE, "!Ref AlarmTopic\n", "!Ref AlarmTopik\n", "AlarmTopik"),
    (CHECKS, "    timeout-minutes: 20\n", "    timeout: 20\n", "'timeout' was unexpected"),
    (
        CHECKS,
        "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "actions/checkout@v7",
        "unpinned-uses",
    ),
    (".github/dependabot.yml", "interval: weekly", "interval: hourly", "hourly"),
    ("tests/unit/app/test_index.py", '"ok"', '"well"', "1 failed"),
    (ERRORS, "def error_body", f"{UNTESTED}def error_body", "Required test coverage of 90.0%"),
]
OF_LESSONS: list[Fault] = [
    (TEMPLATE, "          TABLE_NAME: !Ref Table\n", "", "IAC-07"),
    (TEMPLATE, "!Ref Table\n", "!Ref Tabel\n", "refers to `Tabel`"),
    (TEMPLATE, "!GetAtt Table.Arn", "!GetAtt Tabelle.Arn", "refers to `Tabelle`"),
    (TEMPLATE, "!Sub orders-app-", "!Sub orders-${Ap}-", "refers to `Ap`"),
    (TEMPLATE, "pkg.index.lambda_handler", "pkg.indx.x", "lambda_pkg.indx.x"),
]


def commit_faults(service: Path, faults: list[Fault]) -> None:
    for path, old, new, _message in faults:
        text = (service / path).read_text("utf-8")
        assert old in text, f"{path}: {old}"
        (service / path).write_text(text.replace(old, new, 1), "utf-8")


def assert_all_are_named(output: str, faults: list[Fault]) -> None:
    missing = [message for *_fault, message in faults if message not in output]
    assert not missing, f"{missing}\n{output}"


def test_lessons_say_no(service: Path) -> None:
    commit_faults(service, OF_LESSONS)
    done = run("make", "lessons", cwd=service)
    assert done.returncode
    assert_all_are_named(done.stdout, OF_LESSONS)


def lines(output: str) -> list[tuple[str, str]]:
    """The name and the result of each check."""
    return re.findall(r"^(\w[\w -]+?) +(ok|FAILED) +\d+\.\d s$", output, re.MULTILINE)


LINT = ["ruff format", "ruff check", "mypy", "sam validate", "cfn-lint", "workflows", "dependabot"]
LINT += ["zizmor"]


def test_check_is_lint_lessons_and_test(service: Path) -> None:
    """One line for each check, and nothing else where all is well."""
    said = check("make", "check", cwd=service)
    assert lines(said) == [(name, "ok") for name in [*LINT, "lessons", "pytest"]]
    assert len(said.splitlines()) == len(lines(said))


def test_check_shows_what_fails_and_stops(service: Path) -> None:
    text = (service / INDEX).read_text("utf-8")
    (service / INDEX).write_text(text.replace("import json\n", "import json\nimport os\n"), "utf-8")
    done = run("make", "check", cwd=service)
    assert done.returncode
    assert lines(done.stdout) == [("ruff format", "ok"), ("ruff check", "FAILED")]
    assert "F401" in done.stdout
    assert "Failed: ruff check." in done.stdout


def test_every_check_says_no_with_k_and_shows_everything_with_v(service: Path) -> None:
    commit_faults(service, OF_TOOLS)
    done = run("make", "-k", "check", "V=1", cwd=service)
    assert done.returncode
    assert_all_are_named(done.stdout, OF_TOOLS)
    assert [name for name, _result in lines(done.stdout)] == [*LINT, "lessons", "pytest"]
    failed = [name for name, result in lines(done.stdout) if result == "FAILED"]
    assert f"Failed: {', '.join(failed)}. To fix it: make format" in done.stdout
    assert "$ .venv/bin/mypy\n" in done.stdout
    assert "not checked here" in done.stdout  # the table of lessons


def test_check_at_a_terminal_is_coloured(service: Path) -> None:
    """The line of a check replaces the one that says that it runs."""
    screen = pexpect.spawn("make", ["lint"], cwd=str(service), encoding="utf-8", timeout=120)
    screen.expect(pexpect.EOF)
    assert screen.before is not None
    assert "mypy            ...\r\x1b[Kmypy            \x1b[32mok    \x1b[0m" in screen.before


def test_tests_reach_no_network(service: Path) -> None:
    (service / "tests/unit/app/test_network.py").write_text(
        "import socket\n\n\ndef test_it() -> None:\n    socket.create_connection(('127.0.0.1', 9))\n",
        "utf-8",
    )
    done = run(".venv/bin/pytest", "-q", "tests/unit/app/test_network.py", cwd=service)
    assert "SocketBlockedError" in done.stdout


def test_two_functions_may_have_tests_of_the_same_name(set_up: Callable[..., Path]) -> None:
    service = set_up(service_name="orders", functions="app:api, admin:api", table=False)
    passed = check("make", "test", cwd=service)
    assert "tests/unit/admin/test_index.py" in passed
    assert "tests/unit/app/test_index.py" in passed


# ── The other commands ───────────────────────────────────────────────────────


def test_help_is_the_default_and_lists_everything(service: Path) -> None:
    listed = check("make", cwd=service)
    makefile = (service / "Makefile").read_text("utf-8")
    phony = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    for target in " ".join(phony).split():
        assert re.search(rf"^  make {target} +\w", listed, re.MULTILINE), target


@pytest.mark.parametrize(
    ("target", "given", "said"),
    [
        ("add-function", "NAM=nightly", "nothing here reads NAM. Did you mean NAME?"),
        ("logs", "fn=app", "Did you mean FN?"),
        ("deploy", "STAGE=prod", "STAGE=prod has no effect"),
        ("deploy", "ENVIRONMENT=prod", "`make` lists what each command takes"),
        ("deploy", "env=prod", "env=prod has no effect: nothing here reads env. Did you mean ENV?"),
        ("add-function", "name=nightly", "Did you mean NAME?"),
    ],
)
def test_a_variable_that_nothing_reads_is_refused(
    service: Path, target: str, given: str, said: str
) -> None:
    done = run("make", target, given, cwd=service)
    assert done.returncode != 0
    assert said in done.stdout


def test_variables_that_something_reads_are_not(service: Path) -> None:
    """Tools read some; another make has its own; and so have commands of one's own."""
    check("make", "help", "AWS_PROFILE=dev", "CI=true", cwd=service)
    (service / "Outer.mk").write_text("all:\n\t$(MAKE) -f Makefile help\n", "utf-8")
    check("make", "-f", "Outer.mk", "RELEASE=1", cwd=service)
    (service / "local.mk").write_text("mine: ## My own\n\t@echo $(GREETING)\n", "utf-8")
    assert check("make", "mine", "GREETING=hello", cwd=service).strip() == "hello"


def test_format_mends_what_check_refuses(service: Path) -> None:
    before = (service / INDEX).read_text("utf-8")
    (service / INDEX).write_text(before.replace("import json\n", "import os, json\n"), "utf-8")
    check("make", "format", cwd=service)
    assert (service / INDEX).read_text("utf-8") == before


def test_build_without_docker_says_so(service: Path) -> None:
    said = check("make", "build", "CONTAINER=no", cwd=service)
    assert "Building without a container" in said
    assert said.rstrip().endswith("builds again in the container and deploys.")
    assert "sam deploy" not in said
    assert (service / ".aws-sam/build/AppFunction/lambda_pkg/index.py").exists()
    check("make", "clean", cwd=service)
    assert not (service / ".aws-sam").exists()
    assert (service / ".venv").exists()


@pytest.mark.parametrize(
    "environment", ["staging", "dev prod", "", "dev;touch run", "$(shell touch run)"]
)
@pytest.mark.parametrize("command", ["build", "integration"])
def test_there_are_two_environments(service: Path, command: str, environment: str) -> None:
    done = run("make", command, f"ENV={environment}", "CONTAINER=no", cwd=service)
    assert done.returncode
    assert f'There is no environment "{environment}": make {command} ENV=dev' in done.stdout
    assert not (service / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [("lock", "COOLDOWN=$(shell touch run)7 days"), ("setup", "SETUP_ARGS=$(shell touch run)")],
)
def test_what_is_on_the_command_line_is_text(service: Path, arguments: tuple[str, ...]) -> None:
    assert run("make", *arguments, cwd=service).returncode
    assert not (service / "run").exists()


def test_deploy_without_aws_says_so(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)  # an empty one is another fault
    none = {name: value for name, value in NO_AWS.items() if name != "AWS_PROFILE"}
    done = run("make", "deploy", cwd=service, **none)
    assert done.returncode != 0
    assert "AWS does not know who you are" in done.stdout
    assert "Nothing was deployed" in done.stdout


def test_integration_tests_skip_with_a_reason(service: Path) -> None:
    said = check("make", "integration", cwd=service, **NO_AWS)
    assert "no stack orders-dev in us-east-1 to test" in said
    assert "4 skipped" in said


def test_in_a_pipeline_a_missing_stack_is_a_failure(service: Path) -> None:
    done = run("make", "integration", cwd=service, **{**NO_AWS, "CI": "true"})
    assert done.returncode != 0
    assert "4 errors" in done.stdout


def test_lock_takes_one_package_or_all(service: Path) -> None:
    done = run("make", "lock", "UPGRADE=please", cwd=service)
    assert 'UPGRADE is yes or no, and not "please"' in done.stdout
    done = run("make", "lock", "PACKAGE=$(touch here)", cwd=service)
    assert 'No requirements.txt here pins "$(touch here)"' in done.stdout
    done = run("make", "lock", "COOLDOWN=a while", cwd=service)
    assert 'COOLDOWN is "a while"' in done.stdout
    assert not (service / "here").exists()


def test_lock_pins_what_is_not_pinned(service: Path) -> None:
    for file in ("src/orders/app/requirements", "requirements-dev"):
        (service / f"{file}.txt").write_text("", "utf-8")
    check("make", "lock", cwd=service)
    for file in ("src/orders/app/requirements", "requirements-dev"):
        wanted = re.findall(
            r"^([a-z][a-z0-9-]+)", (service / f"{file}.in").read_text("utf-8"), re.M
        )
        pinned = re.findall(r"^([a-z0-9-]+)==", (service / f"{file}.txt").read_text("utf-8"), re.M)
        assert wanted
        assert "--hash=sha256:" in (service / f"{file}.txt").read_text("utf-8")
        assert set(wanted) <= set(pinned)


def test_commands_of_ones_own_are_kept_apart(service: Path) -> None:
    (service / "local.mk").write_text("mine: ## My own\n\t@echo mine\n", "utf-8")
    assert check("make", "mine", cwd=service).strip() == "mine"
    assert "make mine" in check("make", cwd=service)


# ── At an editor, and before a commit ────────────────────────────────────────


def hooks(service: Path) -> subprocess.CompletedProcess[str]:
    """What `prek install` or `pre-commit install` would run at a commit of everything."""
    return run(
        "prek", "run", "--all-files", "--no-progress", cwd=service, PREK_HOME=str(service / ".git")
    )


def test_hooks_before_a_commit(service: Path) -> None:
    """They need no network, and name the lesson."""
    assert hooks(service).returncode == 0
    path = service / INDEX
    before = path.read_text("utf-8")
    path.write_text(before.replace("from .settings", "from lambda_pkg.settings"), "utf-8")
    done = hooks(service)
    path.write_text(before, "utf-8")
    assert done.returncode
    assert "STR-05" in done.stdout


def test_an_editor_finds_code_and_tests(service: Path) -> None:
    """As pytest and mypy are configured, which are tested by running them."""
    settings, launch, extensions = (
        json.loads((service / ".vscode" / f"{name}.json").read_text("utf-8"))
        for name in ("settings", "launch", "extensions")
    )
    pyproject = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    options = pyproject["tool"]["pytest"]["ini_options"]
    assert settings["python.analysis.extraPaths"] == options["pythonpath"]
    assert settings["python.testing.pytestArgs"] == options["testpaths"]
    python = settings["python.defaultInterpreterPath"].replace("${workspaceFolder}", str(service))
    assert Path(python).exists()
    tags = {tag.split()[0] for tag in settings["yaml.customTags"]}
    used = set(re.findall(r"(?<=[ \[])![A-Z]\w+", (service / "template.yaml").read_text("utf-8")))
    assert used <= tags
    assert {configuration["module"] for configuration in launch["configurations"]} == {"pytest"}
    assert "charliermarsh.ruff" in extensions["recommendations"]
    ignored = run("git", "check-ignore", ".vscode/settings.json", cwd=service)
    assert ignored.returncode == 1


def test_agents_are_told_commands_and_files_that_exist(service: Path) -> None:
    """On one screen."""
    text = (service / "AGENTS.md").read_text("utf-8")
    assert len(text.splitlines()) <= 48
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (service / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    assert set(re.findall(r"make ([a-z-]+)", text)) <= targets
    for name in re.findall(r"`([\w./-]+)`", text):
        # FUNCTION and PACKAGE stand for names; services/ is in each function.
        if "/" in name and not re.search("[A-Z]{4}", name) and name != "services/":
            assert (service / name).exists(), name
