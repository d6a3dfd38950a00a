"""Cases of CI-03."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import advised
from edits.pipelines import (
    CHECK_STEP,
    CHECKS,
    OWN,
    delete_step,
    workflow,
)
from kit.gate.findings import Finding


@violation("the job that checks sets PYTHONPATH")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, CHECK_STEP, f"{CHECK_STEP}        env:\n          PYTHONPATH: src\n")


@violation("the whole job that checks sets PYTHONPATH")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "    steps:\n", "    env:\n      PYTHONPATH: src\n    steps:\n")


@violation("a step sets PYTHONPATH for those after it")
def _(edit: Edit) -> None:
    edit.replace(
        CHECKS,
        "      - name: Check\n",
        "      - name: Path\n"
        '        run: echo "PYTHONPATH=$PWD/src" >> "$GITHUB_ENV"\n'
        "      - name: Check\n",
    )


@violation("pytest loses its path")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", 'pythonpath = ["src"]', 'pythonpath = ["lib"]')


@violation("a conftest fixes the path")
def _(edit: Edit) -> None:
    text = 'import sys\nfrom pathlib import Path\n\nsys.path.insert(0, str(Path(__file__).parents[1] / "src"))\n'
    edit.write("tests/conftest.py", text)


@violation("make exports a path of its own")
def _(edit: Edit) -> None:
    edit.write("local.mk", "export PYTHONPATH := src:lib\n")


@violation("the README tells to set the path")
def _(edit: Edit) -> None:
    edit.append("tests/unit/README.md", "\n```sh\nexport PYTHONPATH=src\npytest\n```\n")


@fix("Delete `PYTHONPATH` or `sys.path`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^.*(PYTHONPATH|sys\.path).*\n", "")


@fix("Delete `PYTHONPATH` or `sys.path`", "the job that checks sets PYTHONPATH")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(CHECKS, "        env:\n          PYTHONPATH: src\n", "")


@fix("Delete `PYTHONPATH` or `sys.path`", "the whole job that checks sets PYTHONPATH")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(CHECKS, "    env:\n      PYTHONPATH: src\n", "")


@fix("Delete `PYTHONPATH` or `sys.path`", "a step sets PYTHONPATH for those after it")
def _(edit: Edit, finding: Finding) -> None:
    delete_step(edit, finding)


@fix("Delete `PYTHONPATH` or `sys.path`", "the README tells to set the path")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(finding.path, "export PYTHONPATH=src\n", "")


@fix("Delete `PYTHONPATH` or `sys.path`", "a conftest fixes the path")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)


@fix("Write `pythonpath")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "pythonpath = .*", advised(finding))


@good("a command that runs no tests has a path")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk",
        "facts: ## What CI knows\n\tPYTHONPATH=lib .venv/bin/python .kit facts\n",
    )
    steps = "- run: make facts\n  env:\n    PYTHONPATH: lib\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))


@good("pytest gets one more folder, and a test a module of its own")
def _(edit: Edit) -> None:
    edit.replace("pyproject.toml", 'pythonpath = ["src"]', 'pythonpath = ["src", "tests"]')
    edit.write(
        "tests/unit/test_fresh.py",
        "from pathlib import Path\n\nimport pytest\n\n\n"
        "def test_fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:\n"
        "    monkeypatch.syspath_prepend(tmp_path)\n",
    )
