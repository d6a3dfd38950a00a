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


def marked(edit: Edit, mark: str) -> None:
    """Put that line above the tests of every module of the first function."""
    for path in edit.glob(f"{tests(edit.function())}/test_*.py"):
        edit.sub(path, r"^(?=(@pytest\S*|(async )?def |class ))", f"{mark}\n\n\n")


def addopts(edit: Edit, *options: str) -> None:
    """Add options to those that pytest always gets."""
    lines = "".join(f'    "{option}",\n' for option in options)
    edit.replace("pyproject.toml", "addopts = [\n", f"addopts = [\n{lines}")
