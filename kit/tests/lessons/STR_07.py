"""Cases of STR-07."""

from __future__ import annotations

from cases import good, violation
from edits import Edit, NotHereError


def second(edit: Edit) -> str:
    """The folder of another function than the first; a sample without one gets one, by hand."""
    try:
        return edit.two()[1].name
    except NotHereError:
        return "traffic_check"


@violation("a function imports a helper of another by the path that tests use")
def _(edit: Edit) -> None:
    path = f"{edit.package}.{second(edit)}.lambda_pkg.settings"
    edit.write(f"{edit.function().code}/services/fresh.py", f"from {path} import Settings\n")


@violation("a function imports the code of another relatively")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f"from ....{second(edit)}.lambda_pkg import settings\n",
    )


@violation("a function imports another one as a package of the service")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f"from {edit.package} import {second(edit)}\n\nOTHER = {second(edit)}\n",
    )


@good("two functions have a helper of the same name, each its own")
def _(edit: Edit) -> None:
    for name in (edit.function().name, second(edit)):
        code = f"src/{edit.package}/{name}/lambda_pkg"
        edit.write(f"{code}/utils/money.py", "CENT = 0.01\n")
        edit.write(f"{code}/services/prices.py", "from ..utils.money import CENT\n\nEURO = CENT\n")
