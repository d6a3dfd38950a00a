"""Cases of STR-08."""

from cases import good, violation
from edits import Edit


def readme(edit: Edit) -> str:
    return f"{edit.function().folder}/README.md"


@violation("a section of the README is deleted")
def _(edit: Edit) -> None:
    edit.sub(readme(edit), r"^## Dependencies\n(?:.*\n)*?(?=## )", "")


@violation("a variable is missing in the table")
def _(edit: Edit) -> None:
    edit.sub(readme(edit), r"^\| `STAGE` .*\n", "")


@violation("the table still has a variable that nobody passes any more")
def _(edit: Edit) -> None:
    edit.sub(readme(edit), r"^(\| `STAGE` .*\n)", r"\1| `API_KEY_NAME` | the key | `x` |\n")


@violation("a new variable is passed and read, and not documented")
def _(edit: Edit) -> None:
    function, text = edit.function(), edit.read(readme(edit))
    edit.pass_variable(function, "ITEM_LIMIT", '"20"')
    edit.write(readme(edit), text)
    settings = f"{function.code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    item_limit: str\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        item_limit=required("ITEM_LIMIT"),\n')


@violation("the README is begun and never finished")
def _(edit: Edit) -> None:
    edit.sub(readme(edit), r"^## Trigger\n(?:.*\n)*?(?=## )", "## Trigger\n\n")


@good("the README has the same in other words and another order")
def _(edit: Edit) -> None:
    edit.replace(readme(edit), "## Environment variables", "## Configuration")
    edit.replace(readme(edit), "## Locally", "## How to run it on a laptop: locally")
    edit.replace(readme(edit), "## Dependencies", "## What it needs")
    text = edit.read(readme(edit))
    start = text.index("## Configuration")
    end = text.index("\n## ", start) + 1
    edit.write(readme(edit), f"{text[:start]}{text[end:]}\n{text[start:end]}")


@good("the README explains a variable that Lambda itself sets")
def _(edit: Edit) -> None:
    row = "| `AWS_REGION` | set by Lambda | `eu-west-1` |"
    edit.sub(readme(edit), r"^(\| `STAGE` .*\n)", rf"\1{row}\n")
