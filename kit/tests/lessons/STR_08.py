"""Cases of STR-08."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a section of the README is deleted")
def _(edit: Edit) -> None:
    path = f"{edit.function().folder}/README.md"
    text = edit.read(path)
    start = text.index("## Dependencies")
    end = text.find("\n## ", start)
    edit.write(path, text[:start] + text[end + 1 :])


@violation("a variable is missing in the table")
def _(edit: Edit) -> None:
    edit.sub(f"{edit.function().folder}/README.md", r"^\| `STAGE` .*\n", "")


@violation("the table still has a variable that nobody passes any more")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().folder}/README.md",
        r"^(\| `STAGE` .*\n)",
        r"\1| `API_KEY_NAME` | the key | `x` |\n",
    )


@violation("a new variable is passed and read, and not told")
def _(edit: Edit) -> None:
    function = edit.function()
    readme = edit.read(f"{function.folder}/README.md")
    edit.pass_variable(function, "ITEM_LIMIT", '"20"')
    edit.write(f"{function.folder}/README.md", readme)
    settings = f"{function.code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    item_limit: str\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        item_limit=required("ITEM_LIMIT"),\n')


@violation("the README is begun and never finished")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().folder}/README.md",
        r"^## Trigger\n(?:.*\n)*?(?=## )",
        "## Trigger\n\n",
    )


@good("the README says the same in other words and another order")
def _(edit: Edit) -> None:
    path = f"{edit.function().folder}/README.md"
    text = edit.read(path)
    start = text.index("## Environment variables")
    end = text.index("\n## ", start) + 1
    section = text[start:end].replace("Environment variables", "Configuration")
    text = text[:start] + text[end:] + "\n" + section
    text = text.replace("## Locally", "## How to run it on a laptop: locally")
    edit.write(path, text.replace("## Dependencies", "## What it needs"))


@good("the README explains a variable that Lambda itself sets")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().folder}/README.md",
        r"^(\| `STAGE` .*\n)",
        r"\1| `AWS_REGION` | set by Lambda | `eu-west-1` |\n",
    )
