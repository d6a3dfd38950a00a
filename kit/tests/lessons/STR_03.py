"""Cases of STR-03."""

from cases import good, violation
from edits import Edit
from edits.structure import AGE, in_code, layer


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
