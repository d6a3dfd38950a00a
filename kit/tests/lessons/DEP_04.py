"""Cases of DEP-04."""

from cases import fix, good, violation
from edits import Edit
from edits.dependencies import CHECKS, own_workflow, run_step, setup_python
from kit.gate.findings import Finding


def other(edit: Edit) -> str:
    """A version of Python that the service does not have."""
    return "3.12" if edit.answers["python_version"] != "3.12" else "3.13"


@violation("one function has another runtime")
def _(edit: Edit) -> None:
    head = "    Properties:\n"
    runtime = f"{head}      Runtime: python{other(edit)}\n"
    edit.in_resource(edit.function().logical_id, head, runtime)


@violation("all functions have another runtime")
def _(edit: Edit) -> None:
    edit.sub("template.yaml", r"Runtime: python3\.\d+", f"Runtime: python{other(edit)}")


@violation("a workflow installs another Python")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "python-version-file: .python-version", 'python-version: "3.10"')


@violation("a new workflow tests on several")
def _(edit: Edit) -> None:
    versions = f'["{edit.answers["python_version"]}", "3.9"]'
    matrix = f"    strategy:\n      matrix:\n        python: {versions}\n"
    python = setup_python("${{ matrix.python }}")
    own_workflow(edit, python, run_step("make setup check"), more=matrix)


@violation("mypy checks for another Python")
def _(edit: Edit) -> None:
    edit.sub("pyproject.toml", r'^python_version = "3\.\d+"', 'python_version = "3.10"')


@violation(".python-version follows the laptop")
def _(edit: Edit) -> None:
    edit.write(".python-version", "3.15\n")


@violation("asdf has another Python")
def _(edit: Edit) -> None:
    edit.write(".tool-versions", f"nodejs 22.1.0\npython {other(edit)}.4\n")


@violation("mise has another Python")
def _(edit: Edit) -> None:
    edit.write("mise.toml", f'[tools]\npython = "{other(edit)}"\nuv = "0.9"\n')


@violation("runtime.txt has another Python")
def _(edit: Edit) -> None:
    edit.write("runtime.txt", f"python-{other(edit)}.1\n")


@violation("an image has another Python")
def _(edit: Edit) -> None:
    image = f"FROM public.ecr.aws/lambda/python:{other(edit)}\n"
    edit.write(".devcontainer/Dockerfile", image)


@fix("Write 3.")
def _(edit: Edit, finding: Finding) -> None:
    version = edit.answers["python_version"]
    edit.in_line(finding, r"(?<!\d)3\.\d+", version)


@fix("Write the version of the functions into `.python-version`")
def _(edit: Edit, finding: Finding) -> None:
    edit.write(".python-version", f"{edit.answers['python_version']}\n")


@good("the same version is written in other ways")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.write(".python-version", f"{version}.2\n")
    edit.replace("pyproject.toml", f'"=={version}.*"', f'">={version}.1"')
    edit.replace("template.yaml", f"Runtime: python{version}", f"Runtime: !Sub python{version}")
    own_workflow(edit, setup_python(f'"{version}"'), run_step("make setup check"))


@good("a tool works for all versions from this one on")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.replace("pyproject.toml", f'"=={version}.*"', f'">={version}"')
    edit.sub("pyproject.toml", r"^target-version = .*\n", "")
    own_workflow(edit, setup_python(), run_step("make setup check"))


@good("other tools name the same Python")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.write(".tool-versions", f"terraform 1.3.12\npython {version}.2 # as Lambda\n")
    edit.write(".mise.toml", f'[tools]\nnode = "22"\npython = ["{version}"]\n')
    edit.write("runtime.txt", f"python-{version}.2\n")
    edit.write("Dockerfile", f"FROM alpine:3.20\nFROM python:{version}-slim-bookworm\n")
