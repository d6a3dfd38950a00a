"""Cases of STR-08."""

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import require_variable
from kit.gate.findings import Finding


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
    require_variable(edit, function, "ITEM_LIMIT")


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


@violation("a paragraph names a variable that nobody passes")
def _(edit: Edit) -> None:
    more = "`REPORTS_BUCKET_NAME` may be left out.\n"
    edit.sub(readme(edit), r"^(## Environment variables\n\n)", rf"\1{more}\n")


@good("the README has examples of what is there, and calls others")
def _(edit: Edit) -> None:
    path = f"/{edit.function('api').kebab}/items"
    call = f"```http\nGET {path}/3f1c?verbose=1 HTTP/1.1\n```\n"
    edit.sub(readme(edit), r"^(## Input and output\n\n)", rf"\1{call}\n")
    edit.sub(readme(edit), r"^(## Dependencies\n\n)", r"\1`GET /v1/rates` of the partner.\n\n")
    more = "A value may be `OFF`; `STAGE` is `dev` or `prod`.\n"
    edit.sub(readme(edit), r"^(## Environment variables\n\n)", rf"\1{more}\n")


@fix("Write the section `## Dependencies`")
def _(edit: Edit, finding: Finding) -> None:
    edit.append(finding.path, "\n## Dependencies\n\nNone but boto3.\n")


@fix("Write it below its title")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", "\n\nWhoever calls it.\n")


@fix("Add `")
def _(edit: Edit, finding: Finding) -> None:
    name = str(finding.fix).split("`")[1]
    edit.sub(
        finding.path, r"^(\| `POWERTOOLS_SERVICE_NAME` .*\n)", rf"\1| `{name}` | said here | x |\n"
    )


@fix("Delete `")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
