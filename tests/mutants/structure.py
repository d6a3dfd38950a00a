"""Edits that break STR lessons, and innocent ones."""

from __future__ import annotations

from .edits import Edit, innocent, mutant

# ── STR-05: relative imports ─────────────────────────────────────────────────


@mutant("STR-05", "a new module imports a neighbour by the path that tests use")
def _(edit: Edit) -> None:
    code = edit.function().code
    path = f"{edit.package}.{edit.function().name}.lambda_pkg.settings"
    edit.write(f"{code}/services/fresh.py", f"from {path} import Settings\n\nNAME = Settings\n")


@mutant("STR-05", "the entry point imports its settings as Lambda would find them")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "from .settings", "from lambda_pkg.settings")


@mutant("STR-05", "a module imports the folder services as if it were on the path")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/fresh.py", "AGE = 3\n")
    edit.write(f"{code}/utils/more.py", "import services.fresh as fresh\n\nAGE = fresh.AGE\n")


@innocent("STR-05", "a new module imports a neighbour relatively, and libraries by their names")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/fresh.py",
        "import json\n\nimport boto3\n\nfrom ..settings import Settings\n\n"
        "NAMES = (json, boto3, Settings)\n",
    )
