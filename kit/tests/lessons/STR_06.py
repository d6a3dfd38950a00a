"""Cases of STR-06."""

import os

from cases import fix, good, violation
from edits import Edit
from edits.structure import built, code_uri
from kit.gate.findings import Finding


@violation("the handler is a module in the folder itself")
def _(edit: Edit) -> None:
    edit.in_resource(edit.function().logical_id, "Handler: lambda_pkg.index", "Handler: index")


@violation("the code is what is in lambda_pkg")
def _(edit: Edit) -> None:
    code_uri(edit, f"CodeUri: {edit.function().code}/")


@violation("the handler's function is renamed in the code alone")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "def lambda_handler(", "def handle_event(")


@violation("the name of the folder is misspelt")
def _(edit: Edit) -> None:
    code_uri(edit, f"CodeUri: {edit.function().folder}s/")


@violation("the build leaves the package out")
def _(edit: Edit) -> None:
    built(edit, "index.py")


@good("the handler is an object of another module")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.move(f"{code}/index.py", f"{code}/entry.py")
    edit.write(f"{code}/index.py", "from .entry import lambda_handler as lambda_handler\n")


@good("the build is older than the sources")
def _(edit: Edit) -> None:
    built(edit, "index.py")
    os.utime(edit.root / ".aws-sam/build/template.yaml", (0, 0))


@fix("Set `Handler: lambda_pkg.index.lambda_handler`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r": .*", ": lambda_pkg.index.lambda_handler")


@fix("Set `CodeUri: ")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r": .*", f": {edit.function().folder}/")


@fix("Define `lambda_handler(event, context)`")
def _(edit: Edit, finding: Finding) -> None:
    edit.append(f"{edit.function().code}/index.py", "\n\nlambda_handler = handle_event\n")


@fix("Run `make build`")
def _(edit: Edit, finding: Finding) -> None:
    built(edit, "lambda_pkg/index.py")
