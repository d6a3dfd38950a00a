"""Cases of STR-03."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a helper is put beside lambda_pkg")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/helpers.py", "AGE = 3\n")


@violation("what functions share is in a folder of its own")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/shared/__init__.py", "")
    edit.write(f"src/{edit.package}/shared/money.py", "CENT = 0.01\n")


@violation("the README is deleted")
def _(edit: Edit) -> None:
    edit.delete(f"{edit.function().folder}/README.md")


@good("more documents and data lie in the function's folder")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/CHANGELOG.md", "# Changes\n\nNone.\n")
    edit.write(f"{edit.function().code}/schemas/item.json", "{}\n")


@good("a layer below src has the form of a layer")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/fonts/python/fonts/__init__.py", "SIZE = 3\n")
    edit.declare(
        "FontsLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    ContentUri: src/{edit.package}/fonts/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-fonts-${{EnvironmentName}}\n"
    )
