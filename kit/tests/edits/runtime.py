"""What the cases of several lessons share: runtime."""

from edits import Edit, Function


def index(function: Function) -> str:
    return f"{function.code}/index.py"


def api(edit: Edit, framework: str = "") -> Function:
    """An api function, of that framework if one is given."""
    found = edit.function("api")
    if framework and framework not in edit.read(index(found)).lower():
        edit.skip()
    return found


def used(edit: Edit, function: Function, text: str, name: str = "fresh") -> None:
    """A module in services/, which the entry point imports."""
    edit.write(f"{function.code}/services/{name}.py", text)
    old = "from .settings import load_settings\n"
    edit.replace(index(function), old, f"from .services import {name}\n{old}")


def in_handler(edit: Edit, function: Function, line: str) -> None:
    """A line at the beginning of the handler."""
    edit.sub(index(function), r"^(def lambda_handler\(.*\n)", rf"\1    {line}\n")
