"""Cases of STR-09."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import AGE, built, in_code, require
from kit.gate.findings import Finding


@violation("boto3 is bundled, though the runtime has it")
def _(edit: Edit) -> None:
    require(edit, "boto3", "1.44.5")


@violation("a function requires a local server")
def _(edit: Edit) -> None:
    require(edit, "uvicorn", "0.41.0")


@violation("tests are beside what they test")
def _(edit: Edit) -> None:
    in_code(edit, "services/test_more.py", "def test_more() -> None:\n    assert True\n")


@violation("the function has a folder of tests")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/tests/test_more.py", "import pytest\n\nX = pytest\n")
    edit.write(f"{edit.function().folder}/tests/data.json", "{}\n")


@violation("a model of eight megabytes is committed with the code")
def _(edit: Edit) -> None:
    in_code(edit, "model.bin", "x" * (8 << 20))


@violation("build output is committed")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/build/lib/app/index.py", AGE)


@violation("libraries make the package larger than its budget")
def _(edit: Edit) -> None:
    built(edit, "lambda_pkg/index.py")
    library = f"{edit.function().logical_id}/torch/libtorch.so"
    edit.write(f".aws-sam/build/{library}", "")
    with (edit.root / ".aws-sam/build" / library).open("wb") as file:
        file.truncate(80 << 20)  # takes no blocks on the disk


@good("a function has a small library, some data, and names that only look like tests and builds")
def _(edit: Edit) -> None:
    require(edit, "python-slugify", "8.0.4")
    in_code(edit, "services/test_results.py", "class Result: ...\n")
    in_code(edit, "services/build/__init__.py", "ORDER = 1\n")
    in_code(edit, "data/rates.csv", "eur,1\n" * 1000)


def unrequire(edit: Edit, name: str) -> None:
    """Delete a requirement, with `make lock`."""
    folder = edit.function().folder
    edit.sub(f"{folder}/requirements.in", rf"^{name}\n", "")
    edit.sub(f"{folder}/requirements.txt", rf"^{name}==.*\n +--hash.*\n", "")


@fix("Delete boto3 from")
def _(edit: Edit, finding: Finding) -> None:
    unrequire(edit, "boto3")


@fix("Move uvicorn from")
def _(edit: Edit, finding: Finding) -> None:
    unrequire(edit, "uvicorn")
    edit.append("requirements-dev.in", "uvicorn\n")
    edit.pin("requirements-dev.txt", "uvicorn", "0.41.0")


@fix("Move it to `tests/unit/`")
def _(edit: Edit, finding: Finding) -> None:
    edit.move(finding.path, f"tests/unit/{edit.function().name}/{finding.path.rpartition('/')[2]}")


@fix("Delete it, and add it to `.gitignore`")
@fix("Put it into a bucket or a layer")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)


@fix("Take what is large out of")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(f".aws-sam/build/{finding.resource or edit.function().logical_id}/torch")
