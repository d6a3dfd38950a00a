"""Cases of IAC-08."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a function is told its environment twice")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "DEPLOYED_TO", "!Ref EnvironmentName")
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nDEPLOYED_TO = os.environ["DEPLOYED_TO"]\n',
    )


@violation("code asks for ENV, as other services do")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nIS_PROD = os.getenv("ENV", "dev") == "prod"\n',
    )


@violation("STAGE is prod everywhere")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "STAGE: !Ref EnvironmentName", "STAGE: prod")


@violation("a function is told its environment by a variable of its service")
def _(edit: Edit) -> None:
    name = f"{edit.package.upper()}_ENV"
    edit.pass_variable(edit.function(), name, "!If [HasBudget, production, production]")
    edit.write(
        f"{edit.function().code}/services/where.py",
        f'import os\n\nIS_PROD = os.environ["{name}"] == "production"\n',
    )


@good("a function is told which environment of AppConfig it reads")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "APPCONFIG_ENVIRONMENT", "!Ref EnvironmentName")
    edit.write(
        f"{edit.function().code}/services/flags.py",
        'import os\n\nENVIRONMENT_OF_FLAGS = os.environ["APPCONFIG_ENVIRONMENT"]\n',
    )


@good("a library is told the environment under the name that it knows")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "DD_ENV", "!Ref EnvironmentName")
    edit.pass_variable(edit.function(), "POWERTOOLS_METRICS_NAMESPACE", edit.service)
