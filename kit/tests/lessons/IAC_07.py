"""Cases of IAC-07."""

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import require_variable, unlist_variable, without_sam
from kit.gate.findings import Finding

READS = 'import os\n\nLIMIT = int(os.environ.get("ITEM_LIMIT", "5"))\n'


@violation("a new module reads a variable that nobody passes")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/services/limits.py", READS)


@violation("the settings require a variable that nobody passes")
def _(edit: Edit) -> None:
    require_variable(edit, edit.function(), "ITEM_LIMIT")


@violation("a variable is passed that no code reads")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')


@violation("all functions get a variable that no code reads")
def _(edit: Edit) -> None:
    stage = "        STAGE: !Ref EnvironmentName\n"
    edit.replace("template.yaml", stage, f'{stage}        ITEM_LIMIT: "5"\n')
    for path in edit.glob(f"src/{edit.package}/*/README.md"):
        edit.sub(path, r"^(\| `STAGE` .*\n)", r"\1| `ITEM_LIMIT` | the most items | `5` |\n")


@good("a variable is passed and read; others are Lambda's and Powertools'")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')
    edit.pass_variable(edit.function(), "POWERTOOLS_LOGGER_SAMPLE_RATE", '"0.1"')
    more = 'REGION = os.environ["AWS_REGION"]\n'
    edit.write(f"{edit.function().code}/services/limits.py", READS + more)


@good("variables are read in a loop over their names")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')
    edit.write(
        f"{edit.function().code}/services/limits.py",
        'from os import environ\n\nNAMES = ("STAGE", "ITEM_LIMIT")\n'
        "VALUES = {name: environ[name] for name in NAMES}\n",
    )


LIMITS = """import os


def required(name: str) -> str:
    return os.environ[name]


VALUES = {side: int(required(f"LIMIT_{side}") or 0) for side in ("MIN", "MAX")}
OF_ITEMS = [int(os.environ["ITEM_" + size.upper()]) for size in ("small", "large")]
"""


@good("names of variables are computed")
def _(edit: Edit) -> None:
    for name in ("LIMIT_MIN", "LIMIT_MAX", "ITEM_SMALL", "ITEM_LARGE"):
        edit.pass_variable(edit.function(), name, '"5"')
    edit.write(f"{edit.function().code}/services/limits.py", LIMITS)


@violation("a variable is passed that matches no computed name")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "MAX_LIMIT", '"5"')
    edit.write(f"{edit.function().code}/services/limits.py", LIMITS)


@violation("a function that is declared without SAM gets a variable that no code reads")
def _(edit: Edit) -> None:
    without_sam(edit)
    edit.pass_variable(edit.function("api"), "MAX_LIMIT", '"5"')


@good("a function is declared without SAM")
def _(edit: Edit) -> None:
    without_sam(edit)


@fix("Pass `ITEM_LIMIT` under `Environment`")
def _(edit: Edit, finding: Finding) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')


@fix("Read `ITEM_LIMIT` in")
def _(edit: Edit, finding: Finding) -> None:
    require_variable(edit, edit.function(), "ITEM_LIMIT")


@fix("Read `MAX_LIMIT` in")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
    unlist_variable(edit, "MAX_LIMIT")


@fix("Delete `ITEM_LIMIT` here and in the functions' READMEs")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
    unlist_variable(edit, "ITEM_LIMIT")
