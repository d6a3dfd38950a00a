"""Cases of DEP-05."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


def python_everywhere(edit: Edit, version: str) -> None:
    """Change the version of Python by hand, wherever it is said."""
    old = edit.answers["python_version"]
    edit.write(".python-version", f"{version}\n")
    edit.replace("template.yaml", f"Runtime: python{old}", f"Runtime: python{version}")
    edit.replace("pyproject.toml", f'"=={old}.*"', f'"=={version}.*"')
    edit.replace("pyproject.toml", f'python_version = "{old}"', f'python_version = "{version}"')
    tag, new = (f"py{each.replace('.', '')}" for each in (old, version))
    edit.replace("pyproject.toml", f'target-version = "{tag}"', f'target-version = "{new}"')
    edit.replace(".copier-answers.yml", f"python_version: '{old}'", f"python_version: '{version}'")


@violation("the service stays on a Python that AWS has given up")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.9")


@violation("the service takes a Python that AWS does not have yet")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.15")


@good("the service takes another Python that AWS supports")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.12" if edit.answers["python_version"] != "3.12" else "3.13")
