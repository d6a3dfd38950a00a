"""Cases of STR-03."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import AGE, in_code, layer
from kit.gate.findings import Finding
from kit.gate.service import Service


@violation("a helper is put beside lambda_pkg")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/helpers.py", AGE)


@violation("shared code of functions is in a folder of its own")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/shared/__init__.py", "")
    edit.write(f"src/{edit.package}/shared/money.py", AGE)


@violation("the README is deleted")
def _(edit: Edit) -> None:
    edit.delete(f"{edit.function().folder}/README.md")


@good("more documents and data lie in the function's folder")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/CHANGELOG.md", "# Changes\n\nNone.\n")
    in_code(edit, "schemas/item.json", "{}\n")


@good("a layer below src has the form of a layer")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/fonts/python/fonts/__init__.py", AGE)
    layer(edit, "fonts", f"src/{edit.package}/fonts")


@fix("Write it: `make lock` makes a `requirements.txt`")
def _(edit: Edit, finding: Finding) -> None:
    functions = {f"{f.folder}/README.md": f for f in Service(edit.root).functions}
    sections = ["Trigger", "Input and output", "Environment variables", "Dependencies", "Locally"]
    text = "".join(f"## {title}\n\nAs in `index.py`.\n\n" for title in sections)
    rows = "".join(f"| `{name}` | what it says |\n" for name in functions[finding.path].variables)
    table = f"Variables\n\n| variable | meaning |\n| --- | --- |\n{rows}\nAll are required"
    before, _, after = text.partition("variables\n\nAs in `index.py`")
    edit.write(finding.path, f"# App\n\nAnswers.\n\n{before}{table}{after}")


@fix("Move it into the `lambda_pkg/` of the function that uses it")
def _(edit: Edit, finding: Finding) -> None:
    edit.move(finding.path, f"{edit.function().code}/utils/{finding.path.rpartition('/')[2]}")


@fix("Move the Python of a function into its `lambda_pkg/`")
def _(edit: Edit, finding: Finding) -> None:
    edit.move(f"{finding.path}/money.py", f"{edit.function().code}/utils/money.py")
    edit.delete(finding.path)
