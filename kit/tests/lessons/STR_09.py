"""Cases of STR-09."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


def require(edit: Edit, name: str, version: str) -> None:
    """Let the first function require something, with make lock."""
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", f"{name}\n")
    edit.pin(f"{folder}/requirements.txt", name, version)


@violation("boto3 is bundled, though the runtime has it")
def _(edit: Edit) -> None:
    require(edit, "boto3", "1.44.5")


@violation("the local server is among what the function needs")
def _(edit: Edit) -> None:
    require(edit, "uvicorn", "0.41.0")


@violation("tests are beside what they test")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/test_more.py", "def test_more() -> None:\n    assert True\n")


@violation("the function has a folder of tests")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/tests/test_more.py", "import pytest\n\nX = pytest\n")
    edit.write(f"{edit.function().folder}/tests/data.json", "{}\n")


@violation("a model of eight megabytes is committed with the code")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/model.bin", "x" * (8 << 20))


@violation("what was built is committed")
def _(edit: Edit) -> None:
    folder = f"{edit.function().folder}/build/lib/app"
    edit.write(f"{folder}/index.py", "AGE = 3\n")


@violation("libraries make the package larger than its budget")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    edit.write(f".aws-sam/build/{name}/lambda_pkg/index.py", "def lambda_handler() -> None: ...\n")
    edit.write(f".aws-sam/build/{name}/torch/libtorch.so", "")
    with (edit.root / f".aws-sam/build/{name}/torch/libtorch.so").open("wb") as file:
        file.truncate(80 << 20)  # of no blocks on the disk
    template = edit.read("template.yaml").replace(edit.function().folder + "/", name)
    edit.write(".aws-sam/build/template.yaml", template)


@good("a small library, some data and results of tests of a laboratory")
def _(edit: Edit) -> None:
    require(edit, "python-slugify", "8.0.4")
    code = edit.function().code
    edit.write(f"{code}/services/test_results.py", "class Result: ...\n")
    edit.write(f"{code}/services/build/__init__.py", "ORDER = 1\n")
    edit.write(f"{code}/data/rates.csv", "eur,1\n" * 1000)
