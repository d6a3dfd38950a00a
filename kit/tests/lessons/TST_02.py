"""Cases of TST-02."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.documents import module, tests


@violation("a test imports what it tests from src")
def _(edit: Edit) -> None:
    function = edit.function()
    text = f"from src.{module(function)} import settings\n\n\ndef test_it() -> None:\n    assert settings\n"
    edit.write(f"{tests(function)}/test_more.py", text)


@violation("a conftest puts the function's folder on the path")
def _(edit: Edit) -> None:
    function = edit.function()
    text = "import sys\nfrom pathlib import Path\n\n"
    text += f'sys.path.insert(0, str(Path(__file__).parents[3] / "{function.folder}"))\n\n'
    edit.write(f"{tests(function)}/conftest.py", text + edit.read(f"{tests(function)}/conftest.py"))


@violation("pytest gets the function's folder as a path")
def _(edit: Edit) -> None:
    old = 'pythonpath = ["src"'
    edit.replace("pyproject.toml", old, f'{old}, "{edit.function().folder}"')


@violation("a mock is put where Lambda would find it")
def _(edit: Edit) -> None:
    text = "from unittest import mock\n\n\n"
    text += '@mock.patch("lambda_pkg.index.settings")\ndef test_it(settings: mock.Mock) -> None:\n    assert settings\n'
    edit.write(f"{tests(edit.function())}/test_more.py", text)


@violation("a module is read by its file")
def _(edit: Edit) -> None:
    text = "import importlib.util\nfrom pathlib import Path\n\n"
    text += f'PATH = Path(__file__).parents[3] / "{edit.function().code}" / "settings.py"\n\n\n'
    text += "def test_it() -> None:\n"
    text += '    assert importlib.util.spec_from_file_location("settings", PATH)\n'
    edit.write(f"{tests(edit.function())}/test_more.py", text)


@good("a test imports and mocks by the deployed path, and runs a script")
def _(edit: Edit) -> None:
    function = edit.function()
    text = "import runpy\nfrom pathlib import Path\nfrom unittest import mock\n\n"
    text += f"from {module(function)} import settings\n\n"
    text += 'SCRIPT = Path(__file__).parents[3] / "scripts" / "report.py"\n\n\n'
    text += f'@mock.patch("{module(function)}.settings.load_settings")\n'
    text += "def test_it(load: mock.Mock) -> None:\n"
    text += '    assert settings\n    assert runpy.run_path(str(SCRIPT))\n    assert "src.zip" > "lambda_pkg.index"\n'
    edit.write(f"{tests(function)}/test_more.py", text)
