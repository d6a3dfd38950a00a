"""Cases of STR-07."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import fresh
from kit.gate.findings import Finding


def second(edit: Edit) -> str:
    """The name of another function than the first: every sample with one has traffic_check."""
    return edit.functions[1].name if len(edit.functions) > 1 else "traffic_check"


@violation("a function imports a helper of another by the path that tests use")
def _(edit: Edit) -> None:
    package = f"{edit.package}.{second(edit)}.lambda_pkg"
    fresh(edit, f"from {package}.settings import Settings\n")


@violation("a function imports the code of another relatively")
def _(edit: Edit) -> None:
    fresh(edit, f"from ....{second(edit)}.lambda_pkg import settings\n")


@violation("a function imports another one as a package of the service")
def _(edit: Edit) -> None:
    fresh(edit, f"from {edit.package} import {second(edit)}\n\nOTHER = {second(edit)}\n")


@good("two functions have a helper of the same name, each its own")
def _(edit: Edit) -> None:
    for name in (edit.function().name, second(edit)):
        code = f"src/{edit.package}/{name}/lambda_pkg"
        edit.write(f"{code}/utils/money.py", "CENT = 0.01\n")
        edit.write(f"{code}/services/prices.py", "from ..utils.money import CENT\n\nEURO = CENT\n")


@violation("a folder of another function is linked")
def _(edit: Edit) -> None:
    utils = f"{edit.function().code}/utils_of_others"
    edit.link(utils, f"../../{second(edit)}/lambda_pkg/utils")


@violation("a module of another service is linked")
def _(edit: Edit) -> None:
    edit.link(f"{edit.function().code}/utils/prices.py", "../../../../../../billing/prices.py")


@violation("a function is a link to another one")
def _(edit: Edit) -> None:
    edit.link(f"src/{edit.package}/copy", edit.function().name)


@good("a link stays in the function's folder")
def _(edit: Edit) -> None:
    edit.link(f"{edit.function().code}/utils/mistakes.py", "errors.py")


@fix("Copy the few lines that are needed")
def _(edit: Edit, finding: Finding) -> None:
    name = edit.line(finding).split()[-1]
    edit.in_line(finding, r"^.*\n", f"{name} = 3\n")


@fix("Replace the link by a copy of what is needed")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)
