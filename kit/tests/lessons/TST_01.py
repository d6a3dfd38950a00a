"""Cases of TST-01."""

from cases import good, violation
from edits import Edit
from edits.documents import new_test, tests


@violation("the network is opened for all tests")
def _(edit: Edit) -> None:
    edit.sub("pyproject.toml", r"^    \"--disable-socket\",\n", "")


@violation("a test opens the network by a mark")
def _(edit: Edit) -> None:
    body = 'assert boto3.client("sts").get_caller_identity()'
    mark = "@pytest.mark.enable_socket\ndef test_it_is_there() -> None:"
    new_test(edit, f"import boto3\nimport pytest\n\n\n{mark}\n    {body}\n")


@violation("a fixture opens the network")
def _(edit: Edit) -> None:
    fixture = "\n\n@pytest.fixture\ndef live(socket_enabled: None) -> None: ...\n"
    edit.append(f"{tests(edit.function())}/conftest.py", f"\n\nimport pytest\n{fixture}")


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


@good("a test may connect to a stub on this machine")
def _(edit: Edit) -> None:
    mark = '@pytest.mark.allow_hosts(["127.0.0.1", "localhost"])'
    body = "def test_the_stub_answers() -> None:\n    assert True\n"
    new_test(edit, f"import pytest\n\n\n{mark}\n{body}")


@good("a fixture of all tests closes the network, and an argument sets the floor")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", '"--disable-socket"', '"--cov-fail-under=90"')
    edit.replace("pyproject.toml", "fail_under = 90\n", "")
    fixture = "@pytest.fixture(autouse=True)\ndef closed(socket_disabled: None) -> None: ...\n"
    edit.append("tests/unit/conftest.py", f"\n\n{fixture}")


@good("arguments are one text, the floor is lower, and tests have another folder")
def _(edit: Edit) -> None:
    arguments = "--import-mode=importlib --disable-socket --allow-unix-socket --strict-markers"
    edit.sub("pyproject.toml", r"^addopts = \[\n(.*\n)+?\]", f'addopts = "{arguments}"')
    edit.replace("pyproject.toml", "fail_under = 90", "fail_under = 85")
    edit.move(tests(edit.function()), f"{tests(edit.function())}_tests")
