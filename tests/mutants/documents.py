"""Edits that break TST and DOC lessons, and innocent ones."""

from __future__ import annotations

import os
import re

from .edits import Edit, Function, innocent, mutant


def tests(function: Function) -> str:
    return f"tests/unit/{function.name}"


def module(function: Function) -> str:
    """What tests call the function's package."""
    return f"{function.package}.{function.name}.lambda_pkg"


# ── TST-01: unit tests ───────────────────────────────────────────────────────


@mutant("TST-01", "the network is opened for all tests")
def _(edit: Edit) -> None:
    edit.sub("pyproject.toml", r"^    \"--disable-socket\",\n", "")


@mutant("TST-01", "one test is let out into the network")
def _(edit: Edit) -> None:
    text = "import boto3\nimport pytest\n\n\n@pytest.mark.enable_socket\n"
    text += (
        'def test_it_is_there() -> None:\n    assert boto3.client("sts").get_caller_identity()\n'
    )
    edit.write(f"{tests(edit.function())}/test_real.py", text)


@mutant("TST-01", "a fixture is let out into the network")
def _(edit: Edit) -> None:
    text = "import pytest\n\n\n@pytest.fixture\ndef live(socket_enabled: None) -> None:\n"
    edit.append(f"{tests(edit.function())}/conftest.py", f'\n\n{text}    """The real thing."""\n')


@mutant("TST-01", "a file of settings takes the place of pyproject.toml")
def _(edit: Edit) -> None:
    edit.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\npythonpath = src\n")


@mutant("TST-01", "a function's tests are deleted")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{tests(edit.function())}/*.py"):
        edit.delete(path)


@mutant("TST-01", "the floor of the coverage sinks with it")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 40")


@innocent("TST-01", "a stub on this machine is let in")
def _(edit: Edit) -> None:
    text = 'import pytest\n\n\n@pytest.mark.allow_hosts(["127.0.0.1", "localhost"])\n'
    text += "def test_the_stub_answers() -> None:\n    assert True\n"
    edit.write(f"{tests(edit.function())}/test_stub.py", text)


@innocent("TST-01", "a fixture of all tests closes the network, and an argument sets the floor")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", '"--disable-socket"', '"--cov-fail-under=90"')
    edit.replace("pyproject.toml", "fail_under = 90\n", "")
    text = "\n\n@pytest.fixture(autouse=True)\ndef closed(socket_disabled: None) -> None:\n"
    edit.append("tests/unit/conftest.py", f'{text}    """No test reaches the network."""\n')


@innocent("TST-01", "arguments are one text, the floor is lower, and tests have another folder")
def _(edit: Edit) -> None:
    edit.sub(
        "pyproject.toml",
        r"^addopts = \[\n(.*\n)+?\]",
        'addopts = "--import-mode=importlib --disable-socket --allow-unix-socket --strict-markers"',
    )
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 85")
    edit.move(tests(edit.function()), f"{tests(edit.function())}_tests")


# ── TST-02: the path of the deployed package ─────────────────────────────────


@mutant("TST-02", "a test imports what it tests from src")
def _(edit: Edit) -> None:
    function = edit.function()
    text = f"from src.{module(function)} import settings\n\n\ndef test_it() -> None:\n    assert settings\n"
    edit.write(f"{tests(function)}/test_more.py", text)


@mutant("TST-02", "a conftest puts the function's folder on the path")
def _(edit: Edit) -> None:
    function = edit.function()
    text = "import sys\nfrom pathlib import Path\n\n"
    text += f'sys.path.insert(0, str(Path(__file__).parents[3] / "{function.folder}"))\n\n'
    edit.write(f"{tests(function)}/conftest.py", text + edit.read(f"{tests(function)}/conftest.py"))


@mutant("TST-02", "pytest gets the function's folder as a path")
def _(edit: Edit) -> None:
    old = 'pythonpath = ["src"'
    edit.replace("pyproject.toml", old, f'{old}, "{edit.function().folder}"')


@mutant("TST-02", "a mock is put where Lambda would find it")
def _(edit: Edit) -> None:
    text = "from unittest import mock\n\n\n"
    text += '@mock.patch("lambda_pkg.index.settings")\ndef test_it(settings: mock.Mock) -> None:\n    assert settings\n'
    edit.write(f"{tests(edit.function())}/test_more.py", text)


@mutant("TST-02", "a module is read by its file")
def _(edit: Edit) -> None:
    text = "import importlib.util\nfrom pathlib import Path\n\n"
    text += f'PATH = Path(__file__).parents[3] / "{edit.function().code}" / "settings.py"\n\n\n'
    text += "def test_it() -> None:\n"
    text += '    assert importlib.util.spec_from_file_location("settings", PATH)\n'
    edit.write(f"{tests(edit.function())}/test_more.py", text)


@innocent("TST-02", "a test imports and mocks by the deployed path, and runs a script")
def _(edit: Edit) -> None:
    function = edit.function()
    text = "import runpy\nfrom pathlib import Path\nfrom unittest import mock\n\n"
    text += f"from {module(function)} import settings\n\n"
    text += 'SCRIPT = Path(__file__).parents[3] / "scripts" / "report.py"\n\n\n'
    text += f'@mock.patch("{module(function)}.settings.load_settings")\n'
    text += "def test_it(load: mock.Mock) -> None:\n"
    text += '    assert settings\n    assert runpy.run_path(str(SCRIPT))\n    assert "src.zip" > "lambda_pkg.index"\n'
    edit.write(f"{tests(function)}/test_more.py", text)


# ── TST-03: the README of the tests ──────────────────────────────────────────

README = "tests/unit/README.md"


@mutant("TST-03", "the README of the tests is deleted")
def _(edit: Edit) -> None:
    edit.delete(README)


@mutant("TST-03", "what CI runs is told no more")
def _(edit: Edit) -> None:
    edit.sub(README, r"^## What CI runs\n(.*\n)+", "")


@mutant("TST-03", "the path is told no more")
def _(edit: Edit) -> None:
    edit.sub(README, r"^## The path\n(.*\n)+?(?=^## )", "")


@mutant("TST-03", "the README shows a function that is gone")
def _(edit: Edit) -> None:
    name = edit.functions[0].name
    edit.replace_all(README, f".{name}.lambda_pkg", f".{name}_of_old.lambda_pkg")


@innocent("TST-03", "the README says it in other words, and more")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.write(
        README,
        "# How we test\n\nTests import\n\n```python\n"
        f"from {module(function)}.services import things\n```\n\n"
        "because `pythonpath` in `pyproject.toml` is `src`.\n\n## As in CI\n\n`make check` is all of it.\n\n"
        "## Data\n\nFactories are in `conftest.py`.\n",
    )


# ── TST-04: integration tests ────────────────────────────────────────────────


def integration(edit: Edit, text: str) -> None:
    edit.write("tests/integration/test_more.py", text)


@mutant("TST-04", "a test calls the address that somebody copied from the console")
def _(edit: Edit) -> None:
    integration(
        edit,
        "import httpx\n\n\ndef test_it() -> None:\n"
        '    url = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/app/health"\n'
        "    assert httpx.get(url).is_success\n",
    )


@mutant("TST-04", "a test falls back to a domain of one's own")
def _(edit: Edit) -> None:
    integration(
        edit,
        "import os\n\nimport httpx\n\n\ndef test_it() -> None:\n"
        '    base = os.environ.get("API_URL", "https://api.acme-orders.com")\n'
        '    assert httpx.get(f"{base}/app/health").is_success\n',
    )


@mutant("TST-04", "a test names the table of dev")
def _(edit: Edit) -> None:
    integration(
        edit,
        "import boto3\n\n\ndef test_it() -> None:\n"
        f'    table = boto3.resource("dynamodb").Table("{edit.service}-dev")\n'
        '    assert table.get_item(Key={"pk": "A", "sk": "B"})\n',
    )


@innocent("TST-04", "a test takes its address from an output, and says from where it comes")
def _(edit: Edit) -> None:
    edit.output("OwnAddress:\n  Description: Where own things are.\n  Value: !Ref AWS::StackName")
    integration(
        edit,
        '"""As https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com once did."""\n\n'
        "import boto3\nimport httpx\n\n"
        'HEADERS = {"Origin": "https://www.acme-orders.com"}\n'
        'TOKEN_URL = "https://login.acme-orders.com/oauth/token"\n\n\n'
        "def test_it(outputs: dict[str, str]) -> None:\n"
        '    boto3.client("sts", endpoint_url="https://sts.eu-central-1.amazonaws.com")\n'
        '    answer = httpx.get(outputs["OwnAddress"], headers=HEADERS)\n'
        '    assert answer.json()["issuer"] != "https://login.acme-orders.com/"\n',
    )


# ── DOC-01: documents ────────────────────────────────────────────────────────


@mutant("DOC-01", "the runbook is deleted, with the links to it")
def _(edit: Edit) -> None:
    edit.delete("docs/operations.md")
    for path in [*edit.glob("**/*.md"), *edit.glob(".github/**/*.md")]:
        text = edit.read(path)
        for link in ("docs/operations.md", "../docs/operations.md", "operations.md"):
            text = text.replace(f"]({link})", "](https://wiki.example.com)")
        edit.write(path, text)


@mutant("DOC-01", "a document is moved, and its links stay")
def _(edit: Edit) -> None:
    edit.move("docs/cicd.md", "docs/pipelines.md")
    edit.replace("docs/README.md", "(cicd.md)", "(pipelines.md)")
    edit.append("docs/architecture.md", "\nSee [CI/CD](cicd.md).\n")


@mutant("DOC-01", "notes lie beside the Makefile")
def _(edit: Edit) -> None:
    edit.write("NOTES.md", "# Notes\n\nRestart the worker when it hangs.\n")


@mutant("DOC-01", "a new document is in no list")
def _(edit: Edit) -> None:
    edit.write("docs/refunds.md", "# Refunds\n\nHow they work.\n")


@mutant("DOC-01", "a document is emptied")
def _(edit: Edit) -> None:
    edit.write("docs/access.md", "# Access\n")


@mutant("DOC-01", "nothing links to a function's README any more")
def _(edit: Edit) -> None:
    name = edit.function().name
    for path in ("README.md", "docs/architecture.md"):
        edit.sub(path, rf"^.*src/{edit.package}/{name}/README\.md.*\n", "")


@innocent("DOC-01", "a document of one's own is listed, and a decision is added")
def _(edit: Edit) -> None:
    edit.write("docs/refunds/README.md", "# Refunds\n\nSee [how](how.md#steps).\n")
    edit.write(
        "docs/refunds/how.md",
        "# How\n\n## Steps\n\nBy hand, as [decided](../decisions/0099-refunds.md).\n",
    )
    edit.write("docs/decisions/0099-refunds.md", "# 99. Refunds by hand\n\nThere are few.\n")
    edit.append("docs/README.md", "\n[Refunds](refunds/) are here.\n")
    edit.write(
        "CONTRIBUTING.md", "# Contributing\n\nAsk in [the chat](https://chat.example.com).\n"
    )
    edit.write("events/README.md", "# Events\n\nExamples for tests.\n")
    edit.write(f"{edit.function().code}/prompts/system.md", "Be [kind](to/people).\n")


@innocent("DOC-01", "a process left a pipe among the documents")
def _(edit: Edit) -> None:
    os.mkfifo(edit.root / "docs/pipe.md")


@innocent("DOC-01", "the runbook becomes a folder")
def _(edit: Edit) -> None:
    edit.write("docs/operations/README.md", "# Operations\n\n[Alarms](alarms.md) and more.\n")
    edit.write("docs/operations/alarms.md", "# Alarms\n\nWhat each of them means.\n")
    edit.delete("docs/operations.md")
    for path in edit.glob("**/*.md"):
        text = re.sub(r"\boperations\.md(?=[)#])", "operations/README.md", edit.read(path))
        edit.write(path, text)


# ── DOC-02: the picture ──────────────────────────────────────────────────────


@mutant("DOC-02", "a function is in the picture no more")
def _(edit: Edit) -> None:
    name = edit.function().name
    edit.sub("README.md", rf"^.*\bfn_{name}\[.*\n", "")
    edit.sub("README.md", rf"^  (.*\b)?fn_{name}\b.*\n", "")
    text = edit.read("README.md").splitlines(keepends=True)
    edit.write("README.md", "".join(line for line in text if f"fn_{name} " not in line))


@mutant("DOC-02", "the picture shows a function that is gone")
def _(edit: Edit) -> None:
    edit.replace(
        "README.md", "flowchart LR\n", 'flowchart LR\n  x --> fn_reports["reports"] --> y\n'
    )


@mutant("DOC-02", "the picture is deleted")
def _(edit: Edit) -> None:
    edit.sub("README.md", r"^```mermaid\n(.*\n)+?```\n", "")


@mutant("DOC-02", "the picture shows a table that was never made")
def _(edit: Edit) -> None:
    if "AWS::DynamoDB::Table" in edit.read("template.yaml"):
        edit.skip()
    node = 'table[("DynamoDB table")]'
    edit.replace("README.md", "flowchart LR\n", f"flowchart LR\n  {node} --> reader\n")


@mutant("DOC-02", "the README is deleted with the links to it, and the picture is gone")
def _(edit: Edit) -> None:
    edit.delete("README.md")
    for path in edit.glob("docs/**/*.md"):
        edit.write(path, re.sub(r"\[([^]]*)\]\(\.\./README\.md[^)]*\)", r"\1", edit.read(path)))


@innocent("DOC-02", "the picture is drawn anew, with others around it")
def _(edit: Edit) -> None:
    nodes = "".join(f'  shop(["the shop"]) --> {f.name}Box["{f.kebab}"]\n' for f in edit.functions)
    edit.sub(
        "README.md", r"^```mermaid\n(.*\n)+?```\n", "The picture is in docs/architecture.md.\n"
    )
    picture = f'```mermaid\n%% reports["gone"]\nflowchart TD\n{nodes}  mail((mail)) --> shop\n  queue_partner[[theirs]] --> shop\n```\n'
    edit.append("docs/architecture.md", f"\n## The picture\n\n{picture}")


# ── DOC-03: the changelog ────────────────────────────────────────────────────

CHANGELOG = "CHANGELOG.md"


@mutant("DOC-03", "the changelog is deleted")
def _(edit: Edit) -> None:
    edit.delete(CHANGELOG)


@mutant("DOC-03", "a version takes the place of Unreleased")
def _(edit: Edit) -> None:
    edit.replace(CHANGELOG, "## Unreleased", "## 1.0.0")


@mutant("DOC-03", "a version is released without a word")
def _(edit: Edit) -> None:
    edit.replace(CHANGELOG, "## Unreleased", "## Unreleased\n\n## 1.1.0 - 2027-01-31\n\n## 1.0.0")


@innocent("DOC-03", "two versions are told, with nothing that comes yet")
def _(edit: Edit) -> None:
    new = "## How to read this\n\nFrom the top.\n\n## [Unreleased]\n\n## [1.1.0] - 2027-01-31\n\n### Added\n\n- Refunds.\n\n"
    edit.replace(
        CHANGELOG, "## Unreleased", f"{new}### Fixed\n\n- Rounding.\n\n## [1.0.0] - 2027-01-01"
    )
