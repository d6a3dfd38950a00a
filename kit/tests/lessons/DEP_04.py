"""Cases of DEP-04."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.dependencies import CHECKS, SETUP_PYTHON, own_workflow, run_step


@violation("one function has another runtime")
def _(edit: Edit) -> None:
    other = "3.12" if edit.answers["python_version"] != "3.12" else "3.13"
    edit.in_resource(
        edit.function().logical_id,
        "    Properties:\n",
        f"    Properties:\n      Runtime: python{other}\n",
    )


@violation("all functions have another runtime")
def _(edit: Edit) -> None:
    old = edit.answers["python_version"]
    other = "3.12" if old != "3.12" else "3.13"
    edit.replace("template.yaml", f"Runtime: python{old}", f"Runtime: python{other}")


@violation("a workflow installs another Python")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "python-version-file: .python-version", 'python-version: "3.10"')


@violation("a new workflow tests on several")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    own_workflow(
        edit,
        f"      - uses: {SETUP_PYTHON}\n        with:\n          python-version: ${{{{ matrix.python }}}}\n",
        run_step("make setup check"),
        more=f'    strategy:\n      matrix:\n        python: ["{version}", "3.9"]\n',
    )


@violation("mypy checks for another Python")
def _(edit: Edit) -> None:
    old = edit.answers["python_version"]
    edit.replace("pyproject.toml", f'python_version = "{old}"', 'python_version = "3.10"')


@violation(".python-version follows the laptop")
def _(edit: Edit) -> None:
    edit.write(".python-version", "3.15\n")


@good("the same version, said in other ways")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.write(".python-version", f"{version}.2\n")
    edit.replace("pyproject.toml", f'"=={version}.*"', f'">={version}.1"')
    edit.replace("template.yaml", f"Runtime: python{version}", f"Runtime: !Sub python{version}")
    own_workflow(
        edit,
        f'      - uses: {SETUP_PYTHON}\n        with:\n          python-version: "{version}"\n',
        run_step("make setup check"),
    )


@good("a tool works for all versions from this one on")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.replace("pyproject.toml", f'"=={version}.*"', f'">={version}"')
    edit.sub("pyproject.toml", r"^target-version = .*\n", "")
    own_workflow(edit, f"      - uses: {SETUP_PYTHON}\n", run_step("make setup check"))
