"""Cases of STR-05."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a new module imports a neighbour by the path that tests use")
def _(edit: Edit) -> None:
    code = edit.function().code
    path = f"{edit.package}.{edit.function().name}.lambda_pkg.settings"
    edit.write(f"{code}/services/fresh.py", f"from {path} import Settings\n\nNAME = Settings\n")


@violation("the entry point imports its settings as Lambda would find them")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "from .settings", "from lambda_pkg.settings")


@violation("a module imports the folder services as if it were on the path")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/fresh.py", "AGE = 3\n")
    edit.write(f"{code}/utils/more.py", "import services.fresh as fresh\n\nAGE = fresh.AGE\n")


@violation("a module imports the one beside it as if it were run alone")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/fresh_prices.py", "AGE = 3\n")
    edit.write(f"{code}/services/more.py", "from fresh_prices import AGE\n\nOLD = AGE\n")


@violation("a module is imported by its name at run time")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        "import importlib\n\nSETTINGS = importlib.import_module('lambda_pkg.settings')\n",
    )


@violation("a relative import goes one folder too far")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/services/fresh.py", "from ...settings import Settings\n")


@good("a new module imports a neighbour relatively, and libraries by their names")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/fresh.py",
        "import importlib\nimport json\n\nimport boto3\n\nfrom ..settings import Settings\n\n"
        "NAMES = (json, boto3, Settings, importlib.import_module('.items', __package__))\n",
    )


@good("a library is called like a module of one's own")
def _(edit: Edit) -> None:
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", "stripe\n")
    edit.pin(f"{folder}/requirements.txt", "stripe", "14.0.1")
    edit.write(
        f"{folder}/lambda_pkg/services/stripe.py", "import stripe\n\nCHARGE = stripe.Charge\n"
    )
