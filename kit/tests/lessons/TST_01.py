"""Cases of TST-01."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.documents import tests


@violation("the network is opened for all tests")
def _(edit: Edit) -> None:
    edit.sub("pyproject.toml", r"^    \"--disable-socket\",\n", "")


@violation("one test is let out into the network")
def _(edit: Edit) -> None:
    text = "import boto3\nimport pytest\n\n\n@pytest.mark.enable_socket\n"
    text += (
        'def test_it_is_there() -> None:\n    assert boto3.client("sts").get_caller_identity()\n'
    )
    edit.write(f"{tests(edit.function())}/test_real.py", text)


@violation("a fixture is let out into the network")
def _(edit: Edit) -> None:
    text = "import pytest\n\n\n@pytest.fixture\ndef live(socket_enabled: None) -> None:\n"
    edit.append(f"{tests(edit.function())}/conftest.py", f'\n\n{text}    """The real thing."""\n')


@violation("a file of settings takes the place of pyproject.toml")
def _(edit: Edit) -> None:
    edit.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\npythonpath = src\n")


@violation("a function's tests are deleted")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{tests(edit.function())}/*.py"):
        edit.delete(path)


@violation("the floor of the coverage sinks with it")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 40")


@good("a stub on this machine is let in")
def _(edit: Edit) -> None:
    text = 'import pytest\n\n\n@pytest.mark.allow_hosts(["127.0.0.1", "localhost"])\n'
    text += "def test_the_stub_answers() -> None:\n    assert True\n"
    edit.write(f"{tests(edit.function())}/test_stub.py", text)


@good("a fixture of all tests closes the network, and an argument sets the floor")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", '"--disable-socket"', '"--cov-fail-under=90"')
    edit.replace("pyproject.toml", "fail_under = 90\n", "")
    text = "\n\n@pytest.fixture(autouse=True)\ndef closed(socket_disabled: None) -> None:\n"
    edit.append("tests/unit/conftest.py", f'{text}    """No test reaches the network."""\n')


@good("arguments are one text, the floor is lower, and tests have another folder")
def _(edit: Edit) -> None:
    edit.sub(
        "pyproject.toml",
        r"^addopts = \[\n(.*\n)+?\]",
        'addopts = "--import-mode=importlib --disable-socket --allow-unix-socket --strict-markers"',
    )
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 85")
    edit.move(tests(edit.function()), f"{tests(edit.function())}_tests")
