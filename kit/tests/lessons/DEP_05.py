"""Cases of DEP-05."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


def python_everywhere(edit: Edit, version: str) -> None:
    """Change the version of Python by hand, in every file that has it."""
    old = edit.answers["python_version"]
    tag, new = (f'"py{number.replace(".", "")}"' for number in (old, version))
    edit.write(".python-version", f"{version}\n")
    edit.replace("template.yaml", f"python{old}", f"python{version}")
    edit.replace_all("pyproject.toml", f'"{old}"', f'"{version}"')
    edit.replace("pyproject.toml", f'"=={old}.*"', f'"=={version}.*"')
    edit.replace("pyproject.toml", tag, new)
    edit.replace(".copier-answers.yml", f"'{old}'", f"'{version}'")


@violation("the service stays on a Python that AWS no longer supports")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.9")


@violation("the service takes a Python that AWS does not have yet")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.15")


@fix("Choose one that AWS supports")
def _(edit: Edit, finding: Finding) -> None:
    python_everywhere(Edit(edit.root, edit.sample), "3.13")


@good("the service takes another Python that AWS supports")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.12" if edit.answers["python_version"] != "3.12" else "3.13")
