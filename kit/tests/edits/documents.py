"""What the cases of several lessons share: documents and tests."""

from edits import Edit, Function


def tests(function: Function) -> str:
    """The folder of a function's unit tests."""
    return f"tests/unit/{function.name}"


def module(function: Function) -> str:
    """What tests call the function's package."""
    return f"{function.package}.{function.name}.lambda_pkg"


def new_test(edit: Edit, text: str) -> None:
    """Write a module of unit tests for the first function."""
    edit.write(f"{tests(edit.function())}/test_more.py", text)
