"""Cases of STR-06."""

from __future__ import annotations

import os

from cases import good, violation
from edits import Edit


@violation("the handler is a module in the folder itself")
def _(edit: Edit) -> None:
    edit.in_resource(
        edit.function().logical_id,
        "Handler: lambda_pkg.index.lambda_handler",
        "Handler: index.lambda_handler",
    )


@violation("the code is what is in lambda_pkg")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id, f"CodeUri: {function.folder}/", f"CodeUri: {function.code}/"
    )


@violation("the handler's function is renamed in the code alone")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "def lambda_handler(", "def handle_event(")


@violation("the name of the folder is misspelt")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id, f"CodeUri: {function.folder}/", f"CodeUri: {function.folder}s/"
    )


@violation("the build leaves the package out")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    edit.write(f".aws-sam/build/{name}/index.py", "def lambda_handler() -> None: ...\n")
    edit.write(
        ".aws-sam/build/template.yaml",
        edit.read("template.yaml").replace(edit.function().folder + "/", name),
    )


@good("the handler is an object that another module made")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.move(f"{code}/index.py", f"{code}/entry.py")
    edit.write(f"{code}/index.py", "from .entry import lambda_handler as lambda_handler\n")


@good("what was built is older than the sources")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    edit.write(f".aws-sam/build/{name}/index.py", "def lambda_handler() -> None: ...\n")
    template = edit.read("template.yaml").replace(edit.function().folder + "/", name)
    edit.write(".aws-sam/build/template.yaml", template)
    os.utime(edit.root / ".aws-sam/build/template.yaml", (0, 0))
