"""Cases of IAC-08."""

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import unlist_variable
from kit.gate.findings import Finding


@violation("a second variable has the name of the environment")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "DEPLOYED_TO", "!Ref EnvironmentName")
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nDEPLOYED_TO = os.environ["DEPLOYED_TO"]\n',
    )


@violation("code reads ENV, as in other services")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nIS_PROD = os.getenv("ENV", "dev") == "prod"\n',
    )


@violation("STAGE is prod everywhere")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "STAGE: !Ref EnvironmentName", "STAGE: prod")


@violation("a variable called after the service says which environment it is")
def _(edit: Edit) -> None:
    name = f"{edit.package.upper()}_ENV"
    edit.pass_variable(edit.function(), name, "!If [HasBudget, production, production]")
    edit.write(
        f"{edit.function().code}/services/where.py",
        f'import os\n\nIS_PROD = os.environ["{name}"] == "production"\n',
    )


@violation("a variable says whether it is prod")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "IS_PROD", '!If [IsProd, "true", "false"]')
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nIS_PROD = os.environ["IS_PROD"] == "true"\n',
    )


@good("a variable says which environment of AppConfig to read")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "APPCONFIG_ENVIRONMENT", "!Ref EnvironmentName")
    edit.write(
        f"{edit.function().code}/services/flags.py",
        'import os\n\nENVIRONMENT_OF_FLAGS = os.environ["APPCONFIG_ENVIRONMENT"]\n',
    )


@good("a library gets the environment under the name that it knows")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "DD_ENV", "!Ref EnvironmentName")
    edit.pass_variable(edit.function(), "POWERTOOLS_METRICS_NAMESPACE", edit.service)


@fix("Read `STAGE`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"os\.(getenv|environ).*[)\]]", "load_settings().stage")
    edit.in_line(finding, "production", "prod") if "production" in edit.line(finding) else None
    edit.sub(finding.path, r"^import os", "from ..settings import load_settings")


@fix("Delete `")
def _(edit: Edit, finding: Finding) -> None:
    name = str(finding.fix).split("`")[1]
    edit.delete_line(finding)
    unlist_variable(edit, name)
    code = f"{edit.function().code}/services/where.py"
    edit.write(code, edit.read(code).replace(f'"{name}"', '"STAGE"'))


@fix("Pass `STAGE: !Ref EnvironmentName`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"STAGE: .*", "STAGE: !Ref EnvironmentName")
