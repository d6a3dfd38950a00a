"""Cases of TST-02."""

from cases import fix, good, violation
from edits import Edit
from edits.documents import module, new_test, tests
from kit.gate.findings import Finding

PATH = "from pathlib import Path\n\nROOT = Path(__file__).parents[3]\n"


@violation("a test imports what it tests from src")
def _(edit: Edit) -> None:
    package = f"src.{module(edit.function())}"
    new_test(edit, f"from {package} import settings\n\n\ndef test_it() -> None:\n    settings\n")


@violation("a conftest puts the function's folder on the path")
def _(edit: Edit) -> None:
    function = edit.function()
    change = f'import sys\n{PATH}sys.path.insert(0, str(ROOT / "{function.folder}"))\n'
    edit.append(f"{tests(function)}/conftest.py", change)


@violation("pytest gets the function's folder as a path")
def _(edit: Edit) -> None:
    old = 'pythonpath = ["src"'
    edit.replace("pyproject.toml", old, f'{old}, "{edit.function().folder}"')


@violation("a mock is put where Lambda would find it")
def _(edit: Edit) -> None:
    mark = '@mock.patch("lambda_pkg.index.settings")'
    body = "def test_it(settings: mock.Mock) -> None:\n    assert settings\n"
    new_test(edit, f"from unittest import mock\n\n\n{mark}\n{body}")


@violation("a module is read by its file")
def _(edit: Edit) -> None:
    path = f'ROOT / "{edit.function().code}" / "settings.py"'
    call = f'importlib.util.spec_from_file_location("settings", {path})'
    new_test(edit, f"import importlib.util\n{PATH}\n\ndef test_it() -> None:\n    assert {call}\n")


@fix("Write `")
def _(edit: Edit, finding: Finding) -> None:
    package = module(edit.function())
    edit.in_line(finding, r"(src\.\w+\.\w+\.|(?<=\"))lambda_pkg", package)


@fix("Delete this, and import", "a conftest puts the function's folder on the path")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Delete this, and import")
def _(edit: Edit, finding: Finding) -> None:
    package = module(edit.function())
    edit.in_line(finding, r"importlib.*$", f"importlib.import_module('{package}.settings')")


@fix('Set `pythonpath = ["src"]`')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\[.*\]", '["src"]')


@good("a test imports and mocks by the deployed path, and runs a script")
def _(edit: Edit) -> None:
    package = module(edit.function())
    new_test(
        edit,
        f"import runpy\nfrom unittest import mock\n{PATH}\nfrom {package} import settings\n\n\n"
        f'@mock.patch("{package}.settings.load_settings")\ndef test_it(load: mock.Mock) -> None:\n'
        '    assert runpy.run_path(str(ROOT / "scripts" / "report.py")), settings\n'
        '    assert "src.zip" > "lambda_pkg.index"\n',
    )
